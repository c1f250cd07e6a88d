"""Pairs of timings, ours and a peer's in turn; medians and the spread of the ratio."""
import atexit
import functools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(sys.argv[1])
HERE = ROOT / "scripts" / "benchmarks"
PROGRAM = ROOT / "target" / "release" / "cistron"

# name: (what is done, our script or None, the peer, the most pairs)
WORK = {
    "start": ("process start to the first line", None, "import torch", 5),
    "metrics_1e6": ("AUROC and average precision of 10^6 scores", "metrics.rhai", "scikit-learn", 5),
    "metrics_1e7": ("AUROC and average precision of 10^7 scores", "metrics.rhai", "scikit-learn", 5),
    "metrics_1e5x164": ("AUROC and average precision of 10^5 x 164 scores", "metrics.rhai", "scikit-learn", 5),
    "baseline": ("training step, conv 20x20, mean pool, 600 bp, batch 2048", "train.rhai", "PyTorch eager", 5),
    "fm": ("training step, the same with a factorization machine", "train.rhai", "PyTorch eager", 5),
    "tcn_any": ("training step, 6 TCN blocks of 64 x 8, mean over positions, 1000 bp, batch 64", "train.rhai", "PyTorch eager", 5),
    "tcn_last": ("the same, read at the last step", "train.rhai", "PyTorch eager", 5),
    "bilstm": ("training step, conv 32, 2-layer BiLSTM 50, 1000 bp, batch 64", "train.rhai", "PyTorch eager", 5),
    "predict_baseline": ("prediction, the baseline network", "train.rhai", "PyTorch eager", 5),
    "predict_tcn": ("prediction, the TCN, read at the last step", "train.rhai", "PyTorch eager", 5),
    "predict_tcn_any": ("prediction, the TCN, mean over positions", "train.rhai", "PyTorch eager", 5),
    "deepgrn": ("training step, DeepGRN with single attention, 1002 bp, batch 64", "train.rhai", "PyTorch eager", 5),
    "deepgrn_bf16": ("the same, in bfloat16 against 32 bits", "train.rhai", "PyTorch eager", 5),
    "wrn16_2": ("training step, WRN-16-2, 101 bp, batch 192", "train.rhai", "PyTorch eager", 5),
    "wrn16_2_bf16": ("the same, in bfloat16 against 32 bits", "train.rhai", "PyTorch eager", 5),
    "frozen": ("20 epochs of a head behind three frozen convolutions, 8,192 x 600 bp, batch 128", "train.rhai", "PyTorch eager", 3),
    "wavenet": ("training step, a module: WaveNet of 9 blocks, 32 x 1000 bp", "modules.rhai", "PyTorch eager", 5),
    "experts": ("training step, modules: extraction by levels of experts, 3 tasks, batch 512", "modules.rhai", "PyTorch eager", 5),
    "egnn": ("training step, modules: 4 equivariant graph layers, 8 graphs of 64 nodes", "modules.rhai", "PyTorch eager", 5),
    "bpnet": ("training step, BPNet of 64 x 8, 2114 bp, batch 16", "modules.rhai", "PyTorch eager", 5),
    "extract": ("20,000 x 1,000 bp from FASTA as codes", "genome.rhai", "tangermeme, the fastest way", 5),
    "extract_loop": ("20,000 x 1,000 bp from FASTA as codes", "genome.rhai", "pyfaidx and a loop", 3),
    "bigwig": ("means of 20,000 windows of a bigWig", "genome.rhai", "pybigtools", 5),
    "shuffle": ("dinucleotide shuffles, 10,000 x 1,000 bp x 20", "genome.rhai", "tangermeme", 3),
    "augment": ("two structural augmentations of each of 512 x 1,000 bp, one-hot out", "genome.rhai", "EvoAug", 5),
    "epoch": ("from FASTA and BED to a baseline network trained once over 60,000 regions", "genome.rhai", "PyTorch, DataLoader, pyfaidx", 5),
    "loader": ("an epoch of 200,000 regions of 600 bp, the loader alone", "genome.rhai", "PyTorch DataLoader and pyfaidx", 3),
    "ism_baseline": ("saturation mutagenesis, a scanning network, 32 x 600 bp", "explain.rhai", "tangermeme", 5),
    "ism_deepstarr": ("saturation mutagenesis, DeepSTARR, 8 x 249 bp", "explain.rhai", "tangermeme", 5),
    "ig_tcn": ("integrated gradients, the TCN, 4 x 1,000 bp, 20 steps from zeros", "explain.rhai", "Captum", 3),
    "deep_lift": ("DeepLIFT, a scanning network, 64 x 600 bp against 20 shuffles each", "explain.rhai", "tangermeme", 5),
    "seqlets": ("recursive seqlets in 1,500 x 400 bp", "explain.rhai", "tangermeme", 5),
    "modisco": ("TF-MoDISco in 1,500 x 400 bp, at most 2,000 seqlets", "explain.rhai", "modisco-lite", 3),
    "trees_266_1": ("200 targets, 2 boosted trees each, 266 x 100, one thread", "trees.rhai", "XGBoost, exact", 5),
    "trees_266": ("the same on all threads", "trees.rhai", "XGBoost, exact", 5),
    "trees_2000_1": ("200 targets, 2 boosted trees each, 2,000 x 100, one thread", "trees.rhai", "XGBoost, exact", 5),
    "trees_2000": ("the same on all threads", "trees.rhai", "XGBoost, exact", 5),
}

# names that stand for several
GROUPS = {
    "explain": ["ism_baseline", "ism_deepstarr", "ig_tcn", "deep_lift", "seqlets", "modisco"],
    "modules": ["wavenet", "experts", "egnn", "bpnet"],
    "trees": ["trees_266_1", "trees_266", "trees_2000_1", "trees_2000"],
    "genome": ["extract", "extract_loop", "bigwig", "shuffle", "augment", "loader"],
    "train": [
        "baseline", "fm", "epoch", "tcn_any", "tcn_last", "bilstm", "deepgrn", "deepgrn_bf16", "wrn16_2", "wrn16_2_bf16",
        "frozen", "predict_baseline", "predict_tcn", "predict_tcn_any", "metrics_1e7", "metrics_1e5x164", "start",
    ],
}
# ratios that --check compares with, and how much of them must be left: they waver by a tenth on a quiet machine
KEPT = HERE / "kept.json"
LEAST = 0.75


def valued(flag, otherwise):
    """What --flag=… says."""
    return next((word.removeprefix(flag) for word in sys.argv[2:] if word.startswith(flag)), otherwise)


# where networks run, ours and PyTorch's
DEVICE = valued("--device=", "cpu")
# what glibc's allocator must be told to keep what was freed, as cistron tells it by itself
TUNED = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "4294967296", "MALLOC_TOP_PAD_": "268435456"}


def scratch():
    """A folder that goes when the measuring ends."""
    folder = Path(tempfile.mkdtemp(prefix="cistron-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def genome():
    """A folder with a random genome of 40 Mb, regions of it and a bigWig; the same on every machine."""
    import numpy as np

    folder = scratch()
    rng = np.random.default_rng(1)
    sizes = {f"chr{i}": 10_000_000 for i in range(1, 5)}
    with open(folder / "g.fa", "wb") as fasta:
        for name, size in sizes.items():
            letters = np.frombuffer(b"ACGT", np.uint8)[rng.integers(0, 4, size)]
            lines = np.full((size // 50, 51), ord("\n"), np.uint8)
            lines[:, :50] = letters.reshape(-1, 50)
            fasta.write(f">{name}\n".encode() + lines.tobytes())
    for file, n, width in [("r.bed", 20_000, 1000), ("loader.bed", 200_000, 600), ("epoch.bed", 60_000, 600)]:
        with open(folder / file, "w") as bed:
            for chrom, start in zip(rng.integers(1, 5, n), rng.integers(0, 10_000_000 - width, n)):
                bed.write(f"chr{chrom}\t{start}\t{start + width}\n")
    script = """
        let g = genome::open("g.fa");
        let at = g.windows(25);
        track::save_bigwig("s.bw", at, tensor::rand([at.len()], #{ seed: 1 }));
    """
    (folder / "make.rhai").write_text(script)
    subprocess.run([PROGRAM, "run", "--no-run-dir", "make.rhai"], check=True, cwd=folder, capture_output=True)
    return folder


@functools.cache
def contributions():
    """A folder with sequences in which three motifs are planted, and hypothetical contributions: what a good network would give, and noise."""
    import numpy as np

    folder = scratch()
    rng = np.random.default_rng(1)
    n, length = 1500, 400
    codes = rng.integers(0, 4, (n, length))
    hypothetical = rng.normal(0, 0.02, (n, 4, length))
    for width in (8, 10, 12):
        shares = rng.dirichlet([0.15] * 4, width)
        for row in range(n):
            start = rng.integers(40, length - 60)
            word = [rng.choice(4, p=own) for own in shares]
            codes[row, start : start + width] = word
            hypothetical[row, :, start : start + width] += rng.uniform(0.5, 1.5) * (shares - 0.25).T
    sequences = np.eye(4, dtype=np.float32)[codes].transpose(0, 2, 1)
    np.savez(folder / "contributions.npz", sequences=np.ascontiguousarray(sequences), hypothetical=hypothetical.astype(np.float32))
    return folder


def ours(name, script):
    if script is None:
        started = time.perf_counter()
        subprocess.run([PROGRAM, "run", "--no-run-dir", HERE / "start.rhai"], check=True, capture_output=True)
        return time.perf_counter() - started
    said = subprocess.run(
        [*cores(name), PROGRAM, "run", "--no-run-dir", "--json", HERE / script, "--set", f"work={name}", *place(name), *device(script)],
        check=True, capture_output=True, text=True,
    )
    return json.loads(said.stdout)["seconds"]


def folder_of(name):
    """Where the files of a benchmark lie, if it has any."""
    if WORK[name][1] == "genome.rhai":
        return genome()
    return contributions() if name in ("seqlets", "modisco") else None


def cores(name):
    """One core for the benchmarks of one thread."""
    return ["taskset", "-c", str(min(os.sched_getaffinity(0)))] if name.startswith("trees") and name.endswith("_1") else []


def device(script):
    return ["--set", f"device={DEVICE}"] if script == "train.rhai" else []


def place(name):
    return ["--set", f"folder={folder}"] if (folder := folder_of(name)) else []


def peer(name, tuned=False, compiled=False):
    environment = {**os.environ, **(TUNED if tuned else {}), **({"CISTRON_PEER_COMPILED": "1"} if compiled else {}), "CISTRON_PEER_DEVICE": DEVICE}
    if name == "start":
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import torch"], check=True, capture_output=True, env=environment)
        return time.perf_counter() - started
    folder = [str(folder)] if (folder := folder_of(name)) else []
    file = {"modules.rhai": "modules.py", "trees.rhai": "trees.py"}.get(WORK[name][1], "peers.py")
    said = subprocess.run([*cores(name), sys.executable, HERE / file, name, *folder], capture_output=True, text=True, env=environment)
    if said.returncode:
        print(f"{name}: the peer failed: {said.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return float(said.stdout)


def checked(rows):
    """Names whose ratio fell below what was kept; says each."""
    kept = json.loads(KEPT.read_text())
    fallen = []
    for row in rows:
        name, ratio = row["name"], row["ratio"]
        if name not in kept or ratio is None:
            print(f"{name}: {'its peer was not measured' if ratio is None else 'nothing is kept to compare with'}", file=sys.stderr)
        elif ratio < kept[name] * LEAST:
            fallen.append(name)
            print(f"{name}: {ratio:.2f} times its peer, {kept[name]:.2f} were kept", file=sys.stderr)
    return fallen


def main():
    flags = {word for word in sys.argv[2:] if word.startswith("--")}
    pairs = int(valued("--pairs=", 0))
    flags = {word for word in flags if not word.startswith(("--pairs=", "--device="))}
    if unknown := flags - {"--json", "--check", "--keep", "--compiled"}:
        sys.exit(f"error: {', '.join(sorted(unknown))}: there are --json, --check, --keep, --compiled, --device=NAME and --pairs=N")
    names = [word for word in sys.argv[2:] if not word.startswith("--")] or list(WORK)
    names = [one for name in names for one in GROUPS.get(name, [name])]
    as_json, rows = "--json" in flags, []
    for name in names:
        if name not in WORK:
            sys.exit(f"error: no benchmark is called {name}; there are {', '.join([*WORK, *GROUPS])}")
    if DEVICE != "cpu":
        if "--keep" in flags or "--check" in flags:
            sys.exit("error: the ratios that are kept are those of the processor: leave out --device, or --keep and --check")
        names = [name for name in names if WORK[name][1] == "train.rhai"]
    try:
        import sklearn, torch  # noqa: F401

        has_peer = True
    except ImportError as error:
        has_peer = False
        print(f"peers are not measured: {error}; CISTRON_PYTHON names a Python with torch 2.11.0 and scikit-learn", file=sys.stderr)
    for name in names:
        work, script, other, most = WORK[name]
        mine, theirs, tuned, compiled = [], [], [], None
        for _ in range(pairs or most):
            mine.append(ours(name, script))
            if has_peer:
                theirs.append(peer(name))
            if has_peer and script in ("train.rhai", "modules.rhai") and DEVICE == "cpu":
                tuned.append(peer(name, tuned=True))
        if has_peer and script == "train.rhai" and "--compiled" in flags:
            compiled = peer(name, compiled=True)
        theirs, tuned = [t for t in theirs if t is not None], [t for t in tuned if t is not None]
        ratios = [b / a for a, b in zip(mine, theirs)]
        row = {
            "name": name, "work": work, "ours_s": round(statistics.median(mine), 5), "peer": other,
            "peer_s": round(statistics.median(theirs), 5) if theirs else None,
            "ratio": round(statistics.median(ratios), 3) if ratios else None,
            "spread": [round(min(ratios), 3), round(max(ratios), 3)] if ratios else None,
            "peer_tuned_s": round(statistics.median(tuned), 5) if tuned else None,
            "peer_compiled_s": round(compiled, 5) if compiled else None,
            "ratio_compiled": round(compiled / statistics.median(mine), 3) if compiled else None,
            "ratio_tuned": round(statistics.median(b / a for a, b in zip(mine, tuned)), 3) if tuned else None,
        }
        rows.append(row)
        if as_json:
            print(json.dumps(row), flush=True)
        else:
            ratio = f"{row['ratio']:6.2f}x  ({row['spread'][0]:.2f} to {row['spread'][1]:.2f})" if ratios else "no peer"
            if tuned:
                ratio += f"   {row['ratio_tuned']:.2f}x with its allocator tuned"
            if compiled:
                ratio += f"   {row['ratio_compiled']:.2f}x compiled"
            print(f"{name:16} {row['ours_s']:9.4f} s   {other:14} {row['peer_s'] or float('nan'):9.4f} s   {ratio}   {work}", flush=True)
    if "--keep" in flags:
        kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
        kept.update({row["name"]: row["ratio"] for row in rows if row["ratio"] is not None})
        KEPT.write_text(json.dumps(dict(sorted(kept.items())), indent=2) + "\n")
    if "--check" in flags and (fallen := checked(rows)):
        sys.exit(f"error: slower against their peers than before: {', '.join(fallen)}")


main()
