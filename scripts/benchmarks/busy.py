"""Training beside busy processes: busy.py ROOT [--seconds=N] [--rounds=N] [--spin=N,N,…] [--program=PATH]

For 1 thread and for as many as there are cores, beside 0, 1, … busy processes (as many as cores, at most 4): samples a second of cistron as
it is started, with other limits on spinning where --spin names them, and of PyTorch where the Python has it. The fair share
is what an even division of the cores among all threads leaves of the idle machine's speed.
Other work on the machine shows in the numbers: rounds alternate, medians are printed, and the load before each table.
"""

import importlib.util
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(sys.argv[1])
HERE = ROOT / "scripts" / "benchmarks"


def valued(flag, otherwise):
    return next((word.removeprefix(flag) for word in sys.argv[2:] if word.startswith(flag)), otherwise)


SECONDS = valued("--seconds=", "4")
ROUNDS = int(valued("--rounds=", "3"))
PROGRAM = valued("--program=", str(ROOT / "target" / "release" / "cistron"))
SPINS = [word for word in valued("--spin=", "").split(",") if word]
CORES = len(os.sched_getaffinity(0))


def speed(kind, threads):
    environment = {name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "OMP_NUM_THREADS")}
    if kind == "PyTorch":
        command = [sys.executable, str(HERE / "busy_torch.py"), SECONDS, str(threads)]
    else:
        command = [PROGRAM, "run", "--no-run-dir", "--threads", str(threads), "--device", "cpu", "--set", f"seconds={float(SECONDS)}", str(HERE / "busy.rhai")]
        if kind != "cistron":
            environment["GOMP_SPINCOUNT"] = kind.removeprefix("spin ")
    return float(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def main():
    kinds = ["cistron"] + [f"spin {n}" for n in SPINS] + (["PyTorch"] if importlib.util.find_spec("torch") else [])
    for threads in dict.fromkeys([1, CORES]):
        idle = {}
        for neighbours in range(min(CORES, 4) + 1):
            load = os.getloadavg()[0]
            busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(neighbours)]
            try:
                found = {kind: [] for kind in kinds}
                for _ in range(ROUNDS):
                    for kind in kinds:
                        found[kind].append(speed(kind, threads))
            finally:
                for process in busy:
                    process.kill()
                    process.wait()
            share = min(1.0, CORES / (threads + neighbours))
            print(f"{threads} threads beside {neighbours} busy processes (load before: {load:.1f}), fair share {share:.2f}", flush=True)
            for kind in kinds:
                median = statistics.median(found[kind])
                idle.setdefault(kind, median)
                of_idle = median / idle[kind]
                spread = f"{min(found[kind]):,.0f} to {max(found[kind]):,.0f}"
                print(f"  {kind:14} {median:10,.0f} samples/s ({spread})   {of_idle:5.2f} of idle, {of_idle / share:5.2f} of the fair share", flush=True)


main()
