//! Readers on broken files: real ones are cut, spliced and overwritten at random. A reader may refuse a file, but it must
//! not panic, hang, or fill the memory. `CISTRON_FUZZ_SECONDS=600 scripts/test fuzz::` gives each reader ten minutes.

use cistron::base::seed::Rng;
use cistron::base::{Interval, Result};
use cistron::seq::intervals::read::{Format, Plan, read};
use cistron::seq::track::{Missing, Statistic, Track, bam};
use cistron::seq::{Genome, motif_file};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// A reader: a name, files to start from, how they are compressed, and what is done with a file.
type Reader = (&'static str, Vec<Vec<u8>>, Option<fn(&[u8]) -> Vec<u8>>, fn(&Path) -> Result<()>);

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).expect("compressed");
    out.finish().expect("compressed")
}

fn bgzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = noodles::bgzf::io::Writer::new(Vec::new());
    out.write_all(bytes).expect("compressed");
    out.finish().expect("compressed")
}

fn genome(path: &Path) -> Result<()> {
    let genome = Genome::open(path, None)?;
    for chrom in 0..genome.contigs.len().min(3) as u32 {
        let (first, end) = genome.range(chrom);
        let mut out = Vec::new();
        genome.fetch_into(&Interval::new(chrom, end - 50, end + 20), &mut out)?;
        genome.fetch_into(&Interval::new(chrom, first - 5, first + 300), &mut out)?;
    }
    Ok(())
}

fn of_format(path: &Path, format: Format) -> Result<()> {
    let list = read(path, &Plan { format: Some(format), ..Plan::default() })?;
    // positions may be anything that is written there
    list.merge(0, false);
    list.closest(&list, &Default::default()).map(drop)
}

fn track(path: &Path) -> Result<()> {
    let track = Track::open(path)?;
    for chrom in 0..track.contigs.len().min(3) as u32 {
        track.bins(&Interval::new(chrom, 0, 5000), 10, Statistic::Mean, Missing::Skip)?;
        track.bins(&Interval::new(chrom, 59_000, 63_000), 10, Statistic::Max, Missing::Zero)?;
    }
    Ok(())
}

/// A small BAM file, not compressed yet, with reads of several forms.
fn small_bam() -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::new();
    let text = b"@SQ\tSN:chr1\tLN:10000\n";
    bytes.extend(b"BAM\x01");
    bytes.extend((text.len() as u32).to_le_bytes());
    bytes.extend(text);
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(5u32.to_le_bytes());
    bytes.extend(b"chr1\0");
    bytes.extend(10_000u32.to_le_bytes());
    for i in 0..20u32 {
        let mut record: Vec<u8> = Vec::new();
        record.extend(0i32.to_le_bytes());
        record.extend((100 * i as i32).to_le_bytes());
        record.extend([2, 30]); // name's length, mapping quality
        record.extend(4680u16.to_le_bytes());
        record.extend(2u16.to_le_bytes()); // operations
        record.extend((if i % 3 == 0 { 16u16 } else { 0 }).to_le_bytes());
        record.extend(8u32.to_le_bytes());
        record.extend((-1i32).to_le_bytes());
        record.extend((-1i32).to_le_bytes());
        record.extend(0i32.to_le_bytes());
        record.extend(b"r\0");
        record.extend((5u32 << 4).to_le_bytes()); // 5M
        record.extend((3u32 << 4 | 2).to_le_bytes()); // 3D
        record.extend([0x11; 4]);
        record.extend([30; 8]);
        bytes.extend((record.len() as u32).to_le_bytes());
        bytes.extend(record);
    }
    bytes
}

fn readers() -> Vec<Reader> {
    let fasta = b">chr1 one\nACGTACGTAC\nACGTNNRYAC\nACG\n>chr2\nTTTT\n".to_vec();
    let bed = b"chr1\t5\t20\tname\t10\t+\nchr1\t15\t30\tother\t20\t-\nchr2\t1\t9\tx\t0\t.\n".to_vec();
    let peaks = b"chr1\t5\t20\tp\t10\t.\t5.5\t-1\t-1\t7\nchr2\t15\t30\tq\t20\t.\t1.5\t3\t2\t-1\n".to_vec();
    let gtf =
        b"#!genome x\nchr1\ts\tgene\t5\t20\t.\t+\t.\tgene_id \"a\"; gene_name \"b\";\nchr1\ts\texon\t5\t9\t1.5\t-\t0\tgene_id \"a\"; transcript_id \"t\";\n"
            .to_vec();
    let gff = b"##gff-version 3\nchr1\ts\tgene\t5\t20\t.\t+\t.\tID=a;Name=b%20c\nchr1\ts\tCDS\t5\t9\t.\t-\t0\tParent=a,b\n##FASTA\n>x\nAC\n".to_vec();
    let vcf =
        b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr1\t5\trs1\tA\tC,GT\t50\tPASS\tDP=3\nchr2\t9\t.\tACG\tA\t.\t.\t.\n".to_vec();
    let graph = b"track type=bedGraph\nchr1\t0\t10\t1.5\nchr1\t10\t20\t-2\nchr2\t5\t6\t1e3\n".to_vec();
    let motifs = [
        &b"MEME version 4\n\nALPHABET= ACGT\n\nMOTIF m1 n\nletter-probability matrix: alength= 4 w= 2 nsites= 20 E= 0\n0.1 0.2 0.3 0.4\n0.7 0.1 0.1 0.1\n"[..],
        b">m1\tn\nA  [ 10 0 0 ]\nC  [ 0 9 0 ]\nG  [ 0 1 10 ]\nT  [ 0 0 0 ]\n",
        b"AC  m1\nXX\nP0  A  C  G  T\n01  10  0  0  0  A\n02  0  9  1  0  C\nXX\n//\n",
        b">ACG\tm1\t6.0\n0.97\t0.01\t0.01\t0.01\n0.01\t0.97\t0.01\t0.01\n",
        b"Gene:  m1  Motif: x\nA:\t1 0 0\nC:\t0 1 0\nG:\t0 0 1\nT:\t0 0 0\n",
    ];
    // binary files are small real ones, where they are there
    let base = std::env::var_os("CISTRON_DATA").map_or_else(|| crate::root().join("../shared/data"), std::path::PathBuf::from);
    let real = |name: &str| std::fs::read(base.join("genome").join(name)).ok();
    let two_bit = crate::genome::two_bit("chr1", b"ACGTNNNNACGTACG");
    let table = b"FoldID\tEventID\tseq\tBound\nA\tone\tACGTA\t1\nA\ttwo\tTTTTA\t0\n".to_vec();
    let mut list: Vec<Reader> = vec![
        ("fasta", vec![fasta.clone()], None, genome),
        ("fasta.gz", vec![fasta.clone()], Some(gz), genome),
        ("fasta.bgz", vec![fasta], Some(bgzip), genome),
        ("2bit", vec![two_bit], None, genome),
        ("bed", vec![bed], None, |path| of_format(path, Format::Bed)),
        ("narrowPeak", vec![peaks], None, |path| of_format(path, Format::NarrowPeak)),
        ("gtf", vec![gtf], None, |path| of_format(path, Format::Gtf)),
        ("gff", vec![gff], None, |path| of_format(path, Format::Gff)),
        ("vcf", vec![vcf], None, |path| of_format(path, Format::Vcf)),
        ("bedGraph", vec![graph], None, track),
        ("bam", vec![small_bam()], Some(bgzip), |path| bam::coverage(path, &bam::Plan::default()).map(drop)),
        ("motifs", motifs.iter().map(|m| m.to_vec()).collect(), None, |path| motif_file::read(path).map(drop)),
        ("table", vec![table], Some(gz), |path| cistron::data::table::read(path, &Default::default()).map(drop)),
    ];
    if let Some(wig) = real("bigtools/mini.bw") {
        list.push(("bigWig", [Some(wig), real("pybigwig/test.bw")].into_iter().flatten().collect(), None, track));
    }
    if let Some(bed) = real("bigtools/mini.bb") {
        list.push(("bigBed", vec![bed], None, |path| of_format(path, Format::BigBed)));
    }
    list
}

/// A file with some of its bytes changed, cut, doubled or replaced by what often breaks readers.
fn broken(seeds: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    const WORDS: [&[u8]; 16] = [
        b"\t",
        b"\n",
        b"\r\n",
        b"-1",
        b"99999999999999999999",
        b"9223372036854775807",
        b"NaN",
        b"1e400",
        b"\xff\xff\xff\xff",
        b"\0\0\0\0",
        b">",
        b"chr1",
        b"\xf0\x9f\xa7\xac",
        b"",
        b"4294967295",
        b"\x7f\xff\xff\xff",
    ];
    let mut bytes = seeds[rng.below(seeds.len())].clone();
    for _ in 0..1 + rng.below(6) {
        let at = rng.below(bytes.len() + 1);
        match rng.below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.below(8),
            1 if at < bytes.len() => bytes[at] = rng.next_u64() as u8,
            2 => bytes.truncate(at),
            3 => {
                let word = WORDS[rng.below(WORDS.len())];
                bytes.splice(at..at, word.iter().copied());
            }
            4 => {
                let end = (at + rng.below(20)).min(bytes.len());
                bytes.drain(at..end);
            }
            5 => {
                let end = (at + rng.below(60)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                let to = rng.below(bytes.len() + 1);
                bytes.splice(to..to, part);
            }
            _ => {
                let word = WORDS[rng.below(WORDS.len())];
                let end = (at + word.len()).min(bytes.len());
                bytes.splice(at..end, word.iter().copied());
            }
        }
    }
    bytes
}

fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

#[test]
fn no_reader_panics_hangs_or_fills_the_memory() {
    let seconds = std::env::var("CISTRON_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(1.0);
    let only = std::env::var("CISTRON_FUZZ_READER").ok();
    let place = tempfile::tempdir().expect("a folder");
    let threads: Vec<_> = readers()
        .into_iter()
        .filter(|(name, ..)| only.as_deref().is_none_or(|own| own == *name))
        .map(|(name, seeds, wrap, run)| {
            let path = place.path().join(name);
            std::thread::spawn(move || {
                for seed in &seeds {
                    std::fs::write(&path, wrap.map_or_else(|| seed.clone(), |wrap| wrap(seed))).expect("written");
                    run(&path).unwrap_or_else(|fault| panic!("{name}: the whole file is refused: {fault}"));
                }
                let end = Instant::now() + Duration::from_secs_f64(seconds);
                let (mut tried, mut refused, mut slowest) = (0u64, 0u64, Duration::ZERO);
                let salt = Instant::now().elapsed().subsec_nanos() as u64 ^ std::process::id() as u64;
                while Instant::now() < end {
                    let seed = if seconds > 2.0 { salt } else { 0 };
                    let mut rng = Rng::keyed(&[seed, tried]);
                    let bytes = match wrap {
                        // what is compressed is broken within, or as a whole
                        Some(wrap) if tried % 3 > 0 => wrap(&broken(&seeds, &mut rng)),
                        Some(wrap) => broken(&seeds.iter().map(|s| wrap(s)).collect::<Vec<_>>(), &mut rng),
                        None => broken(&seeds, &mut rng),
                    };
                    std::fs::write(&path, &bytes).expect("written");
                    // an index that was made for the last file must not serve this one
                    std::fs::remove_file(format!("{}.fai", path.display())).ok();
                    let started = Instant::now();
                    let outcome = std::panic::catch_unwind(|| run(&path));
                    let took = started.elapsed();
                    slowest = slowest.max(took);
                    tried += 1;
                    let kept = || {
                        let file = std::env::temp_dir().join(format!("cistron-fuzz-{name}"));
                        std::fs::write(&file, &bytes).ok();
                        file.display().to_string()
                    };
                    match outcome {
                        Err(_) => panic!("{name}: a panic; the file is kept as {}", kept()),
                        Ok(Err(fault)) => {
                            assert!(["data", "file", "value"].contains(&fault.kind), "{name}: {fault}");
                            refused += 1;
                        }
                        Ok(Ok(())) => {}
                    }
                    assert!(took < Duration::from_secs(20), "{name}: {took:?}; the file is kept as {}", kept());
                    assert!(resident() < 8 << 30, "{name}: {} MiB are resident; the file is kept as {}", resident() >> 20, kept());
                }
                println!("{name}: {tried} files, {refused} refused, the slowest took {slowest:?}");
                assert!(tried > 0);
            })
        })
        .collect();
    let failed: Vec<String> = threads
        .into_iter()
        .filter_map(|thread| thread.join().err())
        .map(|error| error.downcast_ref::<String>().cloned().unwrap_or_else(|| "a panic".into()))
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
