//! Genomes, intervals and tracks against bedtools, samtools and pyBigWig, on real files.

use crate::{data_folder, fault, run, value};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether a tool is there; says so where it is not.
fn has(tool: &str) -> bool {
    let there = Command::new(tool).arg("--version").output().is_ok();
    if !there {
        eprintln!("SKIPPED: {tool} is not installed (apt-get install {tool})");
    }
    there
}

/// What a shell command prints, its lines sorted.
fn shell(command: &str) -> Vec<String> {
    let output = Command::new("bash")
        .args(["-c", &format!("set -euo pipefail; {command}")])
        .output()
        .expect("bash runs");
    assert!(
        output.status.success(),
        "{command}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    lines(&String::from_utf8_lossy(&output.stdout))
}

fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(str::to_string)
        .collect();
    lines.sort();
    lines
}

/// Numbers of columns by the names in the header that a script saved.
fn numbers_of(path: &Path, names: &[&str]) -> Vec<usize> {
    let text = std::fs::read_to_string(path).expect("a file that was saved");
    let header: Vec<&str> = text
        .lines()
        .next()
        .expect("a header")
        .trim_start_matches('#')
        .split('\t')
        .collect();
    names
        .iter()
        .map(|name| {
            header
                .iter()
                .position(|own| own == name)
                .unwrap_or_else(|| panic!("no `{name}` in {header:?}"))
        })
        .collect()
}

/// Columns of a file that a script saved, its lines sorted.
fn saved(path: &Path, columns: &[usize]) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("a file that was saved");
    let cut = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        columns
            .iter()
            .map(|i| cells[*i])
            .collect::<Vec<_>>()
            .join("\t")
    };
    let mut out: Vec<String> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(cut)
        .collect();
    out.sort();
    out
}

struct Beds {
    place: tempfile::TempDir,
    a: PathBuf,
    b: PathBuf,
}

/// Alu elements and exons of human chromosome 1, 6,000 of each.
fn beds(folder: &Path) -> Beds {
    let place = tempfile::tempdir().expect("a folder");
    let (a, b) = (place.path().join("a.bed"), place.path().join("b.bed"));
    for (source, target) in [("aluY.chr1.bed.gz", &a), ("refseq.chr1.exons.bed.gz", &b)] {
        shell(&format!(
            "zcat {} | awk 'NR % 3 == 0 && NR <= 18000' > {}",
            folder.join("genome/bedtools").join(source).display(),
            target.display()
        ));
    }
    Beds { place, a, b }
}

#[test]
fn sets_of_intervals_are_bedtools() {
    let Some(folder) = data_folder() else { return };
    if !has("bedtools") {
        return;
    }
    let beds = beds(&folder);
    let (a, b, dir) = (beds.a.display(), beds.b.display(), beds.place.path());
    let three: &[usize] = &[0, 1, 2];
    // our expression, bedtools' command, the columns that are compared
    let cases: Vec<(&str, String, &[usize])> = vec![
        (
            "a.intersect(b)",
            format!("bedtools intersect -a {a} -b {b} | cut -f1-3"),
            three,
        ),
        (
            "a.intersect(b, #{ report: \"whole\" })",
            format!("bedtools intersect -wa -a {a} -b {b} | cut -f1-3"),
            three,
        ),
        (
            "a.intersect(b, #{ report: \"once\" })",
            format!("bedtools intersect -u -a {a} -b {b} | cut -f1-3"),
            three,
        ),
        (
            "a.intersect(b, #{ report: \"absent\" })",
            format!("bedtools intersect -v -a {a} -b {b} | cut -f1-3"),
            three,
        ),
        (
            "a.exclude(b)",
            format!("bedtools intersect -v -a {a} -b {b} | cut -f1-3"),
            three,
        ),
        (
            "a.intersect(b, #{ fraction: 0.3 })",
            format!("bedtools intersect -f 0.3 -a {a} -b {b} | cut -f1-3"),
            three,
        ),
        (
            "a.intersect(b, #{ fraction: 0.2, other_fraction: 0.2 })",
            format!("bedtools intersect -f 0.2 -r -a {a} -b {b} | cut -f1-3"),
            three,
        ),
        (
            "a.intersect(b, #{ strand: \"same\" })",
            format!("bedtools intersect -s -a {a} -b {b} | cut -f1-3,6"),
            &[0, 1, 2, 5],
        ),
        (
            "a.intersect(b, #{ strand: \"opposite\" })",
            format!("bedtools intersect -S -a {a} -b {b} | cut -f1-3,6"),
            &[0, 1, 2, 5],
        ),
        (
            "b.slop(3000, 3000).subtract(a)",
            format!(
                "awk -v OFS='\\t' '{{ $2 -= 3000; $3 += 3000; print }}' {b} | bedtools subtract -a - -b {a} | cut -f1-3"
            ),
            three,
        ),
        (
            "b.slop(3000, 3000).subtract(a, #{ whole: true })",
            format!(
                "awk -v OFS='\\t' '{{ $2 -= 3000; $3 += 3000; print }}' {b} | bedtools subtract -A -a - -b {a} | cut -f1-3"
            ),
            three,
        ),
        (
            "b.merge()",
            format!("sort -k1,1 -k2,2n {b} | bedtools merge | cut -f1-3"),
            three,
        ),
        (
            "b.merge(#{ distance: 500 })",
            format!("sort -k1,1 -k2,2n {b} | bedtools merge -d 500 -c 4 -o count"),
            &[0, 1, 2, 3],
        ),
        (
            "b.merge(#{ by_strand: true })",
            format!("sort -k1,1 -k2,2n {b} | bedtools merge -s -c 6 -o distinct"),
            &[0, 1, 2, 5],
        ),
        (
            "a.union(b)",
            format!("cat {a} {b} | cut -f1-3 | sort -k1,1 -k2,2n | bedtools merge"),
            three,
        ),
        (
            "a.closest(b)",
            format!(
                "sort -k1,1 -k2,2n {a} > {a}.s; sort -k1,1 -k2,2n {b} > {b}.s; bedtools closest -d -a {a}.s -b {b}.s | cut -f1-3,8,9,13 | sort -u"
            ),
            three,
        ),
        (
            "a.closest(b, #{ strand: \"same\" })",
            format!(
                "sort -k1,1 -k2,2n {a} > {a}.s; sort -k1,1 -k2,2n {b} > {b}.s; bedtools closest -s -d -a {a}.s -b {b}.s | cut -f1-3,8,9,13 | sort -u"
            ),
            three,
        ),
        (
            "a.windows(100, #{ step: 40, rest: true })",
            format!("bedtools makewindows -b {a} -w 100 -s 40"),
            three,
        ),
        (
            "a.flank(200)",
            format!(
                "echo -e 'chr1\\t300000000' > {a}.g; bedtools flank -b 200 -i {a} -g {a}.g | cut -f1-3"
            ),
            three,
        ),
        (
            "a.sort()",
            format!("bedtools sort -i {a} | cut -f1-3"),
            three,
        ),
    ];
    let mut wrong = Vec::new();
    for (expression, command, columns) in cases {
        let out = dir.join("out.bed");
        run(&format!("let a = intervals::read(\"{a}\"); let b = intervals::read(\"{b}\"); {expression}.save(\"{}\");", out.display()))
            .unwrap_or_else(|fault| panic!("{expression}: {fault}"));
        let closest = [
            "chrom",
            "start",
            "end",
            "closest_start",
            "closest_end",
            "distance",
        ];
        let columns = if expression.contains("closest") {
            numbers_of(&out, &closest)
        } else {
            columns.to_vec()
        };
        let (mut ours, mut theirs) = (saved(&out, &columns), shell(&command));
        assert!(!theirs.is_empty(), "{command} prints nothing");
        if expression.contains("closest") {
            // exons that several transcripts share are reported once each by both
            ours.dedup();
            theirs.dedup();
        }
        if ours != theirs {
            let extra = ours.iter().find(|line| !theirs.contains(line));
            let missing = theirs.iter().find(|line| !ours.contains(line));
            wrong.push(format!("{expression}: {} lines, bedtools {}; only ours {extra:?}, only bedtools' {missing:?}", ours.len(), theirs.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn shares_and_counts_are_bedtools() {
    let Some(folder) = data_folder() else { return };
    if !has("bedtools") {
        return;
    }
    let beds = beds(&folder);
    let (a, b) = (beds.a.display(), beds.b.display());
    let numbers = |command: String, column: usize| -> Vec<f64> {
        // in the order of the file
        let output = Command::new("bash")
            .args(["-c", &command])
            .output()
            .expect("bash runs");
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(|line| {
                line.split('\t')
                    .nth(column)
                    .and_then(|v| v.parse().ok())
                    .expect("a number")
            })
            .collect()
    };
    let ours = |expression: &str| -> Vec<f64> {
        let array = value(&format!(
            "let a = intervals::read(\"{a}\"); let b = intervals::read(\"{b}\"); {expression}"
        ))
        .expect("numbers")
        .into_array()
        .expect("an array");
        array
            .into_iter()
            .map(|v| {
                v.as_float()
                    .or_else(|_| v.as_int().map(|n| n as f64))
                    .expect("a number")
            })
            .collect()
    };
    assert_eq!(
        ours("a.counts(b)"),
        numbers(format!("bedtools intersect -c -a {a} -b {b}"), 6)
    );
    let (shares, theirs) = (
        ours("a.covered(b).to_array()"),
        numbers(format!("bedtools coverage -a {a} -b {b}"), 9),
    );
    assert_eq!(shares.len(), theirs.len());
    assert!(
        shares
            .iter()
            .zip(&theirs)
            .all(|(x, y)| (x - y).abs() < 1e-6),
        "bedtools prints seven digits"
    );
    assert!(shares.iter().any(|x| *x > 0.0 && *x < 1.0));
    let jaccard = value(&format!(
        "intervals::read(\"{a}\").jaccard(intervals::read(\"{b}\"))"
    ))
    .expect("a number")
    .as_float()
    .expect("a number");
    let theirs = numbers(
        format!(
            "bedtools jaccard -a <(sort -k1,1 -k2,2n {a}) -b <(sort -k1,1 -k2,2n {b}) | tail -n 1"
        ),
        2,
    )[0];
    assert!((jaccard - theirs).abs() < 1e-6, "{jaccard} {theirs}");
}

#[test]
fn a_genomes_gaps_are_bedtools_complement() {
    let Some(folder) = data_folder() else { return };
    if !has("bedtools") {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    let base = folder.join("genome/sacCer3_chrIV");
    let (fasta, genes) = (base.join("sacCer3.fa"), base.join("sacCer3.annotation.bed"));
    let out = place.path().join("gaps.bed");
    run(&format!(
        "let g = genome::open(\"{}\"); intervals::read(\"{}\").complement(g).save(\"{}\");",
        fasta.display(),
        genes.display(),
        out.display()
    ))
    .expect("gaps");
    let theirs = shell(&format!(
        "sort -k1,1 -k2,2n {} | bedtools complement -i - -g {}.sizes",
        genes.display(),
        fasta.display()
    ));
    assert_eq!(saved(&out, &[0, 1, 2]), theirs);
    assert!(theirs.len() > 40);
}

/// A 2bit file as the format's specification has it: no masks but runs of N.
pub fn two_bit(name: &str, letters: &[u8]) -> Vec<u8> {
    let word = |n: usize| (n as u32).to_le_bytes();
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (i, _) in letters.iter().enumerate().filter(|(_, l)| **l == b'N') {
        match runs.last_mut() {
            Some((start, n)) if *start + *n == i => *n += 1,
            _ => runs.push((i, 1)),
        }
    }
    let mut out: Vec<u8> = [0x1A41_2743, 0, 1, 0].into_iter().flat_map(word).collect();
    out.push(name.len() as u8);
    out.extend(name.as_bytes());
    out.extend(word(out.len() + 4));
    out.extend(word(letters.len()));
    out.extend(word(runs.len()));
    runs.iter().for_each(|(start, _)| out.extend(word(*start)));
    runs.iter().for_each(|(_, n)| out.extend(word(*n)));
    out.extend(word(0));
    out.extend(word(0));
    let code = |l: &u8| b"TCAG".iter().position(|b| b == l).unwrap_or(0) as u8;
    out.extend(letters.chunks(4).map(|four| {
        four.iter()
            .enumerate()
            .map(|(i, l)| code(l) << (6 - 2 * i))
            .sum::<u8>()
    }));
    out
}

#[test]
fn twenty_thousand_regions_are_those_of_bedtools_and_samtools_in_every_form_of_the_file() {
    let Some(folder) = data_folder() else { return };
    if !has("bedtools") || !has("samtools") {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    let dir = place.path();
    let fasta = folder.join("genome/hg19_chr22_20-21M/22_20-21M.fa");
    // lines of 60 letters, some N, and a short chromosome behind it
    let source = std::fs::read_to_string(&fasta).expect("a genome");
    let mut letters: Vec<u8> = source
        .lines()
        .skip(1)
        .flat_map(str::bytes)
        .map(|b| b.to_ascii_uppercase())
        .collect();
    letters[5_000..5_400].fill(b'N');
    let folded: String = letters
        .chunks(60)
        .map(|line| format!("{}\n", String::from_utf8_lossy(line)))
        .collect();
    std::fs::write(
        dir.join("g.fa"),
        format!(">chr22\n{folded}>chrM\nACGTACGTAC\n"),
    )
    .expect("written");
    std::fs::write(dir.join("g.2bit"), two_bit("chr22", &letters)).expect("written");
    shell(&format!(
        "cd {0} && cp g.fa plain.fa && gzip -k plain.fa && cp g.fa blocks.fa && bgzip blocks.fa",
        dir.display()
    ));
    run(&format!(
        "let g = genome::open(\"{0}/g.fa\"); let r = g.random(20_000, 1000, #{{ seed: 7 }}).filter(|row| row.chrom == \"chr22\"); r.save(\"{0}/r.bed\");
         seq::save_fasta(\"{0}/ours.fa\", g.sequences(r), #{{ line: 0 }});",
        dir.display()
    ))
    .expect("regions");
    let bodies = |text: &str| {
        text.lines()
            .filter(|line| !line.starts_with('>'))
            .map(str::to_ascii_uppercase)
            .collect::<Vec<_>>()
    };
    let ours = bodies(&std::fs::read_to_string(dir.join("ours.fa")).expect("sequences"));
    assert_eq!(ours.len(), 20_000);
    shell(&format!(
        "cd {} && cp g.fa b.fa && bedtools getfasta -fi b.fa -bed r.bed -fo theirs.fa",
        dir.display()
    ));
    assert_eq!(
        ours,
        bodies(&std::fs::read_to_string(dir.join("theirs.fa")).expect("sequences"))
    );
    shell(&format!(
        "cd {} && awk '{{ print $1\":\"$2+1\"-\"$3 }}' r.bed > r.txt && samtools faidx -n 1000000 b.fa -r r.txt > faidx.fa",
        dir.display()
    ));
    assert_eq!(
        ours,
        bodies(&std::fs::read_to_string(dir.join("faidx.fa")).expect("sequences"))
    );
    // our index is samtools'
    assert_eq!(
        std::fs::read_to_string(dir.join("g.fa.fai")).expect("an index"),
        std::fs::read_to_string(dir.join("b.fa.fai")).expect("an index")
    );
    for form in ["plain.fa.gz", "blocks.fa.gz", "g.2bit"] {
        run(&format!(
            "let r = intervals::read(\"{0}/r.bed\"); let a = genome::open(\"{0}/g.fa\").codes(r); let b = genome::open(\"{0}/{form}\").codes(r); assert_eq(a, b);",
            dir.display()
        ))
        .unwrap_or_else(|fault| panic!("{form}: {fault}"));
    }
}

#[test]
fn bigwigs_hold_the_values_that_other_readers_find() {
    let Some(folder) = data_folder() else { return };
    let base = folder.join("genome");
    // pyBigWig 0.3.24: bw.values("1", 0, 3), bw.stats("1", 0, 3, type=…), from its own README and
    // tests
    run(&format!(
        "let t = track::open(\"{}\"); let at = intervals::from(#{{ chrom: [\"chr1\"], start: [0], end: [3] }});
         assert_near(t.values(\"1\", 0, 3), [0.1, 0.2, 0.3], 1e-7);
         assert_near(t.mean(at).item(), 0.2000000054637591, 1e-9);
         assert_near(t.max(at).item(), 0.30000001192092896, 1e-9);
         assert_eq(t.values(\"1\", 3, 5, #{{ missing: -1 }}), [-1, -1]);",
        base.join("pybigwig/test.bw").display()
    ))
    .expect("pyBigWig's file");
    // tests/oracles/bigwig.py wrote these: windows of 1,000 bp every 50,001 bp of ENCFF826FLP and
    // pyBigWig's exact means
    let oracle = include_str!("oracles/bigwig.tsv");
    let rows: Vec<Vec<&str>> = oracle
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
        .collect();
    assert!(rows.len() > 300);
    let column = |i: usize| rows.iter().map(|row| row[i]).collect::<Vec<_>>().join(", ");
    run(&format!(
        "let t = track::open(\"{}\"); let at = intervals::from(#{{ chrom: (0..{n}).map(|i| \"22\"), start: [{}], end: [{}] }});
         assert_near(t.mean(at), [{}], 1e-6); assert_near(t.max(at), [{}], 1e-6);",
        base.join("bbi-js/ENCFF826FLP.bw").display(),
        column(0),
        column(1),
        column(2),
        column(3),
        n = rows.len()
    ))
    .expect("ENCODE's file");
    // a bedGraph and the bigWig made of it
    run(&format!(
        "let a = track::open(\"{}\"); let b = track::open(\"{}\"); let at = intervals::from(#{{ chrom: [\"chr17\"], start: [0], end: [400_000] }}).windows(777, #{{ step: 401 }});
         let x = a.bins(at, 7, #{{ missing: \"zero\" }}); let y = b.bins(at, 7, #{{ missing: \"zero\" }}); assert(x.max().item() > 0.0); assert_near(x, y, 1e-6);",
        base.join("bigtools/single_chrom.bedGraph.gz").display(),
        base.join("bigtools/valid.bigWig").display()
    ))
    .expect("bigtools' files");
}

#[test]
fn coverage_of_reads_is_bedtools_and_samtools() {
    let Some(folder) = data_folder() else { return };
    if !has("bedtools") || !has("samtools") {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    let dir = place.path().display().to_string();
    let tags = folder.join("genome/macs_chr22_hg19/CTCF_SE_ChIP_chr22_50k.bed.gz");
    shell(&format!(
        "cd {dir} && echo -e 'chr22\\t51304566' > g && zcat {} | awk 'NR <= 20000' | bedtools bedtobam -i - -g g | samtools sort -o r.bam - 2> /dev/null",
        tags.display()
    ));
    let graph = shell(&format!("cd {dir} && bedtools genomecov -bg -ibam r.bam"));
    let starts = shell(&format!(
        "cd {dir} && bedtools genomecov -bg -5 -ibam r.bam"
    ));
    let plus = shell(&format!(
        "cd {dir} && bedtools genomecov -bg -strand + -ibam r.bam"
    ));
    for (options, wanted) in [
        ("", graph),
        ("count: \"starts\"", starts),
        ("strand: \"+\"", plus),
    ] {
        let mut theirs: Vec<(i64, i64, i64)> = wanted
            .iter()
            .map(|line| {
                let cells: Vec<i64> = line
                    .split('\t')
                    .skip(1)
                    .map(|c| c.parse().expect("a number"))
                    .collect();
                (cells[0], cells[1], cells[2])
            })
            .collect();
        theirs.sort_unstable();
        assert!(theirs.len() > 5000);
        let (starts, ends, depths): (Vec<String>, Vec<String>, Vec<String>) = theirs
            .iter()
            .map(|(a, b, d)| (a.to_string(), b.to_string(), format!("{d}.0")))
            .collect::<Vec<_>>()
            .into_iter()
            .fold(
                Default::default(),
                |mut all: (Vec<_>, Vec<_>, Vec<_>), (a, b, d)| {
                    all.0.push(a);
                    all.1.push(b);
                    all.2.push(d);
                    all
                },
            );
        run(&format!(
            "let t = track::coverage(\"{dir}/r.bam\", #{{ {options} }}); let at = intervals::from(#{{ chrom: (0..{}).map(|i| \"chr22\"), start: [{}], end: [{}] }});
             assert_eq(t.min(at), [{d}]); assert_eq(t.max(at), [{d}]); assert_eq(t.sum(intervals::from(#{{ chrom: [\"chr22\"], start: [0], end: [51304566] }})).item(), {total}.0);",
            theirs.len(),
            starts.join(","),
            ends.join(","),
            d = depths.join(","),
            total = theirs.iter().map(|(a, b, d)| (b - a) * d).sum::<i64>()
        ))
        .unwrap_or_else(|fault| panic!("{options}: {fault}"));
    }
}

#[test]
fn genes_and_variants_are_read() {
    let Some(folder) = data_folder() else { return };
    let base = folder.join("genome");
    run(&format!(
        "let genes = intervals::read(\"{0}/sacCer3_chrIV/sacCer3.annotation.gtf.gz\"); assert_eq(genes[0].start, 1801); assert_eq(genes[0].gene_id, \"YDL248W\"); assert_eq(genes[0].feature, \"transcript\");
         let same = intervals::read(\"{0}/sacCer3_chrIV/sacCer3.annotation.bed\"); let transcripts = genes.filter(|row| row.feature == \"transcript\").by(\"transcript_id\");
         for i in 0..same.len() {{ let row = same[i]; let other = transcripts[row.name][0]; assert_eq([row.start, row.end, row.strand], [other.start, other.end, other.strand]); }}",
        base.display()
    ))
    .expect("a GTF and the BED of the same genes");
    run(&format!(
        "let v = intervals::read(\"{0}/baskerville/snp/eqtl.vcf\"); assert(v.len() > 0); assert_eq(v.column(\"reference\")[0].len(), v[0].end - v[0].start);
         let b = intervals::read(\"{0}/bigtools/bigBedExample.bb\"); assert_eq(b.len(), 14810);",
        base.display()
    ))
    .expect("VCF and bigBed");
}

#[test]
fn broken_files_of_every_kind_are_told() {
    let place = tempfile::tempdir().expect("a folder");
    let cases: Vec<(&str, &[u8], &str, &str)> = vec![
        ("inverted.bed", b"chr1\t5\t10\nchr1\t20\t10\nchr1\t30\t25\n", "intervals::read(PATH)", "2 rows cannot be used: 2 inverted (line 2: chr1 20 10)"),
        ("word.bed", b"chr1\t5\t10\nchr1\tx\t10\n", "intervals::read(PATH)", "1 with positions that are not integers (line 2"),
        ("columns.bed", b"chr1\t5\t10\ta\nchr1\t5\t10\n", "intervals::read(PATH)", "another number of columns than the first (line 2"),
        ("notbed.bed", b"hello\n", "intervals::read(PATH)", "line 1: expected chromosome, start and end"),
        ("strand.bed", b"chr1\t5\t10\ta\t0\tup\n", "intervals::read(PATH)", "strand that is neither +, - nor ."),
        ("negative.bed", b"chr1\t-5\t10\n", "intervals::read(PATH)", "1 out of bounds (line 1"),
        (
            "far.bed",
            b"chr1\t0\t4\nchr1\t2\t100\nchr9\t1\t2\n",
            "intervals::read(PATH, #{ genome: genome::from(#{ chr1: \"ACGTA\" }) })",
            "1 out of bounds (line 2: chr1 2 100), 1 on an unknown chromosome (line 3",
        ),
        ("bad.gtf", b"chr1\tx\tgene\t10\t5\t.\t+\t.\tgene_id \"a\";\n", "intervals::read(PATH)", "1 inverted (line 1"),
        ("words.gtf", b"chr1\tx\tgene\tten\t20\t.\t+\t.\tgene_id \"a\";\n", "intervals::read(PATH)", "no records of this format (line 1"),
        ("bad.gff3", b"##gff-version 3\nchr1\tx\n", "intervals::read(PATH)", "no records of this format (line 2"),
        (
            "bad.vcf",
            b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr1\tx\t.\tA\tC\t.\t.\t.\n",
            "intervals::read(PATH)",
            "no records of this format (line 3",
        ),
        ("bad.bb", b"not a bigbed", "intervals::read(PATH)", "no whole bigWig or bigBed"),
        ("bad.bedGraph", b"chr1\t0\t10\t1\nchr1\t5\t15\t1\n", "track::open(PATH)", "overlap: a base has two values"),
        ("word.bedGraph", b"chr1\t0\tten\t1\n", "track::open(PATH)", "line 1: expected chromosome, start, end and value"),
        ("bad.bw", b"\x26\xfc\x8f\x88 and nothing else", "track::open(PATH)", "no whole bigWig or bigBed"),
        ("bad.bam", b"BAM\x01\x00", "track::coverage(PATH)", "no whole BAM"),
        ("uneven.fa", b">a\nACGT\nAC\nACGT\n", "genome::open(PATH)", "line 3: the lines of record `a` differ in length"),
        ("noname.fa", b"ACGT\n", "genome::open(PATH)", "line 1: expected `>name`"),
        ("letters.fa", b">a\nAC!T\n", "genome::open(PATH).fetch(\"a\", 0, 4)", "position 2: `!` in record `a` is no base"),
        ("bad.2bit", b"\x43\x27\x41\x1a\x00", "genome::open(PATH)", "no whole 2bit"),
        ("bad.fa.gz", b"\x1f\x8b\x08\x04garbage", "genome::open(PATH)", "line 1"),
        ("bad.pfm", b">a\n1 2 3\n1 2\n1 2 3\n1 2 3\n", "motifs::read(PATH)", "different lengths"),
        ("bad.meme", b"MEME version 4\nMOTIF a\nletter-probability matrix: w= 1\n0.1 x\n", "motifs::read(PATH)", "line 4: expected four probabilities"),
        ("bad.transfac", b"AC a\nP0 A C G\n01 1 2 3\n", "motifs::read(PATH)", "line 2: expected `P0 A C G T`"),
    ];
    for (name, bytes, expression, wanted) in cases {
        let path = place.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        let fault = fault(&format!(
            "{};",
            expression.replace("PATH", &format!("\"{}\"", path.display()))
        ));
        let said = format!("{fault} {}", fault.hint.clone().unwrap_or_default());
        assert!(
            said.contains(wanted) && fault.message.contains(name),
            "{name}: {said}"
        );
        assert_eq!(fault.kind, "data", "{name}: {fault}");
    }
    // the stated policy
    let path = place.path().join("mixed.bed");
    std::fs::write(&path, "chr1\t0\t4\nchr1\t9\t7\nchr1\t2\t100\nchrUn\t1\t2\n").expect("written");
    run(&format!(
        "let g = genome::from(#{{ chr1: \"ACGTACGT\" }}); let skip = intervals::read(\"{0}\", #{{ invalid: \"skip\", genome: g }}); assert_eq(skip.len(), 1); assert(skip.notes[0].contains(\"3 rows were left out\"));
         let clip = intervals::read(\"{0}\", #{{ invalid: \"clip\", genome: g }}); assert_eq(clip.end, [4, 8]);",
        path.display()
    ))
    .expect("policies");
    let path = place.path().join("order.bed");
    std::fs::write(&path, "chr1\t5\t9\nchr1\t2\t4\nchr2\t1\t2\n").expect("written");
    run(&format!(
        "let list = intervals::read(\"{0}\"); assert_eq(list.start, [5, 2, 1]); assert(list.notes[0].contains(\"1 not in order (line 2: chr1 2 4)\"));
         assert_eq(intervals::read(\"{0}\", #{{ unsorted: \"sort\" }}).start, [2, 5, 1]);",
        path.display()
    ))
    .expect("order");
    assert!(
        fault(&format!(
            "intervals::read(\"{}\", #{{ unsorted: \"error\" }});",
            path.display()
        ))
        .message
        .contains("is not sorted: 1 not in order (line 2")
    );
    // what a loader thread cannot read reaches the script, with the region
    std::fs::write(
        place.path().join("late.fa"),
        format!(">a\n{}\n", "ACGT".repeat(50) + "AC!T"),
    )
    .expect("written");
    let late = fault(&format!(
        "let g = genome::open(\"{}/late.fa\"); for b in data::regions(g, g.windows(51)).batches(2, #{{ order: \"kept\" }}) {{ b.len(); }}",
        place.path().display()
    ));
    assert!(
        late.message.contains("row 3 (a:153-204)")
            && late
                .message
                .contains("position 202: `!` in record `a` is no base"),
        "{late}"
    );
    // an index of another file
    std::fs::write(place.path().join("g.fa"), ">a\nACGTACGT\nACGT\n").expect("written");
    std::fs::write(place.path().join("g.fa.fai"), "a\t500\t3\t8\t9\n").expect("written");
    run(&format!(
        "let g = genome::open(\"{}/g.fa\"); assert_eq(g.sizes.a, 12); assert(g.notes[0].contains(\"does not fit the sequence\"), g.notes[0]);",
        place.path().display()
    ))
    .expect("its index is made again");
    // a file of one line that has no end: its index is samtools'
    std::fs::write(place.path().join("open.fa"), ">a\nACGTACGTT").expect("written");
    run(&format!(
        "assert_eq(genome::open(\"{}/open.fa\").fetch(\"a\", 6, 9), \"GTT\");",
        place.path().display()
    ))
    .expect("it is read");
    assert_eq!(
        std::fs::read_to_string(place.path().join("open.fa.fai")).expect("an index"),
        "a\t9\t3\t9\t10\n"
    );
}

#[test]
fn rows_of_a_genome_shift_into_what_lies_there() {
    run("let g = genome::from(#{ chr1: seq::random(1, 3000, #{ seed: 4 })[0] });
         let at = intervals::from(#{ chrom: [\"chr1\"], start: [1000], end: [1100] });
         let set = data::regions(g, at);
         let seen = #{};
         for epoch in 1..60 { for b in set.batches(1, #{ augment: augment::shift(3), seed: 5, epoch: epoch }) {
             let text = seq::decode(b.x)[0];
             assert(!text.contains(\"N\"));
             assert(g.fetch(\"chr1\", 997, 1103).contains(text), text);
             seen[text] = true;
         } }
         assert_eq(seen.len(), 7);")
    .expect("shifted rows are the genome's");
    // negatives are drawn anew every epoch; a track turns with its sequence
    run("let g = genome::from(#{ chr1: seq::random(1, 3000, #{ seed: 4 })[0] });
         let all = g.windows(100);
         let bound = data::regions(g, intervals::from(#{ chrom: [\"chr1\", \"chr1\"], start: [0, 100], end: [100, 200] }));
         let pool = data::regions(g, all, #{ labels: (0..30).map(|i| 0) });
         let set = bound.with_negatives(pool, #{ ratio: 2.0, seed: 3 });
         let drawn = |epoch| { let out = []; for b in set.batches(6, #{ order: \"kept\", epoch: epoch }) { out = seq::decode(b.x); } out };
         let a = drawn.call(1); let b = drawn.call(2);
         assert_eq(a.len(), 6); assert_eq(a[0], b[0]); assert(a != b); assert_eq(a, drawn.call(1));
         let t = track::from_intervals(intervals::from(#{ chrom: [\"chr1\"], start: [0], end: [10] }));
         let both = data::regions(g, intervals::from(#{ chrom: [\"chr1\"], start: [0], end: [40] }), #{ tracks: #{ signal: [t, t] } });
         for b in both.batches(1, #{ augment: augment::reverse_complement(1.0) }) { assert_eq(b.x.signal.sum(), 20.0); assert_eq(b.x.signal[[0, 0, 30..40]].sum(), 10.0); }")
    .expect("negatives and tracks");
    let lost = fault(
        "let g = genome::from(#{ chr1: \"ACGTACGTACGTACGTACGTACGTACGT\" }); g.random(5, 20, #{ exclude: g.chromosomes() });",
    );
    assert!(lost.message.contains("0 of 5 random regions"), "{lost}");
}

#[test]
fn labels_of_many_factors_follow_the_papers() {
    let Some(folder) = data_folder() else { return };
    let base = folder.join("genome").display().to_string();
    // the multi-label construction on a megabase with 32 factors: every region is labelled with
    // each factor that has a peak there
    run(&format!(
        "let g = genome::open(\"{base}/hg19_chr22_20-21M/22_20-21M.fa\");
         let peaks = intervals::read(\"{base}/hg19_chr22_factornet/encode_dream_conservative_chr22.bed.gz\", #{{ genome: g, invalid: \"skip\" }});
         let sets = peaks.by(\"tf\");
         let found = label::joint(sets, #{{ length: 1000 }});
         assert_eq(found.names.len(), sets.len()); assert(found.names.len() > 25);
         assert_eq(found.values.sum(1).min().item() >= 1.0, true);
         let again = label::peaks(found.regions, sets);
         // a region is centred: peaks of a long cluster may lie outside of its 1,000 bp, never the
         // other way round only
         assert_eq(again.names, found.names);
         let both = (again.values * found.values).sum().item();
         assert(both > 0.9 * found.values.sum().item(), `${{both}} of ${{found.values.sum().item()}}`);
         let set = data::regions(g, found.regions, #{{ labels: found, outside: \"skip\" }});
         assert_eq(set.input().shape, [set.len(), 4, 1000]);
         let pairs = label::joint(sets, #{{ length: 1000, at_least: 2 }});
         assert(pairs.regions.len() < found.regions.len() && pairs.regions.len() > 50);"
    ))
    .expect("32 factors");
    // the thesis': peaks within 200 bp and of all cell types are one, 600 bp around each, a column
    // for each cell type
    run(&format!(
        "let g = genome::open(\"{base}/hg19_chr22_20-21M/22_20-21M.fa\");
         let cells = intervals::read(\"{base}/hg19_chr22_factornet/encode_dream_conservative_chr22.bed.gz\", #{{ genome: g, invalid: \"skip\" }}).by(\"tf\").CTCF.by(\"cell\");
         let found = label::joint(cells, #{{ length: 600, distance: 200 }});
         for n in found.regions.lengths {{ assert_eq(n, 600); }} assert(found.values.mean().item() > 0.3);"
    ))
    .expect("cell types");
    // a whole chromosome with Roman peaks of one file and Arabic ones of another
    run(&format!(
        "let g = genome::open(\"{base}/sacCer3_chrIV/sacCer3.fa\");
         let all = intervals::read(\"{base}/rossi2021/rossi2021_all_chexmix.bed.gz\").on(\"chr4\").by(\"name\");
         let reb = intervals::read(\"{base}/rossi2021/Reb1_CX.bed\").on(\"chrIV\");
         assert(reb.len() > 50);
         let sites = g.sequences(reb.resize(60)); let hits = 0;
         for s in sites {{ if s.contains(\"TTACCCG\") || s.contains(\"CGGGTAA\") {{ hits += 1; }} }}
         assert(hits * 3 > sites.len(), `${{hits}} of ${{sites.len()}} Reb1 sites hold its motif`);
         let found = label::joint(#{{ a: all.Reb1.slop(25, 25), b: all.Abf1.slop(25, 25), c: all.Sua7.slop(25, 25) }}, #{{ length: 1000 }});
         assert_eq(found.names, [\"a\", \"b\", \"c\"]);"
    ))
    .expect("yeast");
}

#[test]
fn dna_shape_stands_beside_its_sequences() {
    let Some(folder) = data_folder() else { return };
    let base = folder.join("chipseq/zeng_ezh2_dnd41").display().to_string();
    run(&format!(
        "let s = data::table(\"{base}/Sequence/Train_seq.csv.gz\");
         let tracks = [\"MGW\", \"ProT\", \"EP\"].map(|name| tensor::load_table(`{base}/Shape/Train_${{name}}.csv.gz`).unsqueeze(1));
         let set = data::from(#{{ sequence: s.sequences(), shape: tensor::cat(tracks, 1), label: s.label }});
         assert_eq(set.len(), 2680); assert_eq(set.input(\"shape\").shape, [2680, 3, 101]);
         for b in set.batches(4, #{{ augment: augment::shift(2), seed: 1 }}) {{ assert_eq(b.x[\"shape\"].shape, [4, 3, 101]); break; }}"
    ))
    .expect("tracks of DNA shape");
}
