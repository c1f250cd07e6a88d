//! Kinds of files by their first bytes, so that errors name the kind of a wrong file.

use cistron_base::Fault;
use cistron_base::fault;
use std::path::Path;

/// A kind of file.
#[derive(Debug)]
pub struct Kind {
    starts: &'static [u8],
    /// Its name, with an article.
    pub name: &'static str,
    /// What reads it.
    pub advice: &'static str,
    is_text: bool,
}

const fn binary(starts: &'static [u8], name: &'static str, advice: &'static str) -> Kind {
    Kind {
        starts,
        name,
        advice,
        is_text: false,
    }
}

const fn text(starts: &'static [u8], name: &'static str, advice: &'static str) -> Kind {
    Kind {
        starts,
        name,
        advice,
        is_text: true,
    }
}

const UNPACK: &str = "unpack it first; text files may stay compressed by gzip or bgzip";
const COUNT: &str = "`track::coverage(path)` counts its reads";
const INDEX: &str = "give the file that it indexes";
const GENOME: &str = "`genome::open(path)` reads it";
const BIG_BED: &str = "`intervals::read(path, #{ format: \"bigBed\" })` reads it";
const UTF_8: &str = "`iconv -f UTF-16 -t UTF-8 FILE > utf8.txt` converts it";
const HTML: &str = "a download may have returned an error page: fetch the file again";

const KINDS: &[Kind] = &[
    binary(
        b"CRAM",
        "a CRAM file",
        "`samtools view -b -T genome.fa -o reads.bam FILE` makes a BAM file, which \
        `track::coverage` reads",
    ),
    binary(b"BAM\x01", "a BAM file", COUNT),
    binary(
        b"BCF\x02",
        "a BCF file",
        "`bcftools view -o variants.vcf FILE` makes a VCF file",
    ),
    binary(b"BAI\x01", "an index of a BAM file", INDEX),
    binary(b"CSI\x01", "a CSI index", INDEX),
    binary(b"TBI\x01", "a tabix index", INDEX),
    binary(b"\x43\x27\x41\x1a", "a 2bit file", GENOME),
    binary(b"\x1a\x41\x27\x43", "a 2bit file", GENOME),
    binary(
        b"\x26\xfc\x8f\x88",
        "a bigWig file",
        "`track::open(path)` reads it",
    ),
    binary(
        b"\x88\x8f\xfc\x26",
        "a bigWig file",
        "`track::open(path)` reads it",
    ),
    binary(b"\xeb\xf2\x89\x87", "a bigBed file", BIG_BED),
    binary(b"\x87\x89\xf2\xeb", "a bigBed file", BIG_BED),
    binary(
        b"\x93NUMPY",
        "a NumPy array",
        "`tensor::load_npy(path)` reads it",
    ),
    binary(
        b"\x89HDF\r\n",
        "an HDF5 file",
        "export what is needed from it as text, npy or safetensors",
    ),
    binary(
        b"PK\x03\x04",
        "a zip archive",
        "unzip it, save a spreadsheet as CSV, read npz by `tensor::load_npz(path)`",
    ),
    binary(b"\xd0\xcf\x11\xe0", "a spreadsheet (xls)", "save it as CSV"),
    binary(b"BZh", "compressed by bzip2", UNPACK),
    binary(b"\xfd7zXZ", "compressed by xz", UNPACK),
    binary(b"\x28\xb5\x2f\xfd", "compressed by zstd", UNPACK),
    binary(b"%PDF", "a PDF file", "find the data that it shows"),
    binary(b"\x89PNG", "a PNG image", "find the data that it shows"),
    binary(b"\xff\xfe", "a text in UTF-16", UTF_8),
    binary(b"\xfe\xff", "a text in UTF-16", UTF_8),
    text(
        b"version https://git-lfs",
        "a pointer of Git LFS",
        "`git lfs pull` fetches the file itself",
    ),
    text(b"<!DOCTYPE html", "an HTML page", HTML),
    text(b"<!doctype html", "an HTML page", HTML),
    text(b"<html", "an HTML page", HTML),
    text(
        b"##fileformat=VCF",
        "a VCF file",
        "`intervals::read(path, #{ format: \"vcf\" })` reads it",
    ),
    text(
        b"##gff-version",
        "a GFF file",
        "`intervals::read(path, #{ format: \"gff\" })` reads it",
    ),
    text(b"@HD\t", "a SAM file", COUNT),
    text(b"@SQ\t", "a SAM file", COUNT),
    text(b"@RG\t", "a SAM file", COUNT),
    text(b"@PG\t", "a SAM file", COUNT),
    text(b"@CO\t", "a SAM file", COUNT),
    text(
        b"fixedStep",
        "a wiggle file",
        "`track::open(path)` reads it",
    ),
    text(
        b"variableStep",
        "a wiggle file",
        "`track::open(path)` reads it",
    ),
    text(
        b"track type=wiggle_0",
        "a wiggle file",
        "`track::open(path)` reads it",
    ),
    text(
        b"track type=bedGraph",
        "a bedGraph file",
        "`track::open(path)` reads it",
    ),
    text(
        b"LOCUS ",
        "a GenBank file",
        "convert it to FASTA or GFF first",
    ),
    text(b"ID   ", "an EMBL file", "convert it to FASTA or GFF first"),
    text(
        b"MEME version",
        "a MEME file",
        "`motifs::read(path)` reads it",
    ),
    text(b">", "a FASTA file", GENOME),
    text(
        b"@",
        "a FASTQ file",
        "align its reads; `track::coverage` counts aligned reads (BAM, SAM)",
    ),
];

/// The kind of a file that starts with `head`; none where it is not known.
pub fn of(head: &[u8]) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| head.starts_with(kind.starts))
}

/// The same, of files that hold no text.
pub fn of_binary(head: &[u8]) -> Option<&'static Kind> {
    of(head).filter(|kind| !kind.is_text)
}

/// The fault of a file that starts with `head` where `wanted` is read.
pub fn wrong(path: &Path, head: &[u8], wanted: &str) -> Fault {
    match of(head) {
        Some(kind) => {
            fault!(
                "data",
                "`{}` is {}, not {wanted}",
                path.display(),
                kind.name;
                hint: "{}",
                kind.advice
            )
        }
        None => fault!("data", "`{}` is not {wanted}", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_by_their_first_bytes() {
        let name = |head: &[u8]| of(head).map_or("", |kind| kind.name);
        assert_eq!(name(b"CRAM\x03"), "a CRAM file");
        assert_eq!(name(b"@SQ\tSN:chr1"), "a SAM file");
        assert_eq!(name(b"@read1\nACGT"), "a FASTQ file");
        assert_eq!(name(b"chr1\t1\t2"), "");
        assert!(of_binary(b">chr1").is_none());
        assert!(
            wrong(Path::new("x"), b"%PDF-1", "a BED file")
                .message
                .contains("is a PDF file, not a BED file")
        );
    }
}
