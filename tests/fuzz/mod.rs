//! Readers on broken files: valid ones are cut, spliced, nested, and overwritten at random. A
//! reader may refuse a file, but it must not panic, hang, or fill the memory. The files of a plain
//! run are the same each time; `CISTRON_CASES=20000` makes more of them. `scripts/fuzz` builds the
//! library with counters, so that files which reach new code are changed further.

mod coverage;
mod mutation;
mod seeds;

use cistron::base::seed::Rng;
use coverage::Reached;
use seeds::Reader;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The longest that a reader may take for a file.
const LONGEST: Duration = Duration::from_secs(20);
/// The most memory that may be resident at a time, all readers together.
const MEMORY: usize = 3 << 30;

/// The largest memory that was resident since the last call, bytes.
fn peak() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = text.lines().find_map(|line| {
        line.strip_prefix("VmHWM:")?
            .trim()
            .strip_suffix(" kB")?
            .parse::<usize>()
            .ok()
    });
    // where it may not be reset, the largest of all time is returned
    std::fs::write("/proc/self/clear_refs", "5").ok();
    peak.unwrap_or(0) << 10
}

/// How long a reader goes on.
#[derive(Clone, Copy)]
enum Limit {
    Cases(u64),
    Seconds(f64),
}

/// Ends the program where a reader hangs: nothing else can end it.
fn watch(name: &'static str, began: &'static AtomicU64, clock: Instant) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let at = began.load(Ordering::Relaxed);
            if at > 0 && clock.elapsed().as_millis() as u64 > at + 3 * LONGEST.as_millis() as u64 {
                eprintln!(
                    "{name}: a file took more than {:?}; it is kept as {}",
                    3 * LONGEST,
                    kept(name).display()
                );
                std::process::abort();
            }
        }
    });
}

/// Where the file that a reader has at hand is kept.
fn kept(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("cistron-fuzz-{}", name.replace(' ', "-")))
}

/// Gives a reader broken files; what it did, in words.
fn torment(reader: &Reader, place: &Path, limit: Limit) -> String {
    let Reader {
        name, wrap, run, ..
    } = *reader;
    let path = place.join(name);
    for seed in &reader.seeds {
        std::fs::write(&path, wrap.map_or_else(|| seed.clone(), |wrap| wrap(seed)))
            .expect("written");
        let outcome = run(&path);
        assert_eq!(
            outcome.is_err(),
            reader.refuses,
            "{name}, a whole file: {outcome:?}"
        );
    }
    let clock = Instant::now();
    let began: &'static AtomicU64 = Box::leak(Box::new(AtomicU64::new(0)));
    watch(name, began, clock);
    let (mut corpus, mut reached) = (reader.seeds.clone(), Reached::default());
    reached.is_new();
    let known = reached.edges;
    let (mut tried, mut refused, mut slowest) = (0u64, 0u64, Duration::ZERO);
    let salt = match limit {
        Limit::Cases(_) => 0,
        Limit::Seconds(_) => {
            u64::from(std::process::id()) << 32
                | u64::from(
                    std::time::SystemTime::now()
                        .elapsed()
                        .map_or(0, |d| d.subsec_nanos()),
                )
        }
    };
    let is_over = |tried: u64| match limit {
        Limit::Cases(n) => tried >= n,
        Limit::Seconds(seconds) => clock.elapsed().as_secs_f64() >= seconds,
    };
    while !is_over(tried) {
        let mut rng = Rng::keyed(&[salt, tried]);
        let inner = match wrap {
            // what is wrapped is broken within, or as a whole
            Some(wrap) if tried % 3 == 0 => mutation::broken(
                &corpus
                    .iter()
                    .rev()
                    .take(20)
                    .map(|seed| wrap(seed))
                    .collect::<Vec<_>>(),
                &mut rng,
            ),
            _ => mutation::broken(&corpus, &mut rng),
        };
        let bytes = match wrap {
            Some(wrap) if tried % 3 > 0 => wrap(&inner),
            _ => inner.clone(),
        };
        std::fs::write(&path, &bytes).expect("written");
        if let Limit::Seconds(_) = limit {
            // it outlives this program
            std::fs::write(kept(name), &bytes).expect("written");
        }
        // an index that was made for the last file must not serve this one
        std::fs::remove_file(format!("{}.fai", path.display())).ok();
        let started = Instant::now();
        began.store(clock.elapsed().as_millis() as u64 + 1, Ordering::Relaxed);
        let outcome = std::panic::catch_unwind(|| run(&path));
        began.store(0, Ordering::Relaxed);
        let took = started.elapsed();
        slowest = slowest.max(took);
        tried += 1;
        let keep = || {
            std::fs::write(kept(name), &bytes).ok();
            kept(name).display().to_string()
        };
        match outcome {
            Err(_) => panic!("{name}: a panic; the file is kept as {}", keep()),
            Ok(Err(fault)) => {
                assert!(
                    ["data", "file", "value", "shape"].contains(&fault.kind),
                    "{name}: {fault}; the file is kept as {}",
                    keep()
                );
                refused += 1;
            }
            Ok(Ok(())) => {}
        }
        assert!(
            took < LONGEST,
            "{name}: {took:?}; the file is kept as {}",
            keep()
        );
        // it takes longer than most files
        let memory = if tried % 32 == 0 || took > Duration::from_millis(50) {
            peak()
        } else {
            0
        };
        assert!(
            memory < MEMORY,
            "{name}: {} MiB were resident; one of the last 32 files, the last is kept as {}",
            memory >> 20,
            keep()
        );
        if reached.is_new() && bytes.len() < 100_000 && (wrap.is_none() || tried % 3 != 1) {
            corpus.push(inner);
        }
    }
    assert!(tried > 0);
    let seconds = clock.elapsed().as_secs_f64();
    format!(
        "{name}: {tried} files in {seconds:.0} s, {refused} refused, the slowest took {slowest:.0?}, {} new edges, {} files kept",
        reached.edges - known,
        corpus.len()
    )
}

#[test]
fn no_reader_panics_hangs_or_fills_the_memory() {
    let seconds: Option<f64> = std::env::var("CISTRON_FUZZ_SECONDS")
        .ok()
        .and_then(|s| s.parse().ok());
    let only = std::env::var("CISTRON_FUZZ_READER").ok();
    let limit = seconds.map_or(Limit::Cases(crate::cases(400) as u64), Limit::Seconds);
    let place = tempfile::tempdir().expect("a folder");
    let readers = seeds::readers()
        .into_iter()
        .filter(|reader| only.as_deref().is_none_or(|own| own == reader.name));
    let spawned = readers.map(|reader| {
        let place = place.path().to_path_buf();
        std::thread::Builder::new()
            .stack_size(8 << 20)
            .spawn(move || println!("{}", torment(&reader, &place, limit)))
            .expect("a thread")
    });
    let ended = |thread: std::thread::JoinHandle<()>| {
        thread.join().err().map(|error| {
            error
                .downcast_ref::<String>()
                .cloned()
                .unwrap_or_else(|| "a panic".into())
        })
    };
    // counters are those of the whole program: with them, one reader goes after the other
    let failed: Vec<String> = match coverage::HAS_COUNTERS {
        true => spawned.filter_map(ended).collect(),
        false => spawned
            .collect::<Vec<_>>()
            .into_iter()
            .filter_map(ended)
            .collect(),
    };
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
