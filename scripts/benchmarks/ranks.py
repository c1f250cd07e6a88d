"""Two ranks against two threads: ranks.py ROOT [NAME…] [--json] [--pairs=N] [--steps=N] [--program=PATH]

Each network trains with the same batch as one process of two threads, and as two ranks of one thread, each bound to a core; these
alternate, and so do two processes that do not know each other, with half of the batch each: what ranks take longer than these is
their communication and the wait for the slower one. Prints samples/s and their ratio (ranks / threads) as medians over the pairs; a
run's speed is that of its median step. The ratio of fast steps is that of the first deciles, which other work disturbs least.
First the time of `world.all_reduce` by size, fitted to alpha + beta n, and that of MPI_Allreduce alone; then for each network the
time that the line predicts for the sums of a step (gradients of 4 bytes a parameter, and sums of a few bytes) beside the one that
was measured.
Other work on the machine shows in the numbers: each line has the load before its first pair.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(sys.argv[1])
SCRIPT = ROOT / "scripts" / "benchmarks" / "ranks.rhai"
# networks and the sums of a step: whether gradients exist, gradients, loss; with batch norms also their statistics
NETWORKS = {"baseline": 3, "tcn_last": 3, "deepgrn": 3, "wrn16_2": 4, "bpnet": 3}
STEPS = {"baseline": 120, "tcn_last": 16, "deepgrn": 50, "wrn16_2": 40, "bpnet": 30}
CORES = sorted(os.sched_getaffinity(0))[:2]
MPIRUN = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "core", "-n", "2"]


def valued(flag, otherwise):
    return next((word.removeprefix(flag) for word in sys.argv[2:] if word.startswith(flag)), otherwise)


PROGRAM = valued("--program=", str(ROOT / "target" / "release" / "cistron"))


def command(threads, **settings):
    words = [PROGRAM, "run", "--no-run-dir", "--json", "--threads", str(threads), "--device", "cpu", str(SCRIPT)]
    return words + [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]


def started(words, cores):
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=lambda: os.sched_setaffinity(0, cores))


def results(processes):
    out = []
    for process in processes:
        text, error = process.communicate()
        if process.returncode:
            sys.exit(f"error: {' '.join(process.args)}: {error.strip()[-600:]}")
        out.append(json.loads(text))
    return out


def run(kind, **settings):
    """What the script reports, for each process that reports."""
    if kind == "threads":
        return results([started(command(2, **settings), CORES)])
    if kind == "ranks":
        return results([started(MPIRUN + command(1, **settings), CORES)])
    return results([started(command(1, part=0.5, **settings), [core]) for core in CORES])


def fitted(sums):
    """alpha and beta of the line with the least relative error."""
    weights = [1 / one["median"] ** 2 for one in sums]
    x, y = [one["bytes"] for one in sums], [one["median"] for one in sums]
    total = sum(weights)
    mean_x = sum(w * a for w, a in zip(weights, x)) / total
    mean_y = sum(w * b for w, b in zip(weights, y)) / total
    beta = sum(w * (a - mean_x) * (b - mean_y) for w, a, b in zip(weights, x, y))
    beta /= sum(w * (a - mean_x) ** 2 for w, a in zip(weights, x))
    return mean_y - beta * mean_x, beta


def by_size(runs):
    return [{"bytes": own[0]["bytes"], "median": statistics.median(one["median"] for one in own), "least": min(one["least"] for one in own)}
            for own in zip(*(one["sums"] for one in runs))]


def sums_of_tensors(pairs):
    load = os.getloadavg()[0]
    runs, alone = [], []
    for _ in range(pairs):
        runs += run("ranks", work="all_reduce")
        alone += results([started([*MPIRUN, sys.executable, str(ROOT / "scripts" / "benchmarks" / "ranks_mpi.py")], CORES)])
    sums, alone = by_size(runs), by_size(alone)
    (alpha, beta), (mpi_alpha, mpi_beta) = fitted(sums), fitted(alone)
    off = statistics.fmean(abs((alpha + beta * one["bytes"]) / one["median"] - 1) for one in sums)
    return {"name": "all_reduce", "alpha_us": round(alpha * 1e6, 2), "beta_ns_per_byte": round(beta * 1e9, 4), "mean_error": round(off, 3),
            "mpi_alpha_us": round(mpi_alpha * 1e6, 2), "mpi_beta_ns_per_byte": round(mpi_beta * 1e9, 4), "load": round(load, 2),
            "sums": [{**one, "line": alpha + beta * one["bytes"], "mpi": other["median"]} for one, other in zip(sums, alone)]}


def of_steps(runs):
    """Median, mean and fast step, and relative deviation of steps, of the runs of one pair."""
    times = [t for one in runs for t in one["times"]]
    # the deviation of the middle half, so that pauses by other programs do not count
    quarters = statistics.quantiles(times, n=4)
    return {"median": statistics.median(times), "mean": statistics.fmean(times), "fast": statistics.quantiles(times, n=10)[0],
            "noise": (quarters[2] - quarters[0]) / 1.349 / quarters[1]}


def pairs_of(name, pairs, line):
    load = os.getloadavg()[0]
    settings = {"work": name, "steps": int(valued("--steps=", STEPS[name]))}
    found, alone = {"threads": [], "ranks": [], "apart": []}, []
    for i in range(pairs):
        # each kind is first in turn
        kinds = list(found)
        for kind in kinds[i % 3:] + kinds[:i % 3]:
            runs = run(kind, **settings)
            found[kind].append(of_steps(runs))
            if kind == "threads":
                batch, parameters = runs[0]["rows"], runs[0]["parameters"]
            if kind == "apart":
                alone.append([one["times"] for one in runs])
    middle, mean, fast, noise = ({kind: statistics.median(one[what] for one in own) for kind, own in found.items()}
                                 for what in ("median", "mean", "fast", "noise"))
    ratios = [threads["median"] / ranks["median"] for threads, ranks in zip(found["threads"], found["ranks"])]
    fast_ratios = [threads["fast"] / ranks["fast"] for threads, ranks in zip(found["threads"], found["ranks"])]
    # steps of each of the two processes in milliseconds, in order of duration: what the simulator draws from
    each = [[t * 1e3 for own in alone for t in own[core]] for core in (0, 1)]
    quantiles = [[round(q, 3) for q in statistics.quantiles(own, n=40, method="inclusive")] for own in each]
    alpha, beta = line["alpha_us"] / 1e6, line["beta_ns_per_byte"] / 1e9
    return {
        "name": name, "batch": batch, "threads_samples_s": round(batch / middle["threads"], 1), "ranks_samples_s": round(batch / middle["ranks"], 1),
        "ratio": round(statistics.median(ratios), 3), "spread": [round(min(ratios), 3), round(max(ratios), 3)], "pairs": pairs,
        "ratio_of_means": round(mean["threads"] / mean["ranks"], 3), "ratio_of_fast": round(statistics.median(fast_ratios), 3), "load": round(load, 2),
        "threads_ms": round(middle["threads"] * 1e3, 3), "ranks_ms": round(middle["ranks"] * 1e3, 3), "apart_ms": round(middle["apart"] * 1e3, 3),
        **{f"{kind}_mean_ms": round(one * 1e3, 3) for kind, one in mean.items()},
        **{f"{kind}_fast_ms": round(one * 1e3, 3) for kind, one in fast.items()}, "noise": round(noise["apart"], 4), "quantiles": quantiles,
        "parameters": parameters, "bytes": 4 * parameters,
        "sums_per_step": NETWORKS[name], "predicted_ms": round((NETWORKS[name] * alpha + 4 * parameters * beta) * 1e3, 3),
        "measured_ms": round((middle["ranks"] - middle["apart"]) * 1e3, 3), "against_threads_ms": round((middle["ranks"] - middle["threads"]) * 1e3, 3),
    }


def main():
    flags = {word for word in sys.argv[2:] if word.startswith("--")}
    if unknown := {word for word in flags if not word.startswith(("--pairs=", "--steps=", "--program="))} - {"--json"}:
        sys.exit(f"error: {', '.join(sorted(unknown))}: there are --json, --pairs=N, --steps=N and --program=PATH")
    names = [word for word in sys.argv[2:] if not word.startswith("--")] or list(NETWORKS)
    if unknown := set(names) - set(NETWORKS):
        sys.exit(f"error: no network is called {', '.join(sorted(unknown))}; there are {', '.join(NETWORKS)}")
    if len(CORES) < 2:
        sys.exit("error: two ranks need two cores")
    pairs, as_json = int(valued("--pairs=", "5")), "--json" in flags
    line = sums_of_tensors(min(pairs, 3))
    if as_json:
        print(json.dumps(line), flush=True)
    else:
        print(f"world.all_reduce on two ranks: {line['alpha_us']:.1f} µs + {line['beta_ns_per_byte']:.3f} ns a byte; mean error of the line "
              f"{100 * line['mean_error']:.0f} % (load {line['load']:.1f})\n"
              f"MPI alone: {line['mpi_alpha_us']:.1f} µs + {line['mpi_beta_ns_per_byte']:.3f} ns a byte")
        for one in line["sums"]:
            print(f"  {one['bytes'] / 1024:8.0f} kB {one['median'] * 1e6:12.1f} µs, least {one['least'] * 1e6:10.1f}, line {one['line'] * 1e6:10.1f},"
                  f" MPI alone {one['mpi'] * 1e6:10.1f}")
        print("\n                 samples/s           ranks / threads                       sums of a step, ms")
        print("network       2 threads    2 ranks   steps   of the pairs   fast steps    predicted  measured    a rank's compute    load", flush=True)
    for name in names:
        row = pairs_of(name, pairs, line)
        if as_json:
            print(json.dumps(row), flush=True)
        else:
            low, high = row["spread"]
            print(f"{name:12} {row['threads_samples_s']:10,.0f} {row['ranks_samples_s']:10,.0f} {row['ratio']:7.3f}   {low:.2f} to {high:.2f}"
                  f" {row['ratio_of_fast']:12.3f} {row['predicted_ms']:12.3f} {row['measured_ms']:9.3f} {row['apart_ms']:16.2f} ms {row['load']:9.1f}",
                  flush=True)


main()
