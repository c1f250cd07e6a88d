"""End to end, files in and results out, against a Python stack: wall time, CPU time and peak memory of whole processes.

    scripts/bench end_to_end [train] [discover] [variants] [stream] [--json] [--pairs=N] [--small] [--network=deep] [--threads=N] [--tuned]

Each is one command on both sides, cold start included: `cistron run end_to_end.rhai` and `python end_to_end_peer.py`, which is PyTorch with
tangermeme, modisco-lite, pyfaidx and scikit-learn. Data are generated once into target/benchmarks. Results are compared, so that equal work is
shown. Exits with 1 where they differ; with --check also where a ratio is below its goal. On a machine that other processes load, the ratio of CPU
times with --threads=1 is the one to read.
"""
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

ROOT = Path(sys.argv[1])
HERE = ROOT / "scripts" / "benchmarks"
PROGRAM = ROOT / "target" / "release" / "cistron"
FLAGS = {word.split("=")[0]: word.partition("=")[2] for word in sys.argv[2:] if word.startswith("--")}
SMALL = "--small" in FLAGS
DATA = ROOT / "target" / "benchmarks" / ("end_to_end_small" if SMALL else "end_to_end")
NETWORK = FLAGS.get("--network", "scan")
THREADS = int(FLAGS.get("--threads", len(os.sched_getaffinity(0))))
# what glibc's allocator needs to keep freed memory, as cistron sets it itself
TUNED = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "4294967296", "MALLOC_TOP_PAD_": "268435456"}

# name: (what is done, the smallest ratio of times that is aimed for)
WORK = {
    "train": ("FASTA and peaks to a trained network and its held-out AUROC", 8),
    "discover": ("the same, DeepLIFT of the peaks, TF-MoDISco, report", 8),
    "variants": ("10,000 variants of a VCF scored with a network", 5),
    "stream": (f"{50_000 if SMALL else 2_000_000:,} regions of a genome streamed through an epoch", 5),
}
MEMORY = 2  # the same for memory
CHROMOSOMES = 5
WIDTH = 500  # of peaks
SLOT = 1000  # positions that a peak or a negative has for itself


def letters_of(rng, size):
    """Random bases, 42 % G and C."""
    return np.frombuffer(b"A" * 29 + b"C" * 21 + b"G" * 21 + b"T" * 29, np.uint8)[rng.integers(0, 100, size, np.uint8)]


def write_fasta(path, chromosomes):
    with open(path, "wb") as fasta:
        for name, letters in chromosomes.items():
            lines = np.full((len(letters) // 50, 51), ord("\n"), np.uint8)
            lines[:, :50] = letters.reshape(-1, 50)
            fasta.write(f">{name}\n".encode() + lines.tobytes())


def plant(rng, letters, start, motif):
    """Draws a site of a motif on either strand into letters, in the central 300 bp of a window."""
    site = np.array([rng.choice(4, p=column) for column in motif])
    if rng.random() < 0.5:
        site = 3 - site[::-1]
    at = start + rng.integers(100, WIDTH - 100 - len(site))
    letters[at : at + len(site)] = np.frombuffer(b"ACGT", np.uint8)[site]


def motifs_of(rng):
    """Six motifs of 8 to 12 positions: in each a base that dominates."""
    found = {}
    for index, width in enumerate([8, 9, 10, 10, 11, 12]):
        motif = rng.dirichlet([0.5] * 4, width) * 0.15
        motif[np.arange(width), rng.integers(0, 4, width)] += 0.85
        found[f"planted{index + 1}"] = motif / motif.sum(1, keepdims=True)
    return found


def write_meme(path, motifs):
    with open(path, "w") as meme:
        meme.write("MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies\nA 0.25 C 0.25 G 0.25 T 0.25\n")
        for name, motif in motifs.items():
            meme.write(f"\nMOTIF {name}\nletter-probability matrix: alength= 4 w= {len(motif)} nsites= 100\n")
            meme.writelines(" ".join(f"{share:.6f}" for share in column) + "\n" for column in motif)


def make_genome():
    """genome.fa with motifs planted in peaks.bed, one or none in negatives.bed; variants of the held-out peaks."""
    rng = np.random.default_rng(1)
    size = 2_000_000 if SMALL else 8_000_000
    windows = 4_000 if SMALL else 32_000
    chromosomes = {f"chr{i + 1}": letters_of(rng, size) for i in range(CHROMOSOMES)}
    motifs = motifs_of(rng)
    write_meme(DATA / "motifs.meme", motifs)
    pool = list(motifs.values())
    slots = rng.permutation(CHROMOSOMES * (size // SLOT))[:windows]
    slots = slots[np.lexsort((slots // CHROMOSOMES, slots % CHROMOSOMES))]
    is_peak = rng.permutation(np.arange(windows) % 2 == 0)
    files = [open(DATA / "peaks.bed", "w"), open(DATA / "negatives.bed", "w")]
    held_out = []
    for row, slot in enumerate(slots):
        chrom, start = f"chr{slot % CHROMOSOMES + 1}", int(slot // CHROMOSOMES) * SLOT + int(rng.integers(100, SLOT - WIDTH - 100))
        if is_peak[row]:
            planted = [motif for motif in pool if rng.random() < 0.3] or [pool[rng.integers(len(pool))]]
            held_out += [start] * (chrom == "chr5")
        else:
            planted = [pool[rng.integers(len(pool))]] * (rng.random() < 0.15)
        for motif in planted:
            plant(rng, chromosomes[chrom], start, motif)
        files[not is_peak[row]].write(f"{chrom}\t{start}\t{start + WIDTH}\n")
    for file in files:
        file.close()
    write_fasta(DATA / "genome.fa", chromosomes)
    places = {int(start + offset) for start, offset in zip(rng.choice(held_out, 11_000), rng.integers(100, WIDTH - 100, 11_000))}
    with open(DATA / "variants.vcf", "w") as vcf:
        vcf.write("##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        for index, at in enumerate(sorted(places)[:10_000]):
            reference = chr(chromosomes["chr5"][at])
            alternate = rng.choice([base for base in "ACGT" if base != reference])
            vcf.write(f"chr5\t{at + 1}\tv{index}\t{reference}\t{alternate}\t.\tPASS\t.\n")


def make_stream():
    """stream.fa and stream.bed, regions of 600 bp of which half have the score 1, their label, and half 0."""
    rng = np.random.default_rng(2)
    count, size = (4, 10_000_000) if SMALL else (12, 25_000_000)
    regions = 50_000 if SMALL else 2_000_000
    write_fasta(DATA / "stream.fa", {f"chr{i + 1}": letters_of(rng, size) for i in range(count)})
    chrom, start = rng.integers(1, count + 1, regions), rng.integers(100, size - 700, regions)
    order = np.lexsort((start, chrom))
    with open(DATA / "stream.bed", "w") as bed:
        bed.writelines(f"chr{c}\t{s}\t{s + 600}\t.\t{label}\n" for c, s, label in zip(chrom[order], start[order], rng.integers(0, 2, regions)))


def make(name):
    """The files of a benchmark, unless they are there."""
    DATA.mkdir(parents=True, exist_ok=True)
    needed, maker = ("stream.bed", make_stream) if name == "stream" else ("variants.vcf", make_genome)
    if not (DATA / needed).exists():
        maker()
    if name == "variants" and not weights().exists():
        run(ours("train", DATA / "ours"))
        shutil.copy(DATA / "ours" / "weights.safetensors", weights())


def weights():
    return DATA / f"weights-{NETWORK}.safetensors"


def tree(pid):
    """A process and its descendants."""
    children = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found = [pid]
    for parent in found:
        found += children.get(parent, [])
    return found


def proportional(pids):
    """MiB of processes that share pages; a shared page is divided among those that have it."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as rollup:
                total += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        except (OSError, StopIteration):
            pass
    return total / 1024


def run(command, environment=None):
    """Seconds, peak MiB, results and CPU seconds of a command.

    The memory of a single process is the kernel's record of its largest resident size. Where it has workers, their memory is added up four
    times a second.
    """
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})})
    peak, ended = [0.0], threading.Event()

    def watch():
        while not ended.wait(0.25):
            if len(pids := tree(process.pid)) > 1:
                peak[0] = max(peak[0], proportional(pids))

    watcher = threading.Thread(target=watch)
    watcher.start()
    texts = [[], []]
    readers = [threading.Thread(target=lambda i=i, s=s: texts[i].append(s.read())) for i, s in enumerate([process.stdout, process.stderr])]
    for reader in readers:
        reader.start()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    ended.set()
    for thread in [watcher, *readers]:
        thread.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"error: {' '.join(map(str, command))}: exit code {process.returncode}\n{texts[1][0][-2000:]}{texts[0][0][-2000:]}")
    return seconds, max(peak[0], usage.ru_maxrss / 1024), json.loads(texts[0][0].strip().splitlines()[-1]), usage.ru_utime + usage.ru_stime


def settings(name, out):
    """What both sides are told."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    return {
        "work": name, "folder": DATA, "out": out, "network": NETWORK, "weights": weights(), "epochs": 5, "explained": 500 if SMALL else 1000, "seed": 1
    }


def ours(name, out):
    pairs = [word for key, value in settings(name, out).items() for word in ("--set", f"{key}={value}")]
    return [PROGRAM, "run", "--json", "--device", "cpu", "--threads", str(THREADS), "--run-dir", out / "run", HERE / "end_to_end.rhai", *pairs]


def peer(name, out):
    return [sys.executable, HERE / "end_to_end_peer.py", *[f"{key}={value}" for key, value in settings(name, out).items()], f"threads={THREADS}"]


def read_meme(path):
    """Matrices [positions, 4] of a MEME file."""
    found, rows = [], None
    for line in open(path):
        words = line.split()
        if line.startswith("letter-probability"):
            rows = []
            found.append(rows)
        elif rows is not None and len(words) == 4 and line.strip()[0].isdigit():
            rows.append([float(word) for word in words])
        elif words:
            rows = None
    return [np.array(rows) for rows in found if rows]


def recovered(path):
    """How many planted motifs correlate by more than .9 with a pattern, on either strand, all positions but two overlapping."""
    patterns = [np.pad(one, ((2, 2), (0, 0)), constant_values=0.25) for one in read_meme(path)]
    patterns += [one[::-1, ::-1] for one in patterns]

    def best(motif):
        spans = [one[at : at + len(motif)] for one in patterns for at in range(len(one) - len(motif) + 1)]
        return max((np.corrcoef(span.ravel(), motif.ravel())[0, 1] for span in spans), default=0)

    return sum(best(motif) > 0.9 for motif in read_meme(DATA / "motifs.meme"))


def effects(path):
    """Effect by name of a variant."""
    head, *rows = [line.rstrip("\n").split("\t") for line in open(path) if not line.startswith("##")]
    name, effect = head.index("name"), head.index("effect")
    return {row[name]: float(row[effect]) for row in rows}


def compared(name, mine, theirs):
    """What both sides found, and whether it is the same."""
    folders = DATA / "ours", DATA / "peer"
    if name == "variants":
        a, b = (effects(folder / "effects.tsv") for folder in folders)
        shared = sorted(a.keys() & b.keys())
        correlation = float(np.corrcoef([a[key] for key in shared], [b[key] for key in shared])[0, 1])
        same = {"variants": [len(a), len(b)], "correlation": round(correlation, 6)}
        return same, len(shared) == len(a) == len(b) and correlation > 0.999
    if name == "stream":
        return {key: [mine[key], theirs[key]] for key in ("rows", "loss")}, mine["rows"] == theirs["rows"] and abs(mine["loss"] - theirs["loss"]) < 0.01
    same = {"auroc": [round(mine["auroc"], 4), round(theirs["auroc"], 4)]}
    agrees = abs(mine["auroc"] - theirs["auroc"]) < 0.02
    if name == "discover":
        same["patterns"] = [mine["patterns"], theirs["patterns"]]
        same["planted"] = [recovered(folder / "patterns.meme") for folder in folders]
        agrees = agrees and abs(same["planted"][0] - same["planted"][1]) <= 1
    return same, agrees


def measured(name, pairs):
    """Pairs of runs in turn, the row of a benchmark."""
    make(name)
    mine, theirs, tuned, same, agrees = [], [], [], None, True
    for _ in range(pairs):
        mine.append(run(ours(name, DATA / "ours")))
        theirs.append(run(peer(name, DATA / "peer")))
        same, this = compared(name, mine[-1][2], theirs[-1][2])
        agrees = agrees and this
        if "--tuned" in FLAGS:
            tuned.append(run(peer(name, DATA / "tuned"), TUNED)[0])
    ratios = [b[0] / a[0] for a, b in zip(mine, theirs)]
    middle = lambda rows, column: statistics.median(row[column] for row in rows)  # noqa: E731
    return {
        "name": f"end_to_end_{name}", "work": WORK[name][0], "network": NETWORK if name != "stream" else "baseline",
        "ours_s": round(middle(mine, 0), 3), "peer": "PyTorch, tangermeme, modisco-lite, pyfaidx", "peer_s": round(middle(theirs, 0), 3),
        "ratio": round(statistics.median(ratios), 3), "spread": [round(min(ratios), 3), round(max(ratios), 3)], "goal": WORK[name][1],
        "ratio_tuned": round(statistics.median(b / a[0] for a, b in zip(mine, tuned)), 3) if tuned else None,
        "ours_cpu_s": round(middle(mine, 3), 3), "peer_cpu_s": round(middle(theirs, 3), 3), "ratio_cpu": round(middle(theirs, 3) / middle(mine, 3), 3),
        "ours_mib": round(middle(mine, 1)), "peer_mib": round(middle(theirs, 1)), "ratio_memory": round(middle(theirs, 1) / middle(mine, 1), 2),
        "threads": THREADS, "pairs": pairs, "load": round(os.getloadavg()[0], 2), "same": same, "agrees": agrees,
    }


def main():
    known = {"--json", "--pairs", "--small", "--network", "--threads", "--tuned", "--check"}
    if unknown := FLAGS.keys() - known:
        sys.exit(f"error: {', '.join(sorted(unknown))}: there are {', '.join(sorted(known))}")
    names = [word for word in sys.argv[2:] if not word.startswith("--")] or list(WORK)
    if unknown := [name for name in names if name not in WORK]:
        sys.exit(f"error: no end-to-end benchmark is called {', '.join(unknown)}; there are {', '.join(WORK)}")
    if NETWORK not in ("scan", "deep"):
        sys.exit(f"error: --network={NETWORK}: there are scan and deep")
    failed = []
    for name in names:
        row = measured(name, int(FLAGS.get("--pairs", 1 if SMALL else 3)))
        if not row["agrees"]:
            failed.append(f"{name}: the results differ")
        if "--check" in FLAGS and (row["ratio"] < row["goal"] or row["ratio_memory"] < MEMORY):
            failed.append(f"{name}: {row['ratio']:.2f} times as fast ({row['goal']}), {row['ratio_memory']:.2f} times less memory ({MEMORY})")
        if "--json" in FLAGS:
            print(json.dumps(row, default=float), flush=True)
            continue
        tuned = f"   {row['ratio_tuned']:.2f}x with its allocator tuned" if row["ratio_tuned"] else ""
        print(
            f"{row['name']:20} {row['ours_s']:9.2f} s {row['ours_mib']:6} MiB   peer {row['peer_s']:9.2f} s {row['peer_mib']:6} MiB   "
            f"{row['ratio']:6.2f}x ({row['spread'][0]:.2f} to {row['spread'][1]:.2f}){tuned}   CPU {row['ratio_cpu']:.2f}x   "
            f"memory {row['ratio_memory']:.2f}x   {row['work']}"
        )
        print(
            f"{'':20} CPU seconds {row['ours_cpu_s']} and {row['peer_cpu_s']}, load {row['load']}; "
            f"{'the same' if row['agrees'] else 'DIFFERENT'}: {json.dumps(row['same'], default=float)}", flush=True,
        )
    if failed:
        sys.exit("error: " + "; ".join(failed))


main()
