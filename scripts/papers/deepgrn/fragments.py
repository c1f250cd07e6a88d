"""Coverage of MNase fragments on a yeast chromosome, as bedGraph files for 3_yeast.rhai.

    pip install rdata numpy
    python fragments.py MNase_sacCer3_Henikoff2011.rda chrIV OUT

writes OUT/short.bedGraph, fragments up to 80 bp, which factors and open chromatin protect, and
OUT/nucleosomes.bedGraph, fragments of 130 to 180 bp. Both are divided by their mean over the
chromosome (1x coverage). The .rda file is a GRanges of the R package VplotR (400,000 fragments).
"""

import pathlib
import sys

import numpy as np
import rdata


def fields(node):
    """The attributes of an R object by name."""
    found = {}
    cell = node.attributes if node.attributes is not None else node
    while cell is not None and cell.info.type.name == "LIST":
        tag = cell.tag if cell.tag.info.type.name != "REF" else cell.tag.referenced_object
        found[tag.value.value.decode()] = cell.value[0]
        cell = cell.value[1]
    return found


def fragments(path, chromosome):
    """Starts (from 0) and widths of the fragments of a chromosome."""
    ranges = fields(rdata.parser.parse_file(path).object.value[0])
    names = fields(ranges["seqnames"])
    levels = [name.value.decode() for name in fields(names["values"])["levels"].value]
    of = np.repeat(names["values"].value, names["lengths"].value)
    at = fields(ranges["ranges"])
    here = of == levels.index(chromosome) + 1
    length = fields(ranges["seqinfo"])["seqlengths"].value[levels.index(chromosome)]
    return at["start"].value[here] - 1, at["width"].value[here], int(length)


def save(path, chromosome, start, width, length):
    """Writes coverage divided by its mean."""
    change = np.zeros(length + 1)
    np.add.at(change, np.clip(start, 0, length), 1)
    np.add.at(change, np.clip(start + width, 0, length), -1)
    depth = np.cumsum(change)[:length]
    depth = depth / depth.mean()
    edges = np.flatnonzero(np.diff(depth)) + 1
    bounds = np.concatenate([[0], edges, [length]])
    with open(path, "w") as out:
        for a, b in zip(bounds[:-1], bounds[1:]):
            out.write(f"{chromosome}\t{a}\t{b}\t{depth[a]:.6g}\n")


def main(path, chromosome, out):
    start, width, length = fragments(path, chromosome)
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    for name, low, high in [("short", 0, 80), ("nucleosomes", 130, 180)]:
        own = (width >= low) & (width <= high)
        print(f"{name}: {own.sum()} of {len(width)} fragments")
        save(out / f"{name}.bedGraph", chromosome, start[own], width[own], length)


main(*sys.argv[1:])
