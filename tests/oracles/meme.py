"""What the MEME suite 5.4.1 gives on its own inputs: tests/oracles/tomtom.tsv and tests/oracles/fimo.tsv.

    python tests/oracles/meme.py PATH_TO_TOMTOM PATH_TO_FIMO PATH_TO_MEME_DATA

PATH_TO_MEME_DATA holds `tests` and `doc` of the suite; `-` instead of Tomtom keeps its file. Both tools can be built from the sources inside the sdist of
pymemesuite 0.1.0a4 (PyPI).
"""
import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

tomtom, fimo, data = sys.argv[1], sys.argv[2], Path(sys.argv[3])
here = Path(__file__).parent
sample, vertebrates = data / "tests/common/sample.meme", data / "doc/examples/example-datasets/some_vertebrates.meme"


def lines(text):
    return [line.split("\t") for line in text.splitlines()[1:] if line.strip() and not line.startswith("#")]


if tomtom != "-":
    out = ["case\tdistance\tquery\ttarget\toffset\tp_value\te_value\tq_value\toverlap\tstrand"]
    for distance in ["allr", "ed", "kullback", "pearson", "sandelin"]:
        cases = {
            "complete": ["-dist", distance, sample, sample],
            "incomplete": ["-dist", distance, "-incomplete-scores", sample, sample],
            "vertebrates": ["-dist", distance, "-evalue", "-thresh", "100", sample, vertebrates],
        }
        for case, args in cases.items():
            run = subprocess.run([tomtom, "-text", *map(str, args)], capture_output=True, text=True, check=True)
            out += ["\t".join([case, distance, *row[:7], row[9]]) for row in lines(run.stdout)]
    (here / "tomtom.tsv").write_text("\n".join(out) + "\n")

out = ["case\tmotif\tsequence\tstart\tstop\tstrand\tscore\tp_value\tq_value"]
with tempfile.TemporaryDirectory() as folder:
    mouse = Path(folder) / "mouse.fna"
    mouse.write_bytes(gzip.open(data / "doc/examples/example-datasets/mm9_tss_500bp_sampled_1000.fna.gz").read())

    def plain(name):
        path = Path(folder) / name
        path.write_bytes(gzip.open(data / "tests/fimo" / f"{name}.gz").read())
        return path

    cases = {
        "mouse": ["--thresh", "0.00002", "--parse-genomic-coord", vertebrates, mouse],
        "spiked": ["--thresh", "0.001", "--norc", sample, data / "tests/fimo/spiked.fasta"],
        "gcn4": [data / "tests/fimo/GCN4.meme.txt", data / "tests/fimo/GCN4_YPD.fasta"],
        "priors": ["--psp", plain("GCN4_YPD.psp"), "--prior-dist", data / "tests/fimo/prior.dist.txt", data / "tests/fimo/GCN4.meme.txt", data / "tests/fimo/GCN4_YPD.fasta"],
        "html": ["--thresh", "0.001", "--norc", plain("MCM1.meme.html"), data / "tests/fimo/spiked.fasta"],
        "xml": ["--motif-pseudo", "0.01", "--thresh", "0.001", data / "tests/common/crp0.meme.xml", data / "tests/motiph/spiked.fasta"],
    }
    for case, args in cases.items():
        result = Path(folder) / case
        subprocess.run([fimo, "--oc", result, *map(str, args)], capture_output=True, check=True)
        # 1-based starts become 0-based
        for motif, _, sequence, start, stop, strand, score, p, q, _ in lines((result / "fimo.tsv").read_text()):
            out.append("\t".join([case, motif, sequence, str(int(start) - 1), stop, strand, score, p, q]))
(here / "fimo.tsv").write_text("\n".join(out) + "\n")
