//! The readers, each with files to start from.

use cistron::base::{Interval, Result};
use cistron::fault;
use cistron::nn::Model;
use cistron::optim::Optimizer;
use cistron::optim::adam::Adam;
use cistron::seq::intervals::read::{Format, ReaderOptions, read};
use cistron::seq::track::{Missing, Statistic, Track, bam};
use cistron::seq::{Genome, motif};
use cistron::train::history::{Epoch, History};
use cistron::train::identity::Identity;
use cistron::train::monitor::TrainingState;
use cistron::train::partial::Progressed;
use cistron::train::settings::{OnChange, Resume};
use cistron::train::{Networks, checkpoint, settings};
use std::io::Write;
use std::path::Path;
use std::rc::Rc;

/// A reader.
pub struct Reader {
    /// Its name.
    pub name: &'static str,
    /// Files to start from, not wrapped.
    pub seeds: Vec<Vec<u8>>,
    /// How they are compressed, or given lengths that fit.
    pub wrap: Option<fn(&[u8]) -> Vec<u8>>,
    /// What is done with a file.
    pub run: fn(&Path) -> Result<()>,
    /// Whether the files are of a kind that it refuses.
    pub refuses: bool,
}

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
    let list = read(
        path,
        &ReaderOptions {
            format: Some(format),
            ..ReaderOptions::default()
        },
    )?;
    // positions may be anything that is written there
    list.merge(0, false);
    list.closest(&list, &Default::default()).map(drop)
}

fn track(path: &Path) -> Result<()> {
    let track = Track::open(path)?;
    for chrom in 0..track.contigs.len().min(3) as u32 {
        track.bins(
            &Interval::new(chrom, 0, 5000),
            10,
            Statistic::Mean,
            Missing::Skip,
        )?;
        track.bins(
            &Interval::new(chrom, 59_000, 63_000),
            10,
            Statistic::Max,
            Missing::Zero,
        )?;
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

/// A network and its optimizer, of which checkpoints are.
fn small_network() -> (Model, Optimizer) {
    let built = crate::value(
        "nn::build(nn::chain([nn::conv1d(2, 3), nn::batch_norm(), nn::flatten(), nn::linear(1)]), [4, 6], #{ name: \"small\", seed: 1 })",
    );
    let model = built.expect("a network").cast::<Model>();
    let optimizer = Optimizer::new(Rc::new(Adam::DEFAULT), 0.01, 0.0)
        .over(model.parameters())
        .expect("an optimizer");
    (model, optimizer)
}

thread_local! {
    static NETWORK: (Model, Optimizer) = small_network();
}

/// A checkpoint as a training writes it.
fn checkpoint_file() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let (model, mut optimizer) = small_network();
    let epoch = |epoch: usize| Epoch {
        epoch,
        values: vec![("train.loss".into(), 0.5), ("valid.loss".into(), 0.25)],
        ..Epoch::default()
    };
    let history = History {
        name: "small".into(),
        epochs: vec![epoch(1), epoch(2)],
        best_epoch: 2,
        best_value: Some(0.25),
        ..History::default()
    };
    let mut state = TrainingState::new("small");
    state.history = history;
    state.plateau.factor = 0.5;
    let policy = settings::CheckpointPolicy {
        folder: folder.path().into(),
        best: true,
        best_by: Vec::new(),
        last: true,
        is_last_requested: true,
        every: None,
    };
    model.parameters().iter().for_each(|(_, parameter)| {
        parameter
            .sum(&None, false)
            .expect("a sum")
            .backward()
            .expect("gradients");
    });
    optimizer
        .step(&cistron::torch::Number::Here(1.0))
        .expect("a step");
    let best = model.snapshot().expect("parameters");
    let identity = Identity::default();
    let contents = checkpoint::Contents {
        identity: &identity,
        progressed: Progressed {
            state: &state,
            best: Some(&best),
            partial: None,
            average: None,
        },
        began: &serde_json::Value::Null,
        host_state: None,
        own_state: &serde_json::Value::Null,
    };
    let networks = Networks::one(&model);
    checkpoint::save_last(&policy, &networks, &optimizer, &contents).expect("saved");
    std::fs::read(folder.path().join(checkpoint::STATE)).expect("a file")
}

/// What a script writes to `{}`.
fn written(script: &str, ending: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(format!("file.{ending}"));
    crate::run(&script.replace("{}", &path.display().to_string())).expect("written");
    std::fs::read(path).expect("a file")
}

/// A safetensors file whose length of header fits: what is up to the last `}` is the header.
fn with_header_length(bytes: &[u8]) -> Vec<u8> {
    let bytes = bytes.get(8..).unwrap_or_default();
    // tensors may hold such a byte: the header ends before the first byte that no JSON has
    let text = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    let end = bytes[..text]
        .iter()
        .rposition(|byte| *byte == b'}')
        .map_or(text, |at| at + 1);
    let end = end
        + bytes[end..]
            .iter()
            .take_while(|byte| **byte == b' ')
            .count();
    [&(end as u64).to_le_bytes(), bytes].concat()
}

/// An npy file whose length of header fits.
fn with_npy_length(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if let (Some(end), true) = (
        bytes.iter().skip(10).position(|byte| *byte == b'\n'),
        bytes.len() > 10,
    ) {
        bytes[8..10].copy_from_slice(&((end + 1) as u16).to_le_bytes());
    }
    bytes
}

/// A zip archive of one array.
fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options =
        zip::write::FileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    archive.start_file("a.npy", options).expect("an entry");
    archive.write_all(&with_npy_length(bytes)).expect("written");
    archive.finish().expect("an archive").into_inner()
}

/// Reads a dataset, and what is in it.
fn read_dataset(path: &Path) -> Result<()> {
    let set = cistron::data::save::load(path)?;
    cistron::data::save::save(&set, &path.with_extension("again"))
}

fn notebook(path: &Path) -> Result<()> {
    let text = cistron::base::file::read_text(path)
        .map_err(|error| cistron::base::Fault::file(path, &error))?;
    cistron::cli::notebook::script_of(&text)
        .map(drop)
        .map_err(|what| fault!("data", "{what}"))
}

/// A run's folder whose files are all this file.
fn record(path: &Path) -> Result<()> {
    let folder = path.with_extension("run");
    std::fs::create_dir_all(&folder)
        .map_err(|error| cistron::base::Fault::file(&folder, &error))?;
    for name in [
        "run.json",
        "results.json",
        "set.json",
        "metrics.jsonl",
        "versions.json",
        "data.json",
        "failed.json",
    ] {
        std::fs::copy(path, folder.join(name))
            .map_err(|error| cistron::base::Fault::file(path, &error))?;
    }
    let record = cistron::track::read(&folder);
    cistron::track::export::csv::text(&record, true);
    cistron::track::report::page(&record, "");
    Ok(())
}

fn variants(path: &Path) -> Result<()> {
    let mut reader = cistron::seq::variants::Reader::open(path)?;
    while reader.next_record()?.is_some() {}
    Ok(())
}

/// Reads a file of weights and converts its layout, where it can be.
fn weights(path: &Path) -> Result<()> {
    let file = cistron::torch::weights::open(path)?;
    for entry in &file.entries {
        entry.values()?;
    }
    cistron::torch::weights::layout::from_keras(&file.entries).ok();
    Ok(())
}

/// A file of weights that another program wrote.
fn foreign(name: &str) -> Vec<u8> {
    let folder = crate::root().join("tests/oracles/weights");
    let path = folder.join(name);
    if path.exists() {
        return std::fs::read(path).expect("a file");
    }
    let archive = std::fs::File::open(folder.join("keras.zip")).expect("the files");
    let mut archive = zip::ZipArchive::new(archive).expect("an archive");
    let mut bytes = Vec::new();
    let mut entry = archive.by_name(name).expect(name);
    std::io::Read::read_to_end(&mut entry, &mut bytes).expect("unpacked");
    bytes
}

/// The pickle of an archive of PyTorch.
fn pickle_of(name: &str) -> Vec<u8> {
    let archive = std::io::Cursor::new(foreign(name));
    let mut archive = zip::ZipArchive::new(archive).expect("an archive");
    let folder = archive
        .file_names()
        .find_map(|name| name.strip_suffix("data.pkl"));
    let entry = format!("{}data.pkl", folder.expect("a pickle"));
    let mut bytes = Vec::new();
    let mut entry = archive.by_name(&entry).expect("a pickle");
    std::io::Read::read_to_end(&mut entry, &mut bytes).expect("unpacked");
    bytes
}

/// An archive of PyTorch around a pickle, with numbers for any small storage.
fn in_archive(pickle: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options =
        zip::write::FileOptions::default().compression_method(zip::CompressionMethod::Stored);
    archive.start_file("x/data.pkl", options).expect("an entry");
    archive.write_all(pickle).expect("written");
    for i in 0..10 {
        archive
            .start_file(format!("x/data/{i}"), options)
            .expect("an entry");
        let bytes = [48, 12, 12, 12, 12, 12, 8, 12, 4, 4][i];
        archive.write_all(&vec![1; bytes]).expect("written");
    }
    archive.finish().expect("an archive").into_inner()
}

/// Readers that take text, on a file of another kind.
fn refused(path: &Path) -> Result<()> {
    let outcomes = [
        cistron::data::table::read(path, &Default::default()).map(drop),
        cistron::data::matrix::read(path).map(drop),
        motif::read(path).map(drop),
        cistron::torch::file::load_safetensors(path).map(drop),
        cistron::torch::file::load_npy(path).map(drop),
        cistron::torch::file::load_npz(path).map(drop),
        Track::open(path).map(drop),
        Genome::open(path, None).map(drop),
    ];
    outcomes
        .into_iter()
        .find(std::result::Result::is_err)
        .unwrap_or(Ok(()))
}

const XML: [&[u8]; 3] = [
    br#"<?xml version="1.0"?><STREME><model><background A="0.3" C="0.2" G="0.2" T="0.3"/></model><motifs><motif id="1-AC" alt="S" nsites="7"><pos A="1" C="0" G="0" T="0"/><pos A="0" C="1" G="0" T="0"/></motif></motifs></STREME>"#,
    br#"<?xml version="1.0"?><MEME><alphabet name="DNA"><letter id="A" symbol="A"/><letter id="C" symbol="C"/><letter id="G" symbol="G"/><letter id="T" symbol="T"/></alphabet><motifs><motif id="m" width="1"><probabilities><alphabet_array><value letter_id="A">1</value><value letter_id="C">0</value><value letter_id="G">0</value><value letter_id="T">0</value></alphabet_array></probabilities></motif></motifs></MEME>"#,
    br#"<motif><name>Abd-B</name><weightmatrix alphabet="DNA" columns="1"><column pos="0"><weight symbol="thymine">0.1</weight><weight symbol="adenine">0.7</weight><weight symbol="cytosine">0.1</weight><weight symbol="guanine">0.1</weight></column></weightmatrix></motif>"#,
];

/// All readers.
pub fn readers() -> Vec<Reader> {
    let fasta = b">chr1 one\nACGTACGTAC\nACGTNNRYAC\nACG\n>chr2\nTTTT\n".to_vec();
    let bed =
        b"chr1\t5\t20\tname\t10\t+\nchr1\t15\t30\tother\t20\t-\nchr2\t1\t9\tx\t0\t.\n".to_vec();
    let peaks =
        b"chr1\t5\t20\tp\t10\t.\t5.5\t-1\t-1\t7\nchr2\t15\t30\tq\t20\t.\t1.5\t3\t2\t-1\n".to_vec();
    let gtf =
        b"#!genome x\nchr1\ts\tgene\t5\t20\t.\t+\t.\tgene_id \"a\"; gene_name \"b\";\nchr1\ts\texon\t5\t9\t1.5\t-\t0\tgene_id \"a\"; transcript_id \"t\";\n"
            .to_vec();
    let gff = b"##gff-version 3\nchr1\ts\tgene\t5\t20\t.\t+\t.\tID=a;Name=b%20c\nchr1\ts\tCDS\t5\t9\t.\t-\t0\tParent=a,b\n##FASTA\n>x\nAC\n".to_vec();
    let vcf =
        b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr1\t5\trs1\tA\tC,GT\t50\tPASS\tDP=3\nchr2\t9\t.\tACG\tA\t.\t.\t.\n".to_vec();
    let graph =
        b"track type=bedGraph\nchr1\t0\t10\t1.5\nchr1\t10\t20\t-2\nchr2\t5\t6\t1e3\n".to_vec();
    let motifs = [
        &b"MEME version 4\n\nALPHABET= ACGT\n\nMOTIF m1 n\nletter-probability matrix: alength= 4 w= 2 nsites= 20 E= 0\n0.1 0.2 0.3 0.4\n0.7 0.1 0.1 0.1\n"[..],
        b">m1\tn\nA  [ 10 0 0 ]\nC  [ 0 9 0 ]\nG  [ 0 1 10 ]\nT  [ 0 0 0 ]\n",
        b"AC  m1\nXX\nP0  A  C  G  T\n01  10  0  0  0  A\n02  0  9  1  0  C\nXX\n//\n",
        b">ACG\tm1\t6.0\n0.97\t0.01\t0.01\t0.01\n0.01\t0.97\t0.01\t0.01\n",
        b"Gene:  m1  Motif: x\nA:\t1 0 0\nC:\t0 1 0\nG:\t0 0 1\nT:\t0 0 0\n",
    ];
    // binary files are small real ones, where they are there
    let base = std::env::var_os("CISTRON_DATA").map_or_else(
        || crate::root().join("../shared/data"),
        std::path::PathBuf::from,
    );
    let real = |name: &str| std::fs::read(base.join("genome").join(name)).ok();
    let two_bit = crate::genome::two_bit("chr1", b"ACGTNNNNACGTACG");
    let table = b"FoldID\tEventID\tseq\tBound\nA\tone\tACGTA\t1\nA\ttwo\tTTTTA\t0\n".to_vec();
    let quoted = b"name,\"seq\",y\n\"a,\"\"b\"\"\",ACGTA,1\n\"c\nd\",TTTTA,0\n# note\n".to_vec();
    let numbers = b"a\tb\n1\t2.5\nNA\t-3e5\n".to_vec();
    let wiggle = b"track type=wiggle_0\nfixedStep chrom=chr1 start=1 step=2 span=2\n2\n3\nvariableStep chrom=chr2 span=3\n5 1.5\n9 2\n".to_vec();
    let sam =
        b"@HD\tVN:1.6\n@SQ\tSN:chr1\tLN:1000\nr1\t0\tchr1\t101\t60\t5M2D3M\t*\t0\t0\tACGTACGT\tIIIIIIII\nr2\t16\tchr1\t201\t60\t8M\t*\t0\t0\tACGTACGT\t*\n"
            .to_vec();
    let symbolic =
        b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr1\t5\t.\tA\t<DEL>\t.\t.\tEND=9;SVLEN=-4\nchr1\t7\trs\tA\tG,*\t.\t.\t.\n"
            .to_vec();
    let ace = b"AlignACE 4.0\nInput sequences:\n#0\tSEQ1\n\nMotif 1\nACG\t0\t51\t0\nACT\t1\t5\t1\n***\nMAP Score: 57.9\n".to_vec();
    let sites = b">MA1\tARNT\t1\nCACGTGatg\n>MA1\tARNT\t2\ntaCACGTTc\n".to_vec();
    let notebooks = [
        &br##"{"cells": [{"cell_type": "markdown", "metadata": {"cistron": {"gap": 2, "head": "// %% [markdown]\n"}}, "source": ["# T\n", "text"]}, {"cell_type": "code", "metadata": {}, "source": "let a = 1;", "outputs": []}], "nbformat": 4}"##[..],
        br#"{"cells": []}"#,
    ];
    let run = br#"{"started": "2026-01-01T00:00:00Z", "start": {"script": "/a.rhai", "folder": "/", "name": "n", "tags": ["t"], "set": {"n": "3"}, "device": "cpu", "seed": 1, "threads": null, "loaders": 1, "sandbox": null}, "epoch": 1, "model": "m", "train.loss": 0.5, "seconds": 1.5, "test": {"auroc": 0.9}}"#.to_vec();
    let tensors = written(
        "tensor::save_safetensors(\"{}\", #{ a: tensor::ones([2, 3]), b: tensor::from([1, 2]), c: tensor::ones([]) });",
        "safetensors",
    );
    let array = written("tensor::save_npy(\"{}\", tensor::ones([2, 3]));", "npy");
    let arrays = written(
        "tensor::save_npz(\"{}\", #{ a: tensor::ones([2, 3]), b: tensor::from([1, 2]) });",
        "npz",
    );
    let dataset = written(
        "data::from(#{ sequence: [\"ACGT\", \"TTTT\"], label: [1.0, 0.0] }).save(\"{}\");",
        "safetensors",
    );
    let simulated = written(
        "sim::paired(sim::motifs(4, #{ width: 4, seed: 1 }), #{ n: 4, length: 20, per_sequence: 2, seed: 1 }).save(\"{}\");",
        "safetensors",
    );
    let hdf5 = written(
        "let x = seq::random(10, 60, #{ seed: 1 }); explain::modisco(seq::one_hot(x) * 0.1 + 0.01, x).save_h5(\"{}\");",
        "h5",
    );
    // a dictionary of numbers by Python's pickle, protocols 0 and 4
    let pickles = [
        &b"(dp0\nVa\np1\nI1\nsVb\np2\nF2.5\ns."[..],
        b"\x80\x04\x95\x1a\0\0\0\0\0\0\0}\x94(\x8c\x01a\x94K\x01\x8c\x01b\x94G@\x04\0\0\0\0\0\0u.",
    ];
    let all_motifs = motifs
        .iter()
        .map(|m| m.to_vec())
        .chain(XML.iter().map(|m| m.to_vec()))
        .chain([ace, sites])
        .collect();
    let plain = |name, seeds, run| Reader {
        name,
        seeds,
        wrap: None,
        run,
        refuses: false,
    };
    let wrapped = |name, seeds, wrap: fn(&[u8]) -> Vec<u8>, run| Reader {
        name,
        seeds,
        wrap: Some(wrap),
        run,
        refuses: false,
    };
    let mut list: Vec<Reader> = vec![
        plain("fasta", vec![fasta.clone()], genome),
        wrapped("fasta.gz", vec![fasta.clone()], gz, genome),
        wrapped("fasta.bgz", vec![fasta], bgzip, genome),
        plain("2bit", vec![two_bit], genome),
        plain("bed", vec![bed], |path| of_format(path, Format::Bed)),
        plain("narrowPeak", vec![peaks], |path| {
            of_format(path, Format::NarrowPeak)
        }),
        plain("gtf", vec![gtf], |path| of_format(path, Format::Gtf)),
        plain("gff", vec![gff], |path| of_format(path, Format::Gff)),
        plain("vcf", vec![vcf.clone(), symbolic.clone()], |path| {
            of_format(path, Format::Vcf)
        }),
        plain("variants", vec![vcf, symbolic], variants),
        plain("bedGraph", vec![graph], track),
        plain("wiggle", vec![wiggle], track),
        plain("sam", vec![sam], |path| {
            bam::coverage(path, &bam::CountOptions::default()).map(drop)
        }),
        wrapped("bam", vec![small_bam()], bgzip, |path| {
            bam::coverage(path, &bam::CountOptions::default()).map(drop)
        }),
        plain("motifs", all_motifs, |path| motif::read(path).map(drop)),
        wrapped("table", vec![table], gz, |path| {
            cistron::data::table::read(path, &Default::default()).map(drop)
        }),
        plain("quoted table", vec![quoted], |path| {
            let column = |name: &str| (name.to_string(), name.to_string());
            let plan = cistron::data::table::TableColumns {
                sequences: vec![column("seq")],
                labels: vec!["y".into()],
                name: Some("name".into()),
                length: None,
            };
            cistron::data::table::read(path, &plan).map(drop)
        }),
        plain("numbers", vec![numbers], |path| {
            cistron::data::matrix::read(path).map(drop)
        }),
        plain(
            "notebook",
            notebooks.iter().map(|n| n.to_vec()).collect(),
            notebook,
        ),
        plain("record of a run", vec![run], record),
        wrapped("safetensors", vec![tensors], with_header_length, |path| {
            cistron::torch::file::load_safetensors(path).map(drop)
        }),
        wrapped("npy", vec![array.clone()], with_npy_length, |path| {
            cistron::torch::file::load_npy(path).map(drop)
        }),
        wrapped("npz", vec![array], zipped, |path| {
            cistron::torch::file::load_npz(path).map(drop)
        }),
        plain("npz as a whole", vec![arrays], |path| {
            cistron::torch::file::load_npz(path).map(drop)
        }),
        wrapped(
            "dataset",
            vec![dataset, simulated],
            with_header_length,
            read_dataset,
        ),
        wrapped(
            "checkpoint",
            vec![checkpoint_file()],
            with_header_length,
            |path| {
                let resume = Resume {
                    path: path.into(),
                    is_own: true,
                    on_change: OnChange::Warn,
                };
                NETWORK.with(|(model, optimizer)| {
                    checkpoint::load_last(
                        &resume,
                        &Identity::default(),
                        &Networks::one(model),
                        &mut optimizer.clone(),
                        None,
                    )
                    .map(drop)
                })
            },
        ),
        plain(
            "torch archive",
            [
                "state.pt",
                "types.pt",
                "views.pt",
                "lightning.ckpt",
                "unsigned.pt",
            ]
            .map(foreign)
            .into(),
            weights,
        ),
        wrapped(
            "torch pickle",
            vec![pickle_of("state.pt")],
            in_archive,
            weights,
        ),
        plain(
            "torch legacy",
            ["state_legacy.pt", "types_legacy.pt", "views_legacy.pt"]
                .map(foreign)
                .into(),
            weights,
        ),
        plain(
            "keras h5",
            ["keras2.h5", "keras3.weights.h5"].map(foreign).into(),
            weights,
        ),
        plain("keras archive", vec![foreign("keras3.keras")], weights),
        Reader {
            name: "hdf5 and pickles",
            seeds: pickles.iter().map(|p| p.to_vec()).chain([hdf5]).collect(),
            wrap: None,
            run: refused,
            refuses: true,
        },
    ];
    if let Some(wig) = real("bigtools/mini.bw") {
        list.push(plain(
            "bigWig",
            [Some(wig), real("pybigwig/test.bw")]
                .into_iter()
                .flatten()
                .collect(),
            track,
        ));
    }
    if let Some(bed) = real("bigtools/mini.bb") {
        list.push(plain("bigBed", vec![bed], |path| {
            of_format(path, Format::BigBed)
        }));
    }
    list
}
