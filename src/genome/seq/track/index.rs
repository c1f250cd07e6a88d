//! The indices of bigWig and bigBed files, looked at once before the library follows them: a
//! damaged one could send it round in circles or make it ask for more memory than there is.

use cistron_base::fault;
use cistron_base::{Fault, Result};
use std::collections::HashSet;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The largest block that is unpacked, bytes.
const LARGEST: u32 = 64 << 20;
const CHROMOSOMES: u32 = 0x78CA_8C91;
const BLOCKS: u32 = 0x2468_ACE0;

/// The bytes of a file, read at a place.
struct Bytes {
    file: std::fs::File,
    size: u64,
    is_big: bool,
}

impl Bytes {
    fn at(&self, at: u64, n: usize) -> Option<Vec<u8>> {
        if at.checked_add(n as u64)? > self.size {
            return None;
        }
        let mut out = vec![0; n];
        self.file.read_exact_at(&mut out, at).ok()?;
        Some(out)
    }

    fn word(&self, bytes: &[u8], at: usize) -> Option<u32> {
        let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(if self.is_big {
            u32::from_be_bytes(four)
        } else {
            u32::from_le_bytes(four)
        })
    }

    fn long(&self, bytes: &[u8], at: usize) -> Option<u64> {
        let eight: [u8; 8] = bytes.get(at..at + 8)?.try_into().ok()?;
        Some(if self.is_big {
            u64::from_be_bytes(eight)
        } else {
            u64::from_le_bytes(eight)
        })
    }

    /// Walks a tree from its root: items of leaves have `leaf` bytes, of others `inner`, which end
    /// in the child's place.
    fn tree(
        &self,
        root: u64,
        leaf: usize,
        inner: usize,
        mut visit: impl FnMut(&[u8]) -> Option<()>,
    ) -> Option<()> {
        let (mut waiting, mut seen) = (vec![root], HashSet::new());
        while let Some(at) = waiting.pop() {
            if !seen.insert(at) {
                return None;
            }
            let head = self.at(at, 4)?;
            let count = if self.is_big {
                u16::from_be_bytes([head[2], head[3]])
            } else {
                u16::from_le_bytes([head[2], head[3]])
            } as usize;
            let is_leaf = head[0] == 1;
            let width = if is_leaf { leaf } else { inner };
            let items = self.at(at + 4, width * count)?;
            for item in items.chunks_exact(width) {
                if is_leaf {
                    visit(item)?
                } else {
                    waiting.push(self.long(item, width - 8)?)
                }
            }
        }
        Some(())
    }

    /// Whether the file holds values; none where its trees cannot be followed.
    fn check(&self) -> Option<bool> {
        let head = self.at(0, 64)?;
        let (chromosomes, blocks) = (self.long(&head, 8)?, self.long(&head, 24)?);
        if self.word(&head, 52)? > LARGEST {
            return None;
        }
        let tree = self.at(chromosomes, 32)?;
        let (key, value, items) = (
            self.word(&tree, 8)?,
            self.word(&tree, 12)?,
            self.long(&tree, 16)?,
        );
        if self.word(&tree, 0)? != CHROMOSOMES
            || value != 8
            || key == 0
            || key > 4096
            || items > self.size
        {
            return None;
        }
        let key = key as usize;
        let mut names = 0u64;
        self.tree(chromosomes + 32, key + 8, key + 8, |item| {
            names += 1;
            std::str::from_utf8(&item[..key]).ok().map(drop)
        })?;
        if names != items {
            return None;
        }
        // a file that was closed before a value was written has no index of blocks
        if blocks == 0 {
            return Some(false);
        }
        if self.word(&self.at(blocks, 48)?, 0)? != BLOCKS {
            return None;
        }
        self.tree(blocks + 48, 32, 24, |item| {
            let (at, n) = (self.long(item, 16)?, self.long(item, 24)?);
            (n <= u64::from(LARGEST) && at.checked_add(n)? <= self.size).then_some(())
        })?;
        Some(true)
    }
}

/// Fails where the trees of a bigWig or bigBed file lead out of it or in circles; whether it holds
/// values.
pub fn verify(path: &Path) -> Result<bool> {
    let file = cistron_base::file::open(path)?;
    let size = file
        .metadata()
        .map_err(|error| Fault::file(path, &error))?
        .len();
    let mut bytes = Bytes {
        file,
        size,
        is_big: false,
    };
    let magic = bytes
        .at(0, 4)
        .and_then(|magic| bytes.word(&magic, 0))
        .unwrap_or(0);
    bytes.is_big = [0x26FC_8F88, 0xEBF2_8987].contains(&magic);
    if !bytes.is_big && ![0x888F_FC26, 0x8789_F2EB].contains(&magic) {
        return Err(fault!(
            "data",
            "`{}` is no whole bigWig or bigBed file: it does not begin as one",
            path.display()
        ));
    }
    bytes.check().ok_or_else(|| {
        fault!(
            "data",
            "`{}` is no whole bigWig or bigBed file: its index leads to places that are not there",
            path.display()
        )
        .hint("fetch or copy it again")
    })
}
