//! Files as users have them: marks, line ends, stale indices, files of other kinds, full disks.

use crate::{cases, cistron, fault, run, said, value};
use cistron::base::seed::Rng;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn has(tool: &str) -> bool {
    let there = Command::new(tool).arg("--version").output().is_ok();
    if !there {
        eprintln!("SKIPPED: {tool} is not installed (apt-get install {tool})");
    }
    there
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    std::fs::write(path, bytes).expect("a file");
}

fn shell(command: &str) -> String {
    let output = Command::new("bash")
        .args(["-c", &format!("set -euo pipefail; {command}")])
        .output()
        .expect("bash runs");
    assert!(
        output.status.success(),
        "{command}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn below(rng: &mut Rng, n: usize) -> usize {
    (rng.next_u64() % n as u64) as usize
}

/// A file for each reader, and a script that shows what was read from `{}`.
const READERS: &[(&str, &str, &str)] = &[
    (
        "a.bed",
        "chr1\t5\t9\tx\t1\t+\nchr2\t1\t4\ty\t2\t-\n",
        "let v = intervals::read({}); `${v.chrom} ${v.start} ${v.end} ${v.column(\"name\")}`",
    ),
    (
        "b.bed",
        "chrom\tstart\tend\theight\nchr1\t5\t9\t2.5\n",
        "let v = intervals::read({}); `${v.chrom} ${v.start} ${v.column(\"height\")}`",
    ),
    (
        "a.narrowPeak",
        "chr1\t5\t90\tp\t1\t.\t2.5\t3\t4\t10\n",
        "let v = intervals::read({}); `${v.chrom} ${v.column(\"summit\")}`",
    ),
    (
        "a.gtf",
        "chr1\ts\tgene\t11\t20\t.\t+\t.\tgene_id \"g1\";\n",
        "let v = intervals::read({}); `${v.chrom} ${v.start} ${v.column(\"gene_id\")}`",
    ),
    (
        "a.gff3",
        "chr1\ts\tgene\t11\t20\t.\t+\t.\tID=g1\n",
        "let v = intervals::read({}); `${v.chrom} ${v.start} ${v.column(\"ID\")}`",
    ),
    (
        "a.vcf",
        "#CHROM\tPOS\tID\tREF\tALT\nchr1\t7\trs1\tA\tG\n",
        "let v = intervals::read({}); `${v.chrom} ${v.start} ${v.column(\"alternate\")}`",
    ),
    (
        "b.vcf",
        "chr1\t7\trs1\tA\tG\n",
        "let v = intervals::read({}); `${v.chrom} ${v.start}`",
    ),
    (
        "a.fa",
        ">chr1 first\nACGTA\nCC\n>chr2\nGGT\n",
        "let v = seq::read_fasta({}); `${v}`",
    ),
    (
        "g.fa",
        ">chr1 first\nACGTA\nCC\n>chr2\nGGT\n",
        "let g = genome::open({}); `${g.names} ${g.sizes} ${g.fetch(\"chr1\", 3, 7)} ${g.fetch(\"chr2\", 0, 3)}`",
    ),
    (
        "t.tsv",
        "seq\ty\nACGT\t1\nTTTT\t0\n",
        "let v = data::table({}, #{ sequence: \"seq\", label: \"y\" }); `${v.len()} ${v.label}`",
    ),
    (
        "t.csv",
        "\"seq\",\"y\",\"note\"\n\"ACGT\",\"1\",\"a,b\"\n\"TTTT\",\"0\",\"c\"\n",
        "let v = data::table({}, #{ sequence: \"seq\", label: \"y\" }); `${v.len()} ${v.label}`",
    ),
    (
        "t.txt",
        "ACGT 1\nTTTT 0\n",
        "let v = data::table({}); `${v.len()} ${v.label}`",
    ),
    ("n.csv", "a,b\n1,2\n3,4\n", "`${tensor::load_table({})}`"),
    (
        "s.bedGraph",
        "chr1\t0\t5\t2\nchr1\t5\t9\t3\n",
        "let t = track::open({}); `${t.names} ${t.values(\"chr1\", 3, 7)}`",
    ),
    (
        "s.wig",
        "fixedStep chrom=chr1 start=1 step=2 span=2\n2\n3\n",
        "let t = track::open({}); `${t.names} ${t.values(\"chr1\", 0, 4)}`",
    ),
    (
        "m.meme",
        "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF m1\nletter-probability matrix: alength= 4 w= 2\n1 0 0 0\n0 1 0 0\n",
        "let m = motifs::read({}); `${m[0].name} ${m[0].consensus}`",
    ),
    (
        "m.jaspar",
        ">m1 x\nA [1 0 0]\nC [0 9 0]\nG [0 0 9]\nT [9 0 0]\n",
        "let m = motifs::read({}); `${m[0].name} ${m[0].consensus}`",
    ),
    (
        "m.transfac",
        "AC m1\nP0 A C G T\n01 1 0 0 0\n02 0 1 0 0\n//\n",
        "let m = motifs::read({}); `${m[0].name} ${m[0].consensus}`",
    ),
    (
        "m.pfm",
        "T G C A\n9 0 0 0\n0 9 0 0\n0 0 0 9\n",
        "let m = motifs::read({}); `${m[0].consensus}`",
    ),
    (
        "v.vcf",
        "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr1\t6\trs1\tC\tT\t.\t.\t.\n",
        "let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 6], #{ seed: 1 }); let f = explain::variants(net, {}, genome::from(#{ chr1: \"ACGTACGTACGT\" })); `${f}`",
    ),
];

fn shown(script: &str, path: &Path) -> String {
    let script = script.replace("{}", &format!("\"{}\"", path.display()));
    value(&script)
        .unwrap_or_else(|fault| panic!("{script}: {fault}"))
        .to_string()
}

#[test]
fn marks_line_ends_and_gzip_change_nothing_in_any_reader() {
    for (name, text, script) in READERS {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join(name);
        write(&path, text);
        let wanted = shown(script, &path);
        let forms = [
            ("a byte-order mark", format!("\u{feff}{text}")),
            ("Windows line ends", text.replace('\n', "\r\n")),
            ("old Mac line ends", text.replace('\n', "\r")),
            ("no last line end", text.trim_end().to_string()),
            (
                "a mark and old Mac line ends",
                format!("\u{feff}{}", text.replace('\n', "\r")),
            ),
        ];
        for (what, form) in forms {
            write(&path, form);
            assert_eq!(shown(script, &path), wanted, "{name} with {what}");
        }
        write(&path, format!("\u{feff}{}", text.replace('\n', "\r\n")));
        shell(&format!("gzip -k {0} && mv {0}.gz {0}", path.display()));
        assert_eq!(shown(script, &path), wanted, "{name} gzipped");
    }
}

#[test]
fn pipes_devices_and_folders_are_no_files() {
    let place = tempfile::tempdir().expect("a folder");
    let pipe = place.path().join("pipe");
    shell(&format!("mkfifo {}", pipe.display()));
    let others = [
        ("bam", "track::coverage({})"),
        ("2bit", "genome::open({})"),
        ("bb", "intervals::read({}, #{ format: \"bigBed\" })"),
        ("npy", "tensor::load_npy({})"),
        ("npz", "tensor::load_npz({})"),
        ("safetensors", "tensor::load_safetensors({})"),
    ];
    let all = READERS
        .iter()
        .map(|(name, _, script)| (*name, *script))
        .chain(others);
    for (name, script) in all {
        for (path, what) in [
            (pipe.as_path(), "a pipe"),
            (Path::new("/dev/zero"), "a device"),
            (place.path(), "a folder"),
        ] {
            // readers that go by the ending see a link of the right name
            let link = place
                .path()
                .join(format!("{}.{name}", what.replace(' ', "_")));
            std::fs::remove_file(&link).ok();
            std::os::unix::fs::symlink(path, &link).expect("a link");
            let fault = fault(&script.replace("{}", &format!("\"{}\"", link.display())));
            assert!(fault.message.contains(what), "{script} of {what}: {fault}");
        }
    }
}

/// Random records as a FASTA text, with lines of one length.
fn fasta(rng: &mut Rng, names: &[&str], has_empty: bool) -> (String, Vec<(String, String)>) {
    let mut text = String::new();
    let mut records = Vec::new();
    let end = if below(rng, 4) == 0 { "\r\n" } else { "\n" };
    for name in names.iter().take(1 + below(rng, names.len())) {
        let n = if has_empty && below(rng, 8) == 0 {
            0
        } else {
            1 + below(rng, 200)
        };
        let bases: String = (0..n)
            .map(|_| ["A", "C", "G", "T", "N"][below(rng, 5)])
            .collect();
        text += &format!(
            ">{name}{}{end}",
            ["", " a description", "\twith a tab"][below(rng, 3)]
        );
        let width = 1 + below(rng, 60);
        for line in bases.as_bytes().chunks(width) {
            text += std::str::from_utf8(line).expect("bases");
            text += end;
        }
        records.push((name.to_string(), bases));
    }
    (text, records)
}

fn check_genome(path: &Path, records: &[(String, String)]) -> cistron::seq::Genome {
    let genome = cistron::seq::Genome::open(path, None).unwrap_or_else(|fault| panic!("{fault}"));
    let names: Vec<&str> = records.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(genome.contigs.names(), names);
    for (i, (name, bases)) in records.iter().enumerate() {
        let mut codes = Vec::new();
        genome
            .fetch_into(
                &cistron::base::Interval::new(i as u32, 0, bases.len() as i64),
                &mut codes,
            )
            .unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!(cistron::seq::alphabet::decode(&codes), *bases, "{name}");
    }
    genome
}

/// A `.fai` newer than a FASTA file of other content gave the bases of other records.
#[test]
fn indices_of_other_files_are_not_trusted() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("g.fa");
    let index = place.path().join("g.fa.fai");
    let mut rng = Rng::keyed(&[21, 8]);
    let mut remade = 0;
    for case in 0..cases(150) {
        let names = [
            ["a", "b", "c", "d"],
            ["a", "c", "b", "d"],
            ["b", "x", "a", "y"],
        ];
        let (before, after) = (below(&mut rng, 3), below(&mut rng, 3));
        let (first, _) = fasta(&mut rng, &names[before], true);
        let (second, records) = fasta(&mut rng, &names[after], true);
        std::fs::remove_file(&index).ok();
        write(&path, &first);
        cistron::seq::Genome::open(&path, None).unwrap_or_else(|fault| panic!("{fault}: {first}"));
        write(&path, &second);
        let soon = std::time::SystemTime::now() + std::time::Duration::from_secs(60);
        std::fs::File::options()
            .append(true)
            .open(&index)
            .and_then(|file| file.set_modified(soon))
            .expect("a time");
        let genome = check_genome(&path, &records);
        remade += usize::from(
            genome
                .notes
                .iter()
                .any(|note| note.contains("was made again")),
        );
        // an index that was made again fits
        let again = check_genome(&path, &records);
        assert!(
            !again.notes.iter().any(|note| note.contains("again")),
            "case {case}: {:?}",
            again.notes
        );
    }
    assert!(
        remade * 10 > cases(150) * 8,
        "{remade} indices were made again"
    );
}

/// Names, lengths and bases of random FASTA files, plain and bgzipped, are those of
/// `samtools faidx`.
#[test]
fn random_fasta_files_against_samtools() {
    if !has("samtools") || !has("bgzip") {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    let mut rng = Rng::keyed(&[21, 9]);
    for case in 0..cases(20) {
        // samtools leaves empty records out, or refuses the file where one is last
        let (text, records) = fasta(&mut rng, &["chr1", "chr2", "chr3", "chr4", "chr5"], false);
        let path = place.path().join(format!("{case}.fa"));
        write(&path, &text);
        let ours = place.path().join("ours.fa");
        std::fs::remove_file(place.path().join("ours.fa.fai")).ok();
        std::fs::copy(&path, &ours).expect("a copy");
        check_genome(&ours, &records);
        shell(&format!("samtools faidx {}", path.display()));
        // each reads the index that the other made
        let (theirs, made) = (
            std::fs::read_to_string(path.with_extension("fa.fai")).expect("an index"),
            place.path().join("ours.fa.fai"),
        );
        let lengths = |text: &str| {
            text.lines()
                .map(|line| {
                    line.split('\t')
                        .take(2)
                        .map(str::to_string)
                        .collect::<Vec<_>>()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(
            lengths(&theirs),
            lengths(&std::fs::read_to_string(made).expect("an index"))
        );
        assert!(
            !check_genome(&path, &records)
                .notes
                .iter()
                .any(|note| note.contains("again")),
            "{text}"
        );
        for (name, bases) in records.iter().filter(|(_, bases)| !bases.is_empty()) {
            let from = below(&mut rng, bases.len());
            let to = from + 1 + below(&mut rng, bases.len() - from);
            let region = shell(&format!(
                "samtools faidx {} {name}:{}-{to} | tail -n +2 | tr -d '\\n'",
                ours.display(),
                from + 1
            ));
            assert_eq!(region, bases[from..to], "{name}:{from}-{to}");
        }
        shell(&format!("bgzip -f {}", ours.display()));
        let packed = place.path().join("ours.fa.gz");
        std::fs::remove_file(place.path().join("ours.fa.gz.fai")).ok();
        check_genome(&packed, &records);
        check_genome(&packed, &records);
    }
}

#[test]
fn records_of_one_name_are_refused_with_both_lines() {
    let place = tempfile::tempdir().expect("a folder");
    let text = ">1\nACGT\n>2\nAC\n>1 other\nGGGGCCCC\n";
    let path = place.path().join("d.fa");
    write(&path, text);
    let refused = |script: &str, path: &Path| {
        let fault = fault(&script.replace("{}", &format!("\"{}\"", path.display())));
        assert!(
            fault
                .message
                .contains("records of line 1 and line 5 are both called `1`"),
            "{script}: {fault}"
        );
    };
    for script in [
        "genome::open({})",
        "seq::read_fasta({})",
        "motifs::fimo(motif::all([motif::from_consensus(\"ACG\")]), {})",
    ] {
        refused(script, &path);
    }
    // an index that samtools made, which keeps both
    write(
        &place.path().join("d.fa.fai"),
        "1\t4\t3\t4\t5\n2\t2\t11\t2\t3\n1\t8\t23\t8\t9\n",
    );
    refused("genome::open({})", &path);
    shell(&format!("gzip -k {}", path.display()));
    refused("genome::open({})", &place.path().join("d.fa.gz"));
    if has("bgzip") {
        shell(&format!("bgzip -c {0} > {0}.bgz", path.display()));
        refused("genome::open({})", &place.path().join("d.fa.bgz"));
    }
}

/// A FASTA file that was cut while it was mapped ended the process (SIGBUS).
#[test]
fn files_that_are_cut_while_they_are_read_are_faults() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("g.fa");
    write(&path, format!(">chr1\n{}", "ACGTACGTAC\n".repeat(50_000)));
    let genome = cistron::seq::Genome::open(&path, None).expect("a genome");
    std::fs::File::options()
        .write(true)
        .open(&path)
        .and_then(|file| file.set_len(1000))
        .expect("a cut");
    let fault = genome
        .fetch(&cistron::base::Interval::new(0, 400_000, 400_100))
        .expect_err("its bases are gone");
    assert!(
        fault.message.contains("0 of 110 bytes are left")
            || fault.message.contains("bytes are left"),
        "{fault}"
    );
    assert_eq!(
        genome
            .fetch(&cistron::base::Interval::new(0, 0, 4))
            .expect("what is left"),
        [0, 1, 2, 3]
    );
}

/// Bins of random intervals, by the definition of UCSC and pyBigWig: part i starts at floor(i *
/// length / n).
#[test]
fn bins_are_cut_at_floors() {
    let mut rng = Rng::keyed(&[21, 13]);
    for _ in 0..cases(300) {
        let values: Vec<f64> = (0..60).map(|_| below(&mut rng, 9) as f64).collect();
        let contigs = std::sync::Arc::new(cistron::seq::contigs::Contigs::new(
            vec!["c".into()],
            vec![0],
        ));
        let rows = (0..60)
            .map(|i| cistron::base::Interval::new(0, i, i + 1))
            .collect();
        let list = cistron::seq::Intervals::new(contigs, rows);
        let track = cistron::seq::Track::of_intervals(&list, Some(&values)).expect("a track");
        let (start, bins) = (below(&mut rng, 30), 1 + below(&mut rng, 40));
        let length = 1 + below(&mut rng, 30);
        let place = cistron::base::Interval::new(0, start as i64, (start + length) as i64);
        use cistron::seq::track::{Missing, Statistic};
        let got = track
            .bins(&place, bins, Statistic::Mean, Missing::Skip)
            .expect("numbers");
        for (i, got) in got.iter().enumerate() {
            let own = &values[start + i * length / bins..start + (i + 1) * length / bins];
            let wanted = own.iter().sum::<f64>() / own.len() as f64;
            assert!(
                (got - wanted).abs() < 1e-9 || (got.is_nan() && own.is_empty()),
                "part {i} of {bins} of {length}: {got} for {wanted}"
            );
        }
    }
}

#[test]
fn reads_of_sam_are_counted_as_those_of_bam() {
    if !has("samtools") {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    let mut rng = Rng::keyed(&[21, 22]);
    let mut text =
        "@HD\tVN:1.6\tSO:unsorted\n@SQ\tSN:chr1\tLN:1000\n@SQ\tSN:chr2\tLN:500\n".to_string();
    for i in 0..300 {
        let flag = [0, 16, 99, 147, 83, 163, 4, 256, 1024, 512, 2048][below(&mut rng, 11)];
        let (chrom, at) = (
            [("chr1", 1000), ("chr2", 500)][below(&mut rng, 2)],
            below(&mut rng, 440),
        );
        let cigar = [
            "20M",
            "5S10M5S",
            "8M3D12M",
            "4M100N16M",
            "10M2I8M",
            "6=4X10M",
        ][below(&mut rng, 6)];
        let size = [0, 60, -60, 150][below(&mut rng, 4)];
        text += &format!(
            "r{i}\t{flag}\t{}\t{}\t{}\t{cigar}\t=\t{}\t{size}\t{}\t*\n",
            chrom.0,
            at + 1,
            below(&mut rng, 61),
            at + 1,
            "ACGTACGTACGTACGTACGT"
        );
    }
    let sam = place.path().join("r.sam");
    write(&sam, &text);
    let at = sam.display();
    shell(&format!(
        "samtools view -b -o {at}.bam {at} && gzip -k {at} && samtools view -C --no-PG -o {at}.cram -O cram,no_ref {at}"
    ));
    for options in [
        "",
        "count: \"starts\"",
        "count: \"fragments\"",
        "count: \"fragment_ends\"",
        "min_quality: 30",
        "strand: \"-\"",
        "duplicates: true",
    ] {
        let of = |path: &str| {
            let script = format!(
                "let t = track::coverage(\"{path}\", #{{ {options} }}); `${{t.values(\"chr1\", 0, 1000)}} ${{t.values(\"chr2\", 0, 500)}} ${{t.sum(intervals::from(#{{ chrom: [\"chr1\", \"chr2\"], start: [0, 0], end: [1000, 500] }}))}}`"
            );
            value(&script)
                .unwrap_or_else(|fault| panic!("{options}: {fault}"))
                .to_string()
        };
        let bam = of(&format!("{at}.bam"));
        assert_eq!(of(&format!("{at}")), bam, "{options}");
        assert_eq!(of(&format!("{at}.gz")), bam, "{options}");
    }
    let cram = fault(&format!("track::coverage(\"{at}.cram\")"));
    assert!(
        cram.message.contains("is a CRAM file")
            && cram
                .hint
                .as_deref()
                .is_some_and(|hint| hint.contains("samtools view -b")),
        "{cram}"
    );
    write(
        &sam,
        "@HD\tVN:1.6\nr1\t0\tchr1\t1\t60\t4M\t*\t0\t0\tACGT\t*\n",
    );
    assert!(
        fault(&format!("track::coverage(\"{at}\")"))
            .message
            .contains("no `@SQ` lines")
    );
    write(&sam, "r1\t0\tchr1\t1\t60\t4M\t*\t0\t0\tACGT\t*\n");
    assert!(
        fault(&format!("track::coverage(\"{at}\")"))
            .hint
            .as_deref()
            .is_some_and(|hint| hint.contains("header"))
    );
    write(
        &sam,
        "@SQ\tSN:chr1\tLN:100\nr1\t0\tchr1\tx\t60\t4M\t*\t0\t0\tACGT\t*\n",
    );
    assert!(
        fault(&format!("track::coverage(\"{at}\")"))
            .message
            .contains("read 1")
    );
}

/// A file given to the wrong reader is named, with what reads it.
#[test]
fn files_of_other_kinds_are_named() {
    let place = tempfile::tempdir().expect("a folder");
    let files: [(&str, &[u8], &str); 8] = [
        ("x.cram", b"CRAM\x03\x00", "CRAM"),
        ("x.fq", b"@r1\nACGT\n+\nIIII\n", "FASTQ"),
        ("x.bcf", b"BCF\x02\x02", "BCF"),
        ("x.bz2", b"BZh91AY", "bzip2"),
        ("x.h5", b"\x89HDF\r\n\x1a\n", "HDF5"),
        ("x.html", b"<!DOCTYPE html><html></html>", "HTML"),
        ("x.gb", b"LOCUS       AB000001", "GenBank"),
        ("utf16.txt", b"\xff\xfec\x00h\x00r\x00", "UTF-16"),
    ];
    for (name, bytes, kind) in files {
        let path = place.path().join(name);
        write(&path, bytes);
        for call in [
            "genome::open",
            "track::open",
            "track::coverage",
            "seq::read_fasta",
        ] {
            let fault = fault(&format!("{call}(\"{}\")", path.display()));
            let text = format!(
                "{} {}",
                fault.message,
                fault.hint.clone().unwrap_or_default()
            );
            assert!(text.contains(kind), "{call} of {name}: {text}");
        }
    }
    for text in [
        ">p\nMEEPQSDPSVEPPL\n",
        ">p\nMKKLLPTAAAGLLLLAAQPAMA\n>q\nACGT\n",
    ] {
        let path = place.path().join("p.fa");
        std::fs::remove_file(place.path().join("p.fa.fai")).ok();
        write(&path, text);
        for call in ["genome::open", "genome::open", "seq::read_fasta"] {
            let fault = fault(&format!("{call}(\"{}\")", path.display()));
            assert!(
                fault
                    .hint
                    .as_deref()
                    .is_some_and(|hint| hint.contains("amino acids")),
                "{call}: {fault}"
            );
        }
    }
    let star = place.path().join("star.fa");
    write(&star, ">chr1\nACGTAC*G\n");
    let fault = fault(&format!(
        "genome::open(\"{}\").fetch(\"chr1\", 0, 8)",
        star.display()
    ));
    assert!(
        fault.message.contains("position 6: `*` in record `chr1`"),
        "{fault}"
    );
}

/// A signal that lacks a chromosome was an index out of bounds; regions beyond its end gave 0
/// without a note.
#[test]
fn regions_without_a_signal_have_no_value() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("s.bedGraph");
    write(&path, "chr1\t0\t10\t2\n");
    let head = format!(
        "let at = intervals::from(#{{ chrom: [\"chr1\", \"chrY\"], start: [0, 0], end: [10, 10] }}); let s = track::open(\"{}\");
         let g = genome::from(#{{ chr1: \"ACGTACGTACGT\", chrY: \"ACGTACGTACGT\" }});\n",
        path.display()
    );
    run(&format!(
        "{head} assert_eq(s.mean(at, #{{ missing: \"zero\" }}), [2, 0]); assert_eq(s.sum(at, #{{ missing: \"zero\" }}), [20, 0]);
         assert_eq(s.bins(at, 2, #{{ missing: \"zero\" }}), [[2, 2], [0, 0]]); assert_eq(s.covered(at), [1, 0]);
         for f in [|| s.mean(at), || s.sum(at), || s.max(at), || s.min(at)] {{ let v = f.call(); assert_eq(v.isnan().sum().item(), 1); }}
         assert_eq(label::signal(at, s).values, [[2], [0]]);
         let found = data::check(g, at, #{{ s: s }}); assert_eq(found.without_s, 1.0);
         let set = data::regions(g, at, #{{ tracks: #{{ s: s }} }}); assert_eq(set.len(), 2);"
    ))
    .unwrap_or_else(|fault| panic!("{fault}"));
    write(
        &place.path().join("r.rhai"),
        format!("{head} print(s.mean(at));"),
    );
    let (_, err, code) = said(&cistron(place.path(), &["run", "r.rhai", "--no-run-dir"]));
    assert!(
        code == 0
            && err.contains(
                "1 of 2 intervals are on chromosomes that it does not have (first chrY:0-10)"
            ),
        "{err}"
    );
    let beyond = "let g = genome::from(#{ chr1: \"ACGTACGTACGT\" }); track::save_bigwig(\"s.bw\", g.windows(4), [1.0, 2.0, 3.0]);
        print(track::open(\"s.bw\").mean(intervals::from(#{ chrom: [\"chr1\", \"chr1\"], start: [8, 8], end: [12, 20] })));";
    write(&place.path().join("b.rhai"), beyond);
    let (_, err, code) = said(&cistron(place.path(), &["run", "b.rhai", "--no-run-dir"]));
    assert!(
        code == 0
            && err.contains("1 of 2 intervals reach out of their chromosome (first chr1:8-20)"),
        "{err}"
    );
}

/// Deletions that a VCF file gives as `<DEL>` with END or SVLEN are those of `bcftools consensus`.
#[test]
fn symbolic_deletions_against_bcftools() {
    if !has("bcftools") || !has("bgzip") {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    let mut rng = Rng::keyed(&[21, 7]);
    let bases: String = (0..300)
        .map(|_| ["A", "C", "G", "T"][below(&mut rng, 4)])
        .collect();
    let (fa, vcf) = (place.path().join("r.fa"), place.path().join("r.vcf"));
    write(&fa, format!(">chr1\n{bases}\n"));
    for case in 0..cases(20) {
        let start = 1 + below(&mut rng, 250);
        let length = 1 + below(&mut rng, 40);
        let info = if case % 2 == 0 {
            format!("SVTYPE=DEL;END={}", start + length)
        } else {
            format!("SVTYPE=DEL;END={};SVLEN=-{length}", start + length)
        };
        let head = "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=300>\n##INFO=<ID=END,Number=1,Type=Integer,Description=\"e\">\n##INFO=<ID=SVTYPE,Number=1,Type=String,Description=\"t\">\n##INFO=<ID=SVLEN,Number=A,Type=Integer,Description=\"l\">\n##ALT=<ID=DEL,Description=\"d\">";
        write(
            &vcf,
            format!(
                "{head}\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr1\t{start}\t.\t{}\t<DEL>\t.\tPASS\t{info}\n",
                &bases[start - 1..start]
            ),
        );
        let at = vcf.display();
        let wanted = shell(&format!(
            "bgzip -kf {at} && bcftools index -f {at}.gz && bcftools consensus -f {} {at}.gz 2>/dev/null | tail -n +2 | tr -d '\\n'",
            fa.display()
        ));
        let genome = cistron::seq::Genome::open(&fa, None).expect("a genome");
        let mut reader = cistron::seq::variants::Reader::open(&vcf).expect("a VCF file");
        let (_, variants) = reader.next_record().expect("a line").expect("a variant");
        assert_eq!(variants[0].state(&genome).expect("a state").word(), "ok");
        let (before, after) = variants[0].window(&genome, 300 - length).expect("windows");
        let text = cistron::seq::alphabet::decode(&after);
        assert_eq!(cistron::seq::alphabet::decode(&before).len(), text.len());
        assert!(
            wanted.contains(text.trim_matches('N')),
            "{info}: {text} for {wanted}"
        );
    }
}

#[test]
fn alleles_of_no_sequence_are_no_n() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("v.vcf");
    let rows = [
        "chr1\t6\ta\t-\tA",
        "chr1\t6\tb\tC\t-",
        "chr1\t6\tc\tC\tR",
        "chr1\t6\td\tC\t<DUP>",
        "chr1\t6\te\tC\tT",
        "chr1\t6\tf\tC\t<DEL>",
    ];
    let line = |row: &&str| format!("{row}\t.\t.\tEND=8\n");
    write(
        &path,
        format!(
            "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n{}",
            rows.iter().map(line).collect::<String>()
        ),
    );
    let states = value(&format!(
        "let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 6], #{{ seed: 1 }});
         let f = explain::variants(net, \"{}\", genome::from(#{{ chr1: \"ACGTACGTACGT\" }})); `${{f[\"state\"]}}`",
        path.display()
    ));
    assert_eq!(
        states.expect("a table").to_string(),
        r#"["no sequence", "no sequence", "no sequence", "symbolic", "ok", "ok"]"#
    );
    let alleles = |reference: &str, alternate: &str, end: usize| {
        format!(
            "genome::from(#{{ chr1: \"ACGTACGTACGT\" }}).alleles(intervals::from(#{{ chrom: [\"chr1\"], start: [5], end: [{end}], reference: [\"{reference}\"], alternate: [\"{alternate}\"] }}), #{{ length: 6 }}).alternate[0]"
        )
    };
    for (reference, alternate) in [
        ("-", "A"),
        ("C", "-"),
        ("C", "R"),
        ("C", "<DUP>"),
        ("C", "*"),
        ("C", "<DEL>"),
    ] {
        assert!(
            fault(&alleles(reference, alternate, 6))
                .message
                .contains("is no sequence"),
            "{reference}>{alternate}"
        );
    }
    assert_eq!(
        value(&alleles("C", "<DEL>", 8))
            .expect("a deletion")
            .to_string(),
        value(&alleles("CGT", "C", 8))
            .expect("a deletion")
            .to_string()
    );
    assert!(
        fault(&alleles("C", "T", 8))
            .message
            .contains("the interval has 3 bases, its reference allele 1")
    );
}

/// Output that cannot be written was a panic, and `print` lost it without a word.
#[test]
fn full_disks_behind_standard_output_are_faults() {
    let place = tempfile::tempdir().expect("a folder");
    write(
        &place.path().join("p.rhai"),
        "print(\"x\"); report(\"n\", 1);",
    );
    write(&place.path().join("w.rhai"), "nope(");
    let program = env!("CARGO_BIN_EXE_cistron");
    for arguments in [
        &["run", "p.rhai", "--no-run-dir"][..],
        &["run", "p.rhai", "--no-run-dir", "--json"],
        &["run", "w.rhai", "--no-run-dir", "--json"],
        &["check", "p.rhai"],
        &["check", "w.rhai", "--json"],
        &["help", "nn::conv1d"],
        &["runs", "list"],
    ] {
        let full = std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .expect("the device");
        let output = Command::new(program)
            .args(arguments)
            .current_dir(place.path())
            .stdout(Stdio::from(full))
            .output()
            .expect("the program starts");
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(
            !err.contains("panicked") && !err.contains("defect"),
            "{arguments:?}: {err}"
        );
        assert!(
            output
                .status
                .code()
                .is_some_and(|code| code != 0 && code != 101),
            "{arguments:?}: {:?}",
            output.status
        );
        let full = std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .expect("the device");
        let output = Command::new(program)
            .args(arguments)
            .current_dir(place.path())
            .stderr(Stdio::from(full))
            .output()
            .expect("the program starts");
        assert!(
            output.status.code().is_some_and(|code| code != 101),
            "{arguments:?} without standard error: {:?}",
            output.status
        );
    }
}

/// Where few processes are allowed, the pool of threads was a panic called a defect of cistron.
#[test]
fn few_processes_are_no_defect() {
    let place = tempfile::tempdir_in("/tmp").expect("a folder");
    let script = place.path().join("t.rhai");
    write(
        &script,
        "let set = data::from(#{ sequence: seq::random(64, 30, #{ seed: 1 }), label: (0..64).map(|i| i % 2) });
         let net = nn::build(nn::chain([nn::conv1d(8, 5), nn::relu(), nn::global_max_pool(), nn::linear(1)]), [4, 30], #{ seed: 1 });
         train::fit(net, #{ train: set, loss: loss::bce_with_logits(), optimizer: optim::adam(), epochs: 1, progress: false, seed: 1 });
         let g = genome::from(#{ chr1: seq::random(1, 5000, #{ seed: 1 })[0] }); print(g.one_hot(g.windows(50)).shape);",
    );
    shell(&format!("chmod -R a+rX {}", place.path().display()));
    // root has no such limit, and another user may not reach the program or libtorch
    let user = "setpriv --reuid=65534 --regid=65534 --clear-groups";
    let program = env!("CARGO_BIN_EXE_cistron");
    let can = Command::new("bash")
        .args([
            "-c",
            &format!(
                "cd {} && {user} {program} run t.rhai --no-run-dir",
                place.path().display()
            ),
        ])
        .output()
        .is_ok_and(|output| output.status.success());
    if !can {
        eprintln!(
            "SKIPPED: the program cannot be run as another user (setpriv, as root, and a path that all can read)"
        );
        return;
    }
    for limit in [1, 2, 3, 4, 6, 9, 14, 21, 40] {
        let command = format!(
            "cd {} && ulimit -u {limit} && exec {user} {program} run t.rhai --no-run-dir",
            place.path().display()
        );
        let output = Command::new("bash")
            .args(["-c", &command])
            .output()
            .expect("bash runs");
        let (out, err, code) = said(&output);
        assert!(
            !err.contains("panicked") && !err.contains("defect"),
            "ulimit -u {limit}: {err}"
        );
        assert!(
            code == 0 || (code == 1 && err.contains("cannot be started")),
            "ulimit -u {limit}: {code} {out} {err}"
        );
    }
}

/// Every odd file of Biopython, MEME, MOODS and lightmotif is read, or refused with a line.
#[test]
fn odd_motif_files_are_read_or_named() {
    let Some(folder) = crate::data_folder() else {
        return;
    };
    let place = folder.join("motifs");
    let mut waiting: Vec<PathBuf> = vec![place.clone()];
    let mut refused = Vec::new();
    let mut read = 0;
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(
                std::fs::read_dir(&path)
                    .expect("a folder")
                    .flatten()
                    .map(|entry| entry.path()),
            );
            continue;
        }
        let name = path
            .strip_prefix(&place)
            .expect("below")
            .display()
            .to_string();
        let is_motif = [
            "meme", "pfm", "transfac", "uniprobe", "xms", "sites", "xml", "dat", "adm",
        ]
        .iter()
        .any(|end| name.trim_end_matches(".gz").ends_with(end));
        if !is_motif || name.contains("COMMANDS") {
            continue;
        }
        match cistron::seq::motif::read(&path) {
            Ok(motifs) => {
                read += 1;
                for motif in motifs {
                    assert!(motif.width() > 0, "{name}: {}", motif.name);
                    let sums = motif.ppm.iter().map(|row| row.iter().sum::<f64>());
                    assert!(
                        sums.into_iter().all(|sum| (sum - 1.0).abs() < 0.021),
                        "{name}: {}",
                        motif.name
                    );
                }
            }
            Err(fault) => refused.push(format!("{name}: {fault}")),
        }
    }
    assert!(read > 20, "{read} files were read: {refused:#?}");
    for what in &refused {
        assert!(what.contains("line "), "{what}");
        assert!(
            ["E2F3.adm", "dna_with_covalent"]
                .iter()
                .any(|known| what.contains(known)),
            "{what}"
        );
    }
}

#[test]
fn lengths_that_no_genome_has_end_nothing() {
    // the length of a chromosome was taken as -16, the end of a read was beyond all numbers
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.sam");
    write(
        &path,
        "@HD\tVN:1.6\n@SQ\tSN:chr1\tLN:18446744073709551600\nr1\t0\tchr1\t101\t60\t8M\t*\t0\t0\tACGTACGT\t*\n",
    );
    let covered = value(&format!(
        "track::coverage(\"{}\").values(\"chr1\", 99, 102)",
        path.display()
    ));
    assert!(covered.is_ok(), "{covered:?}");
}
