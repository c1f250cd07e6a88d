"""Compares interval operations with bedtools on random BED files.

usage: bedtools.py CISTRON CASES SEED [WORD...]

Each case draws two or three small files (ties, intervals without bases, strands + - ., sex chromosomes, Roman and Arabic
names, BED12) and an operation with random options; words select operations by name. Prints the first differences.
"""

import math, os, random, subprocess, sys, tempfile
from fractions import Fraction

try:
    import pyBigWig
except ImportError:
    pyBigWig = None

GENOMES = [
    ["chr1", "chr2", "chr10", "chrX", "chrY"],
    ["1", "2", "10", "X", "MT"],
    ["chrI", "chrII", "chrIII", "chrIV", "chrV", "chrX"],
    ["chr2L", "chr2R", "chr4", "chrX"],
    ["chrI", "chrII", "chrIV", "chrV", "chrIX", "chrX", "chrXI"],
]
SIZE = 160
OPERATIONS = {}


def operation(f):
    OPERATIONS[f.__name__] = f
    return f


class Case:
    """The files of a case and what is run on them."""

    def __init__(self, folder, rng):
        self.folder, self.rng = folder, rng
        self.names = rng.choice(GENOMES)
        os.makedirs(folder)
        with open(self.path("g"), "w") as g, open(self.path("g.fa"), "w") as fa:
            for name in sorted(self.names):
                g.write(f"{name}\t{SIZE}\n")
                bases = "".join(rng.choice("ACGTacgtN") for _ in range(SIZE))
                fa.write(f">{name}\n" + "\n".join(bases[i : i + 60] for i in range(0, SIZE, 60)) + "\n")
        self.points = rng.choice([0, 0.15])
        self.limit = SIZE
        self.at_least = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def rows(self, most=14, longest=25):
        rng, rows = self.rng, []
        names = rng.sample(self.names, rng.randint(1, len(self.names)))
        for i in range(rng.randint(self.at_least, most)):
            length = 0 if rng.random() < self.points else rng.randint(1, longest)
            start = rng.randint(1, self.limit - length - 1)
            score = rng.choice([str(rng.randint(-3, 9)), f"{rng.randint(0, 40) / 4:g}"])
            rows.append((rng.choice(names), start, start + length, rng.choice("pqrstu"), score, rng.choice("+-.")))
        return rows

    def write(self, name, rows, sort=True):
        if sort:
            rows = sorted(rows, key=lambda r: r[:3])
        with open(self.path(name), "w") as f:
            f.writelines("\t".join(map(str, row)) + "\n" for row in rows)
        return rows

    def bed(self, name, sort=True, **how):
        return self.write(name, self.rows(**how), sort)

    def bed12(self, name):
        rows = []
        for chrom, start, end, label, score, strand in self.rows(most=8):
            start, blocks, at = min(start, SIZE - 40), [], 0
            for _ in range(self.rng.randint(1, 3)):
                size = self.rng.randint(1, 6)
                blocks.append((size, at))
                at += size + self.rng.randint(1, 8)
            end = start + blocks[-1][0] + blocks[-1][1]
            sizes, starts = (",".join(str(b[k]) for b in blocks) for k in (0, 1))
            rows.append((chrom, start, end, label, 5, strand, start, end, "0", len(blocks), sizes, starts))
        return self.write(name, rows)


def options(pairs):
    return "#{ " + ", ".join(f"{k}: {v}" for k, v in pairs.items()) + " }"


def overlap(rng, split=False):
    """Random options of an overlap: ours and bedtools'."""
    ours, theirs = {}, ""
    if rng.random() < 0.4:
        same = rng.random() < 0.5
        ours["strand"], theirs = ('"same"', " -s") if same else ('"opposite"', " -S")
    if not split and rng.random() < 0.5:
        x, y = (rng.choice([0.1, 0.25, 0.3, 0.5, 0.7, 1.0]) for _ in range(2))
        kind = rng.choice(["f", "F", "fF", "r", "e"])
        if kind in ("f", "fF", "e", "r"):
            ours["fraction"] = x
            theirs += f" -f {x}"
        if kind in ("F", "fF", "e"):
            ours["other_fraction"] = y
            theirs += f" -F {y}"
        if kind == "r":
            ours["other_fraction"] = x
            theirs += " -r"
        if kind == "e":
            ours["either"] = "true"
            theirs += " -e"
    return ours, theirs


BED6 = ["name", "score", "strand"]


def other(prefix):
    return [prefix + f for f in ["chrom", "start", "end", "name", "score", "strand"]]


def no_negative(lines):
    """Overlaps of intervals without bases are negative in bedtools."""
    return [line[:-1] + [str(max(0, int(line[-1])))] for line in lines]


@operation
def intersect(case, rng):
    kind = rng.choice(["", "-wa", "-u", "-v", "-wb", "-wo", "-wao", "-loj", "-c"])
    case.bed("a", sort=False)
    # an empty file has no columns that could be named
    case.at_least = int(kind in ("-wao", "-loj"))
    case.bed("b", sort=False)
    ours, theirs = overlap(rng)
    command = f"bedtools intersect -a a -b b{theirs} {kind}"
    if kind == "-c":
        counted = 'for (x, i) in a.counts(b, O) { out += bed(a, i, ["name", "score", "strand"]) + "\\t" + x + "\\n"; }'
        return counted, options(ours), command, None, None
    report = {"": "overlap", "-wa": "whole", "-u": "once", "-v": "absent", "-wb": "overlap", "-wo": "whole", "-wao": "all", "-loj": "all"}
    ours["report"] = f'"{report[kind]}"'
    fields = list(BED6)
    if kind in ("-wb", "-wo", "-wao", "-loj"):
        ours["prefix"] = '"b_"'
        fields += other("b_")
    if kind in ("-wo", "-wao"):
        fields.append("overlap")
    return "a.intersect(b, O)", options(ours), command, fields, no_negative if "overlap" in fields else None


@operation
def intersect_split(case, rng):
    case.points = 0
    case.bed12("a")
    rng.choice([case.bed12, case.bed])("b")
    ours, theirs = overlap(rng, split=True)
    kind = rng.choice(["-wa", "-u", "-v", "-wo"])
    report = {"-wa": "whole", "-u": "once", "-v": "absent", "-wo": "whole"}
    ours |= {"report": f'"{report[kind]}"', "split": "true"}
    fields = ["name", "strand"]
    cut = "1-4,6"
    if kind == "-wo":
        ours["prefix"] = '"b_"'
        fields += ["b_start", "b_name", "overlap"]
        cut = "1-4,6,14,16,$(($(head -n1 b | awk '{print NF}') + 13))"
    return "a.intersect(b, O)", options(ours), f"bedtools intersect -split -a a -b b{theirs} {kind} | cut -f {cut}", fields, None


@operation
def bed12tobed6(case, rng):
    case.points, case.at_least = 0, 1
    case.bed12("a")
    return "a.blocks()", "", "bedtools bed12tobed6 -i a", ["name", "score", "strand"], None


@operation
def subtract(case, rng):
    case.bed("a")
    case.bed("b")
    ours, theirs = overlap(rng)
    ours.pop("either", None)
    theirs = theirs.replace(" -e", "")
    if rng.random() < 0.3:
        ours["whole"] = "true"
        theirs += " -A"
    return "a.subtract(b, O)", options(ours), f"bedtools subtract -a a -b b{theirs}", BED6, None


OPS = ["sum", "mean", "median", "min", "max", "absmin", "absmax", "stdev", "sstdev", "mode", "antimode", "count"]
OPS += ["count_distinct", "distinct", "collapse", "first", "last"]
WORDS = ["mode", "antimode", "count", "count_distinct", "distinct", "collapse", "first", "last"]


def columns(rng):
    """Random operations: ours, bedtools', our fields."""
    ours, theirs, fields = {}, [], []
    for name, number, choice in [("name", 4, WORDS), ("score", 5, OPS)]:
        own = rng.sample(choice, rng.randint(1, 3))
        ours[name] = "[" + ", ".join(f'"{o}"' for o in own) + "]"
        theirs += [(number, o) for o in own]
        fields += [f"{name}_{o}" for o in own]
    return options(ours), "-c " + ",".join(str(n) for n, _ in theirs) + " -o " + ",".join(o for _, o in theirs), fields


@operation
def merge(case, rng):
    case.bed("a")
    ours, theirs = {}, ""
    if rng.random() < 0.5:
        distance = rng.randint(-3, 8)
        ours["distance"], theirs = distance, f" -d {distance}"
    by_strand = rng.random() < 0.4
    if by_strand:
        ours["by_strand"] = "true"
        theirs += " -s"
    ours["columns"], more, fields = columns(rng)
    if by_strand:
        more, fields = more.replace("-c ", "-c 6,").replace("-o ", "-o distinct,"), ["strand"] + fields
    return "a.merge(O)", options(ours), f"bedtools merge -i a{theirs} {more}", fields, None


@operation
def mapped(case, rng):
    case.bed("a")
    case.bed("b")
    ours, theirs = overlap(rng)
    # bedtools prints nothing where the other file is empty
    case.at_least = 1
    case.bed("b")
    request, more, fields = columns(rng)
    return f"a.map(b, {request}, O)", options(ours), f"bedtools map -a a -b b{theirs} {more}", BED6 + fields, None


@operation
def groupby(case, rng):
    case.at_least = 1
    case.write("a", sorted(case.rows(), key=lambda r: (r[0], r[3])), sort=False)
    request, more, fields = columns(rng)
    return f'table(a.group(["chrom", "name"], {request}))', "", f"bedtools groupby -i a -g 1,4 {more}", ["chrom", "name"] + fields, None


@operation
def closest(case, rng):
    case.at_least = 1
    case.bed("a")
    case.bed("b")
    ours, theirs = {}, " -d"
    if rng.random() < 0.4:
        same = rng.random() < 0.5
        ours["strand"] = '"same"' if same else '"opposite"'
        theirs += " -s" if same else " -S"
    if rng.random() < 0.5:
        sign = rng.choice(["reference", "first", "second"])
        ours["sign"] = f'"{sign}"'
        theirs = theirs.replace("-d", "-D " + {"reference": "ref", "first": "a", "second": "b"}[sign])
        flag, name = rng.choice([("-iu", "skip_upstream"), ("-id", "skip_downstream"), ("", "")])
        if name:
            ours[name] = "true"
            theirs += " " + flag
    if rng.random() < 0.3:
        ours["skip_overlaps"] = "true"
        theirs += " -io"
    if rng.random() < 0.4:
        ours["k"] = rng.randint(2, 4)
        theirs += f" -k {ours['k']}"
    if rng.random() < 0.5:
        ties = rng.choice(["first", "last", "all"])
        ours["ties"] = f'"{ties}"'
        theirs += f" -t {ties}"
    fields = BED6 + other("closest_") + ["distance"]
    return "a.closest(b, O)", options(ours), f"bedtools closest -a a -b b{theirs}", fields, None


@operation
def complement(case, rng):
    case.at_least = 1
    case.bed("a")
    return "a.complement(g)", "", "bedtools complement -i a -g g", [], None


@operation
def jaccard(case, rng):
    case.points, case.at_least = 0, 1
    case.bed("a")
    case.bed("b")
    return "out = join([a.jaccard(b)])", "", "bedtools jaccard -a a -b b | tail -n1 | cut -f3", None, None


@operation
def coverage(case, rng):
    case.bed("a")
    case.bed("b")
    ours, theirs = overlap(rng)
    kind = rng.choice(["", "-mean", "-counts"])
    fields = {"": ["count", "bases", "length", "share"], "-mean": ["mean"], "-counts": ["count"]}[kind]
    return "a.coverage(b, O)", options(ours), f"bedtools coverage -a a -b b{theirs} {kind}", BED6 + fields, None


@operation
def coverage_split(case, rng):
    case.points = 0
    case.bed12("a")
    case.bed12("b")
    ours, theirs = overlap(rng, split=True)
    ours["split"] = "true"
    command = f"bedtools coverage -split -a a -b b{theirs} | cut -f 1-4,6,13-16"
    return "a.coverage(b, O)", options(ours), command, ["name", "strand", "count", "bases", "length", "share"], None


@operation
def depths(case, rng):
    case.at_least = 1
    case.bed("a")
    case.bed("b")
    ours, theirs = overlap(rng)
    command = f"bedtools coverage -hist -a a -b b{theirs} | grep ^all | cut -f 2-"
    return "table(a.depths(b, O))", options(ours), command, ["depth", "bases", "length", "share"], None


@operation
def depths_each(case, rng):
    case.bed("a")
    case.bed("b")
    ours, theirs = overlap(rng)
    ours["each"] = "true"
    command = f"bedtools coverage -hist -a a -b b{theirs} | {{ grep -v ^all || true; }} | cut -f 7-"
    return "table(a.depths(b, O))", options(ours), command, ["depth", "bases", "length", "share"], None


@operation
def cluster(case, rng):
    case.bed("a")
    ours, theirs = {}, ""
    if rng.random() < 0.5:
        ours["distance"] = rng.randint(0, 8)
        theirs = f" -d {ours['distance']}"
    if rng.random() < 0.5:
        ours["by_strand"] = "true"
        theirs += " -s"
    return "a.cluster(O)", options(ours), f"bedtools cluster -i a{theirs}", BED6 + ["cluster"], None


@operation
def spacing(case, rng):
    case.bed("a")
    return "a.spacing()", "", "bedtools spacing -i a", BED6 + ["spacing"], None


@operation
def reldist(case, rng):
    case.at_least = 1
    case.bed("a")
    case.bed("b")
    return "table(a.reldist(b))", "", "bedtools reldist -a a -b b | tail -n +2", ["distance", "count", "total", "share"], None


@operation
def fisher(case, rng):
    # bedtools stops counting where the other file ends: both end at the same place
    last = (max(case.names), SIZE - 5, SIZE, "z", "1", "+")
    a, b, exact = [], [], True
    while exact:
        a, b = (case.write(name, case.rows(most=10) + [last]) for name in "ab")
        mean = lambda rows: 1 + Fraction(sum(max(r[2] - r[1], 2 * (r[1] == r[2])) for r in rows), len(rows))
        # where the number of possible intervals is whole, bedtools may round it down by one
        exact = (SIZE * len(case.names) / (mean(a) + mean(b))).denominator == 1
    ours, theirs = overlap(rng)
    if ours.get("strand") == '"opposite"':
        ours.pop("strand")
        theirs = theirs.replace(" -S", "")
    script = "let t = a.fisher(b, g, O); out = join([t.left, t.right, t.p_value, t.ratio])"
    return script, options(ours), f"bedtools fisher -a a -b b -g g{theirs} | tail -n1", None, None


@operation
def annotate(case, rng):
    # bedtools takes two intervals without a strand for the same strand here, and only here
    case.points = 0
    for name in "abc":
        case.write(name, [row[:5] + (rng.choice("+-"),) for row in case.rows()])
    strand = rng.choice([("any", ""), ("same", " -s"), ("opposite", " -S")])
    fields = BED6 + ["b_count", "b_share", "c_count", "c_share"]
    return "a.annotate(#{ b: b, c: c }, O)", options({"strand": f'"{strand[0]}"'}), f"bedtools annotate -both -i a -files b c{strand[1]}", fields, None


@operation
def multi(case, rng):
    case.points, case.at_least = 0, 1
    for name in "abc":
        case.bed(name)
    for name in "abc":
        rows = subprocess.run(["bedtools", "merge", "-i", case.path(name)], capture_output=True, text=True, check=True).stdout
        with open(case.path(name), "w") as f:
            f.write(rows)
    # bedtools leaves chromosomes without any interval out
    there = {line.split("\t")[0] for name in "abc" for line in open(case.path(name))}
    empty = there == set(case.names)
    theirs = " -empty -g g" if empty else ""
    ours = options({"genome": "g"}) if empty else options({})
    return "intervals::multi(#{ a: a, b: b, c: c }, O)", ours, f"bedtools multiinter -i a b c -names a b c{theirs}", ["count", "lists", "a", "b", "c"], None


def sides(rng, low):
    percent = rng.random() < 0.4
    draw = (lambda: rng.randint(low, 30) / 16) if percent else (lambda: rng.randint(low, 30))
    by_strand = rng.random() < 0.4
    ours = {"genome": "g"} | ({"percent": "true"} if percent else {}) | ({"use_strand": "true"} if by_strand else {})
    return draw(), draw(), ours, (" -pct" if percent else "") + (" -s" if by_strand else "")


@operation
def slop(case, rng):
    # bedtools moves the ends of intervals without bases by one at the ends of chromosomes
    case.points = 0
    case.bed("a")
    left, right, ours, theirs = sides(rng, -30)
    return f"a.slop({left}, {right}, O)", options(ours), f"bedtools slop -i a -g g -l {left} -r {right}{theirs}", BED6, None


@operation
def flank(case, rng):
    case.points = 0
    rows = case.rows()
    left, right, ours, theirs = sides(rng, 0)
    if "-s" in theirs.split():
        # bedtools leaves intervals without a strand out
        rows = [row for row in rows if row[5] != "."]
    case.write("a", rows)
    ours["after"] = right
    script = f"if {left} == 0 && {right} == 0 {{ a.slop(0, 0).filter(|r| false) }} else {{ a.flank({left}, O) }}"
    return script, options(ours), f"bedtools flank -i a -g g -l {left} -r {right}{theirs}", BED6, None


@operation
def shift(case, rng):
    case.points = 0
    case.bed("a")
    plus, minus, ours, theirs = sides(rng, -30)
    ours.pop("use_strand", None)
    ours["minus"] = minus
    # bedtools lets an end between 0 and 1 become 0
    fix = lambda lines: [[*line[:2], str(max(int(line[2]), int(line[1]) + 1)), *line[3:]] for line in lines]
    return f"a.shift({plus}, O)", options(ours), f"bedtools shift -i a -g g -p {plus} -m {minus}{theirs.replace(' -s', '')}", BED6, fix


@operation
def windows(case, rng):
    case.points = 0
    case.bed("a")
    kind, flag = rng.choice([("number", "winnum"), ("both", "srcwinnum"), ("source", "src")])
    ours = {"name": f'"{kind}"'}
    reverse = rng.random() < 0.3
    theirs = f" -i {flag}"
    if reverse:
        ours["reverse"] = "true"
        theirs += " -reverse"
    if rng.random() < 0.5:
        n = rng.randint(1, 6)
        return f"a.tiles({n}, O)", options(ours), f"bedtools makewindows -b a -n {n}{theirs} 2>/dev/null", ["name"], None
    size, step = rng.randint(1, 9), rng.randint(1, 9)
    ours |= {"step": step, "rest": "true"}
    return f"a.windows({size}, O)", options(ours), f"bedtools makewindows -b a -w {size} -s {step}{theirs}", ["name"], None


@operation
def sort(case, rng):
    # bedtools sorts scores as words: 10 stands before 9, and signs are not seen
    case.points, case.at_least = 0, 1
    case.write("a", [row[:4] + (row[4].strip("-").replace("10", "9"),) + row[5:] for row in case.rows()], sort=False)
    key, flag = rng.choice([("size", "size"), ("chrom_size", "chrThenSize"), ("chrom_score", "chrThenScore")])
    down = rng.random() < 0.5
    ours = {"by": f'"{key}"', "descending": str(down).lower()}
    command = f"bedtools sort -i a -{flag}{'D' if down else 'A'}"
    # rows of equal keys are in any order: only the keys are compared, in order
    own = {"size": '["", r.end - r.start]', "chrom_size": "[r.chrom, r.end - r.start]"}.get(key, "[r.chrom, r.score]")
    script = "let s = a.sort(O); for i in 0..s.len() { let r = s[i]; out += join(" + own + "); }"
    keys = {"size": lambda l: ["", str(int(l[2]) - int(l[1]))], "chrom_size": lambda l: [l[0], str(int(l[2]) - int(l[1]))]}
    return script, options(ours), command, None, ("ordered", lambda lines: [keys.get(key, lambda l: [l[0], l[4]])(l) for l in lines])


@operation
def getfasta(case, rng):
    case.points = 0
    split = rng.random() < 0.4
    (case.bed12 if split else case.bed)("a")
    name, flag = rng.choice([("position", ""), ("name", " -nameOnly"), ("both", " -name")])
    ours = {"name": f'"{name}"', "tab": "true"}
    theirs = flag
    if split:
        ours["split"] = "true"
        theirs += " -split"
    if rng.random() < 0.5:
        ours["use_strand"] = "true"
        theirs += " -s"
    script = f'g.save_fasta("{case.path("cut")}", a, O)'
    return script, options(ours), f"bedtools getfasta -fi g.fa -bed a -tab{theirs}", "cut", None


@operation
def above(case, rng):
    """Ranges of a bedGraph or bigWig file above a threshold, up to the ends of the chromosomes."""
    rows = []
    is_wig = pyBigWig is not None and rng.random() < 0.5
    for name in sorted(rng.sample(case.names, rng.randint(1, len(case.names)))):
        at = rng.choice([0, 0, 7])
        while at < SIZE:
            end = min(SIZE, at + rng.randint(1, 12))
            value = rng.choice(["-1", "0", "0.1", "0.25", "1", "1.7", "3"] + ([] if is_wig else ["nan"]))
            rows.append((name, at, end, value))
            at = end + rng.choice([0, 0, 1, 4, 9, 30])
    case.write("t", rows)
    if is_wig:
        with pyBigWig.open(case.path("t.bw"), "w") as wig:
            wig.addHeader([(name, SIZE) for name in sorted(case.names)])
            for name, start, end, value in rows:
                wig.addEntries([name], [start], ends=[end], values=[float(value)])
    threshold, join = rng.choice(["-2", "0", "0.1", "0.2", "1", "5"]), rng.choice([0, 0, 1, 3, 10])
    file = case.path("t.bw" if is_wig else "t")
    ours = options({"join": join} if join or rng.random() < 0.5 else {})
    command = f"awk '$4 != \"nan\" && $4 + 0 > {threshold}' t | bedtools merge -i - -d {join} -c 4 -o max"
    return f'track::open("{file}").above({threshold}, O)', ours, command, ["signal"], None


PRELUDE = """
fn bed(list, i, fields) {
    let r = list[i];
    let out = r.chrom + "\\t" + r.start + "\\t" + r.end;
    for f in fields { out += "\\t" + r[f]; }
    out
}
fn show(list, fields) {
    let out = "";
    for i in 0..list.len() { out += bed(list, i, fields) + "\\n"; }
    out
}
fn rows(t, fields) {
    let out = "";
    for i in 0..t.len() {
        let r = t[i];
        for (f, k) in fields { out += (if k > 0 { "\\t" } else { "" }) + r[f]; }
        out += "\\n";
    }
    out
}
fn join(cells) {
    let out = "";
    for (cell, k) in cells { out += (if k > 0 { "\\t" } else { "" }) + cell; }
    out + "\\n"
}
"""


def script(number, case, expression, ours, fields):
    lines = [f'let g = genome::open("{case.path("g.fa")}");']
    for name in "abc":
        if os.path.exists(case.path(name)):
            lines.append(f'let {name} = intervals::read("{case.path(name)}", #{{ unsorted: "note" }});')
    lines.append('let out = "";')
    expression = expression.replace("(O)", f"({ours})").replace(", O)", f", {ours})")
    if fields is None or fields == "cut":
        lines.append(expression + ";")
    elif expression.startswith("table("):
        lines.append(f"out = rows({expression[6:-1]}, {fields!r});".replace("'", '"'))
    else:
        lines.append(f"let r = {expression}; out = show(r, {fields!r});".replace("'", '"'))
    body = "\n".join(lines)
    return f'print("@@@{number}");\ntry {{\n{body}\nprint(out);\n}} catch (e) {{ print(`ERROR ${{e.message}}`); }}\n'


def plain(cell):
    """A cell in one form: numbers as numbers, what is not there as a dot."""
    try:
        x = float(cell)
    except ValueError:
        return cell
    if math.isnan(x):
        return "."
    return x


def is_same(x, y):
    if isinstance(x, float) and isinstance(y, float):
        # bedtools prints five digits, ratios and shares with three decimals
        return x == y or abs(x - y) <= 1e-4 * max(abs(x), abs(y)) or y == round(y, 3) and abs(x - y) < 6e-4
    return x == y


def lines_of(text):
    return [line.split("\t") for line in text.split("\n") if line.strip()]


def differs(ours, theirs):
    if len(ours) != len(theirs):
        return True
    key = lambda line: [f"{x:.3f}" if isinstance(x, float) else x for x in line]
    return any(len(x) != len(y) or not all(is_same(p, q) for p, q in zip(x, y)) for x, y in zip(sorted(ours, key=key), sorted(theirs, key=key)))


def blanked(lines):
    """What stands beside a row without a partner is written in several ways: only its chromosome counts."""
    out = []
    for line in lines:
        at = next((i for i in range(6, len(line) - 2) if line[i] == "." and line[i + 1] == -1.0 and line[i + 2] == -1.0), None)
        out.append(line if at is None else line[:at] + ["."] * 6 + line[at + 6 :])
    return out


def run(cistron, n, seed, words):
    chosen = [f for name, f in OPERATIONS.items() if not words or name in words]
    with tempfile.TemporaryDirectory() as top:
        cases, commands, text = [], ["set -o pipefail", "export LC_ALL=C"], PRELUDE
        for number in range(n):
            rng = random.Random(f"{seed}/{number}")
            case = Case(os.path.join(top, str(number)), rng)
            f = chosen[number % len(chosen)]
            expression, ours, command, fields, fix = f(case, rng)
            cases.append((f.__name__, case, expression.replace("(O)", f"({ours})").replace(", O)", f", {ours})"), command, fields, fix))
            commands.append(f"cd {case.folder} && {{ {command} ; }} > out 2> err || echo failed > failed")
            text += script(number, case, expression, ours, fields)
        with open(os.path.join(top, "all.rhai"), "w") as file:
            file.write(text)
        subprocess.run(["bash"], input="\n".join(commands), text=True, check=True)
        done = subprocess.run([cistron, "run", "all.rhai", "--no-run-dir"], cwd=top, capture_output=True, text=True)
        if done.returncode != 0:
            print(done.stderr[-2000:])
            return 1
        answers = {}
        for part in done.stdout.split("@@@")[1:]:
            number, _, answer = part.partition("\n")
            answers[int(number)] = answer
        wrong, skipped, counts = 0, 0, {}
        for number, (name, case, expression, command, fields, fix) in enumerate(cases):
            failed = os.path.exists(case.path("failed"))
            with open(case.path("out")) as file:
                theirs = lines_of(file.read())
            mine = answers.get(number, "ERROR no answer")
            if failed:
                skipped += 1
                if not skipped % 10:
                    print("bedtools fails:", command, open(case.path("err")).read()[:200], file=sys.stderr)
                continue
            if fields == "cut" and not mine.startswith("ERROR"):
                mine = open(case.path("cut")).read()
            ordered = isinstance(fix, tuple)
            if fix:
                theirs = (fix[1] if ordered else fix)(theirs)
            error = mine.startswith("ERROR")
            own = blanked([[plain(c) for c in line] for line in lines_of(mine)])
            their = blanked([[plain(c) for c in line] for line in theirs])
            counts[name] = counts.get(name, 0) + 1
            bad = error or (own != their if ordered else differs(own, their))
            if bad:
                wrong += 1
                if wrong <= 5:
                    print(f"== case {number}, {name}: {expression}\n   {command}")
                    for file in "abc":
                        if os.path.exists(case.path(file)):
                            print(f"{file}:\n{open(case.path(file)).read()}", end="")
                    key = lambda line: [str(x) for x in line]
                    shown = (lambda lines: lines) if ordered else (lambda lines: sorted(lines, key=key))
                    print("ours:", *([mine] if error else shown(own)), sep="\n  ")
                    print("bedtools:", *shown(their), sep="\n  ")
        print(f"{n} cases, {wrong} differ, {skipped} refused by bedtools:", ", ".join(f"{k} {v}" for k, v in counts.items()))
        return 1 if wrong or skipped > n // 5 else 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]))
