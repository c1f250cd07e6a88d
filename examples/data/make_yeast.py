#!/usr/bin/env python3
"""Writes yeast_sites.csv, yeast_locus.fa, yeast_peaks.bed and yeast_variants.vcf.

    python3 make_yeast.py sacCer3.fa rossi2021_all_chexmix.bed.gz

The first file is chromosome IV of Saccharomyces cerevisiae (assembly sacCer3, as in the tests of
genomepy, MIT), the second the ChIP-exo peaks of Rossi et al. 2021 (CEGRcode/2021-Rossi_Nature,
MIT). The same inputs result in the same files.
"""

import gzip
import random
import sys

HALF = 50                       # a window is 50 bases, the peak, 50 bases
LOCUS = (165_000, 225_000)      # 60,000 bases of chrIV with 12 peaks of Reb1


def read_chromosome(path):
    with open(path) as lines:
        return "".join(line.strip() for line in lines if line[0] != ">").upper()


def read_peaks(path, names):
    peaks = {name: [] for name in names}
    with gzip.open(path, "rt") as lines:
        for line in lines:
            fields = line.split()
            if fields[0] == "chrIV" and fields[3] in peaks:
                peaks[fields[3]].append(int(fields[1]))
    return {name: sorted(found) for name, found in peaks.items()}


def is_far(position, others, distance):
    return all(abs(position - other) > distance for other in others)


def main():
    chromosome = read_chromosome(sys.argv[1])
    peaks = read_peaks(sys.argv[2], ["Reb1", "Abf1", "Sua7"])
    draw = random.Random(1)
    bound = peaks["Reb1"] + peaks["Abf1"]
    promoters = [at for at in peaks["Sua7"] if is_far(at, bound, 200)]
    promoters = sorted(draw.sample(promoters, 220))
    free = []
    while len(free) < 220:
        at = draw.randrange(HALF, len(chromosome) - HALF)
        if is_far(at, bound + peaks["Sua7"] + free, 200):
            free.append(at)
    groups = {"Reb1": peaks["Reb1"], "Abf1": peaks["Abf1"], "promoter": promoters, "random": sorted(free)}

    with open("yeast_sites.csv", "w") as out:
        out.write("name,sequence," + ",".join(groups) + "\n")
        for name, centres in groups.items():
            for at in centres:
                start, end = at - HALF, at + HALF + 1
                labels = ",".join(str(int(own == name)) for own in groups)
                out.write(f"chrIV:{start}-{end},{chromosome[start:end]},{labels}\n")

    start, end = LOCUS
    locus = chromosome[start:end]
    with open("yeast_locus.fa", "w") as out:
        out.write(f">chrIV_{start + 1}_{end}\n")
        out.writelines(locus[at : at + 80] + "\n" for at in range(0, len(locus), 80))
    inside = [(at - start, name) for name in ("Reb1", "Abf1") for at in peaks[name] if start <= at < end]
    with open("yeast_peaks.bed", "w") as out:
        out.writelines(f"chrIV_{start + 1}_{end}\t{at}\t{at + 1}\t{name}\n" for at, name in sorted(inside))

    # single substitutions within and beside the motif of Reb1 in its peaks; no observed variants
    rows = []
    for at, name in inside:
        window = locus[at - 40 : at + 40]
        if name != "Reb1":
            continue
        for word in ("TTACCCG", "CGGGTAA"):
            if word not in window:
                continue
            first = at - 40 + window.index(word)
            for site, places in (("motif", range(first, first + 7)), ("beside", range(first + 10, first + 17))):
                for place in places:
                    old = locus[place]
                    new = draw.choice([base for base in "ACGT" if base != old])
                    rows.append((place + 1, f"{site}_{place + 1}", old, new))
    with open("yeast_variants.vcf", "w") as out:
        out.write("##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        for place, name, old, new in sorted(set(rows)):
            out.write(f"chrIV_{start + 1}_{end}\t{place}\t{name}\t{old}\t{new}\t.\t.\t.\n")


main()
