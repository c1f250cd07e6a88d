//! First rows of tables: whether they are headers, and whether the first column has names.

/// Headers of a column of names, in lower case, without blanks and signs.
const NAMES: [&str; 69] = [
    "",
    "accession",
    "agi",
    "barcode",
    "barcodes",
    "cell",
    "cellid",
    "cells",
    "clusterid",
    "ensembl",
    "ensemblgeneid",
    "ensemblid",
    "ensg",
    "ensgid",
    "entrez",
    "entrezgene",
    "entrezgeneid",
    "entrezid",
    "feature",
    "featureid",
    "featurename",
    "features",
    "gene",
    "geneaccession",
    "geneid",
    "geneids",
    "genename",
    "genenames",
    "genes",
    "genesymbol",
    "genesymbols",
    "hgnc",
    "hgncid",
    "hgncsymbol",
    "hugosymbol",
    "id",
    "identifier",
    "idref",
    "ids",
    "index",
    "isoform",
    "locus",
    "locusid",
    "locustag",
    "name",
    "names",
    "ncbigene",
    "ncbigeneid",
    "orf",
    "orfname",
    "probe",
    "probeid",
    "probename",
    "probes",
    "probeset",
    "probesetid",
    "refseq",
    "rowname",
    "rownames",
    "sample",
    "sampleid",
    "samplename",
    "samples",
    "symbol",
    "symbols",
    "transcript",
    "transcriptid",
    "unigene",
    "unnamed0",
];

/// Headers that are names of genes or samples as well: a column of names where all of its cells are
/// different integers. Programs call columns without a name so.
const PERHAPS: [&str; 9] = ["key", "n", "no", "nr", "number", "row", "rows", "v1", "x"];

/// Headers of a column of times, whose rows are samples.
const TIMES: [&str; 4] = ["time", "timepoint", "timepoints", "times"];

/// Headers of columns that describe genes, beside their names.
const DESCRIPTIONS: [&str; 24] = [
    "biotype",
    "chr",
    "chrom",
    "chromosome",
    "description",
    "end",
    "ensemblgeneid",
    "ensemblid",
    "entrezgeneid",
    "entrezid",
    "geneaccession",
    "genebiotype",
    "genedescription",
    "genelength",
    "genename",
    "genesymbol",
    "genetype",
    "hgncid",
    "hgncsymbol",
    "hugosymbol",
    "length",
    "ncbigeneid",
    "start",
    "strand",
];

/// Headers of a column of cells, whose rows are samples.
const CELLS: [&str; 5] = ["barcode", "barcodes", "cell", "cellid", "cells"];

/// Whether a header is that of a column that describes genes.
pub(super) fn is_of_descriptions(header: &str) -> bool {
    DESCRIPTIONS.contains(&plain(header).as_str())
}

/// Whether a header is that of a column of cells.
pub(super) fn is_of_cells(header: &str) -> bool {
    CELLS.contains(&plain(header).as_str())
}

/// A header in one spelling: `Gene Symbol`, `gene_symbol` and `gene.symbol` are the same.
pub(crate) fn plain(header: &str) -> String {
    let letters = header.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Whether a header is that of a column of names.
pub(super) fn is_of_names(header: &str) -> bool {
    NAMES.contains(&plain(header).as_str()) || is_of_times(header)
}

/// Whether a header is that of a column of names where its cells are different integers.
pub(super) fn is_perhaps_of_names(header: &str) -> bool {
    PERHAPS.contains(&plain(header).as_str())
}

/// Whether a header is that of a column of times.
pub(super) fn is_of_times(header: &str) -> bool {
    TIMES.contains(&plain(header).as_str())
}

/// A header with each number replaced by one sign: `GSM12` and `GSM7` are alike.
fn shape(header: &str) -> String {
    let mut out = String::new();
    for c in header.chars() {
        match c.is_ascii_digit() {
            true if out.ends_with('#') => {}
            true => out.push('#'),
            false => out.push(c),
        }
    }
    out
}

/// Whether the first header differs from another one in nothing but numbers, as those of one kind
/// of columns do.
pub(super) fn is_first_alike(header: &[String]) -> bool {
    let Some((first, others)) = header.split_first() else {
        return false;
    };
    let first = shape(first);
    first.contains('#') && others.iter().any(|other| shape(other) == first)
}

/// Whether all cells are integers, each a different one.
pub(super) fn are_distinct_integers(cells: &[String]) -> bool {
    let mut seen = std::collections::HashSet::with_capacity(cells.len());
    cells.iter().all(|cell| {
        let value = cell.parse::<i64>().ok();
        value.is_some_and(|value| seen.insert(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_names_are_known_in_all_spellings() {
        for header in [
            "",
            "Gene Symbol",
            "gene_symbol",
            "Gene.Symbol",
            "entrez",
            "ENTREZID",
            "Unnamed: 0",
            "index",
            "feature",
            "locus",
            "ORF",
            "Time",
            "ID_REF",
            "#gene",
        ] {
            assert!(is_of_names(header), "{header}");
        }
        assert!(is_perhaps_of_names("X") && is_perhaps_of_names("V1"));
        for header in ["s1", "TP53", "control", "GSM123", "x"] {
            assert!(!is_of_names(header), "{header}");
        }
        assert!(NAMES.is_sorted() && PERHAPS.is_sorted() && TIMES.is_sorted());
        assert!(DESCRIPTIONS.is_sorted() && CELLS.is_sorted());
        assert!(is_of_descriptions("Entrez_Gene_Id") && is_of_cells("cell"));
    }

    #[test]
    fn headers_of_one_kind_are_alike() {
        let of = |names: &[&str]| {
            names
                .iter()
                .map(|name| name.to_string())
                .collect::<Vec<_>>()
        };
        assert!(is_first_alike(&of(&["GSM1", "GSM22"])));
        assert!(is_first_alike(&of(&["AT1G01010", "AT5G7"])));
        assert!(!is_first_alike(&of(&["WBID", "s1", "s2"])));
        assert!(!is_first_alike(&of(&["s1"])) && !is_first_alike(&[]));
        assert!(are_distinct_integers(&of(&["3", "-1"])));
        assert!(!are_distinct_integers(&of(&["3", "3"])));
        assert!(!are_distinct_integers(&of(&["3", "1.5"])));
    }
}
