//! bigWig files, by bigtools.

use crate::seq::contigs::Contigs;
use bigtools::utils::reopen::{Reopen, ReopenableFile};
use bigtools::{BigWigRead, CachedBBIFileRead};
use cistron_base::fault;
use cistron_base::{Result, file, panic};
use std::path::Path;
use std::sync::Mutex;

type Reader = BigWigRead<CachedBBIFileRead<ReopenableFile>>;

/// A bigWig file; readers wait in a pool for their next use.
pub struct BigWig {
    first: BigWigRead<ReopenableFile>,
    readers: Mutex<Vec<Reader>>,
    /// Whether it holds no value.
    pub is_empty: bool,
}

impl std::fmt::Debug for BigWig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bigWig")
    }
}

/// Runs a part of the library that may panic on a damaged file.
fn guarded<T>(run: impl FnOnce() -> std::result::Result<T, String>) -> Result<T> {
    panic::guarded(run)
        .unwrap_or_else(|_| Err("its index or a block of it cannot be read".into()))
        .map_err(|text| {
            fault!("data", "{text}").hint("it is no whole bigWig file: fetch or copy it again")
        })
}

impl BigWig {
    /// Opens a file; its chromosomes.
    pub fn open(path: &Path) -> Result<(BigWig, Contigs)> {
        let is_empty = !super::index::verify(path)?;
        let file = file::open(path)?;
        let reopen = ReopenableFile {
            path: path.to_path_buf(),
            file,
        };
        let first = guarded(|| BigWigRead::open(reopen).map_err(|error| error.to_string()))
            .map_err(|fault| fault.context(format!("`{}`", path.display())))?;
        let names = first.chroms().iter().map(|c| c.name.clone()).collect();
        let lengths = first.chroms().iter().map(|c| i64::from(c.length)).collect();
        Ok((
            BigWig {
                first,
                readers: Mutex::default(),
                is_empty,
            },
            Contigs::new(names, lengths),
        ))
    }

    /// Visits the runs of equal value of `start..end`.
    pub fn visit(
        &self,
        chrom: &str,
        start: i64,
        end: i64,
        visit: &mut impl FnMut(i64, i64, f32),
    ) -> Result<()> {
        if start >= end || self.is_empty {
            return Ok(());
        }
        let waiting = self
            .readers
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .pop();
        let mut reader = match waiting {
            Some(reader) => reader,
            None => guarded(|| {
                self.first
                    .reopen()
                    .map(BigWigRead::cached)
                    .map_err(|error| error.to_string())
            })?,
        };
        guarded(|| {
            let values = reader
                .get_interval(chrom, start as u32, end as u32)
                .map_err(|error| error.to_string())?;
            let mut last = start;
            for value in values {
                let value = value.map_err(|error| error.to_string())?;
                // a damaged block may hold anything
                let (from, to) = (
                    i64::from(value.start).max(last),
                    i64::from(value.end).min(end),
                );
                if from < to {
                    visit(from, to, value.value);
                    last = to;
                }
            }
            Ok(())
        })?;
        self.readers
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push(reader);
        Ok(())
    }
}
