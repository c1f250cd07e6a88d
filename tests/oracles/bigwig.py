"""Exact means and maxima of windows of a bigWig by pyBigWig: python bigwig.py FOLDER/genome/bbi-js/ENCFF826FLP.bw > bigwig.tsv"""
import sys

import pyBigWig

with pyBigWig.open(sys.argv[1]) as wig:
    (chrom, length), = wig.chroms().items()
    print(f"# {chrom} start, end, mean, max: pyBigWig {pyBigWig.__version__}, stats(exact=True)")
    for start in range(16_000_000, length - 1000, 50_001):
        mean, top = (wig.stats(chrom, start, start + 1000, type=kind, exact=True)[0] for kind in ("mean", "max"))
        if mean is not None:
            print(start, start + 1000, repr(mean), repr(top), sep="\t")
