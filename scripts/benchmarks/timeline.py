"""The time line of data-parallel training steps and of sweeps: timeline.py step|plan|least|check|sweep|failures [--help]

Python without packages. Each table names the command that made it; times are seconds unless the option says otherwise.

Time of a message of n bytes between two processes: alpha + n beta (Hockney 1994). Sum of n bytes over P processes
(Thakur, Rabenseifner & Gropp 2005; Patarasuk & Yuan 2009), additions included in beta:

  ring      2 (P - 1) alpha + 2 (P - 1) / P n beta
  tree      2 ceil(log2 P) alpha + 2 n beta, the parts of n pipelined along the tree (NCCL's double tree: Sanders et al. 2009)
  halving   2 ceil(log2 P) alpha + 2 (P - 1) / P n beta, reduce-scatter by recursive halving (Rabenseifner)
  nodes     within a node of g processes a reduce-scatter and an all-gather by ring over its own links, and between m = P / g
            nodes sums of n / g bytes in g rings or trees at once, each over `rails` / g of the node's network adapters:
            2 (g - 1) alpha_1 + 2 (g - 1) / g n beta_1 + between(m, n / g)
  flat      one ring over all processes, as MPI does: that of the slower link, 2 (P - 1) max(alpha) + 2 (P - 1) / P n max(beta)
  measured  alpha + n beta as fitted to `world.all_reduce` on two ranks, copies and agreement included

A step of rank r, with factors of noise f_r of mean 1 (log-normal with deviation `noise`; `pause` seconds more with probability
`pause-share`), Q batches prepared ahead by `loaders` threads, and gradients in K buckets (K = 1: no overlap):

  batch k ready      b_r(k) = max(b_r(k - loaders), taken_r(k - Q)) + load
  start              s_r    = max(end of the last step, b_r(k))
  bucket j ready     s_r + f_r (forward + backward (j + 1) / K), forward = compute / 3, backward = 2 compute / 3
  sum of bucket j    begins when it is ready on all ranks and the sum of j - 1 has ended; takes T(n / K)
  end of the step    end of the last sum + copies + small x T_host(0) + update

`copies` are those between GPU and host and between buffers, n x copy seconds a byte; `small` counts sums of a few bytes per step,
which are by MPI between hosts, in trees.
Efficiency is (compute + update + load that is not hidden at P = 1) / (mean duration of a step).
Failures: with a mean time M between those of P devices, m / P, and checkpoints that take d seconds, the best interval is
sqrt(2 d M) (Young 1974); the share of time that is lost is d / interval + interval / (2 M) + restart / M.
Waiting for the slowest of P ranks alone costs about noise x sqrt(2 ln P) of compute.
"""

import argparse
import heapq
import json
import math
import random
import statistics
import sys

# links: seconds of latency and bytes per second in one direction, and of messages above 4 MB; where they come from is in docs/scale.md
LINKS = {
    "nvlink4": (3.4e-6, 450e9 * 0.8, 450e9 * 0.8),      # H100: 18 links of 25 GB/s per direction; four fifths of it
    "ndr": (9.6e-6, 50e9 * 0.9, 50e9 * 0.9),            # InfiniBand NDR, 400 Gbit/s an adapter, by NCCL
    "mpi-ndr": (2e-6, 50e9 * 0.8, 50e9 * 0.8),          # the same between buffers of hosts, by MPI
    "mpi-hdr": (2e-6, 25e9 * 0.8, 25e9 * 0.8),
    "mpi-eth25": (30e-6, 3.1e9 * 0.8, 3.1e9 * 0.8),     # 25-Gbit Ethernet over TCP
    "shm": (2.8e-6, 3.4e9, 1.06e9),                     # MPI over shared memory, as measured by `scripts/bench ranks`
}


def line_of(link, n):
    """Latency, and seconds a byte, for a sum of n bytes."""
    latency, speed, large = LINKS[link]
    return latency, 1 / (large if n > 4e6 else speed)


# networks of a plan: parameters, sequences of a step on each GPU, seconds of compute of that step: assumed, see docs/scale.md
NETWORKS = {
    "baseline": (1_641, 2048, 0.002),
    "bpnet": (113_923, 64, 0.010),
    "wrn16_2": (238_947, 192, 0.010),
    "basenji": (30_088_228, 4, 0.100),
    "enformer": (246_172_353, 1, 0.200),
}


def ring(p, n, alpha, beta):
    return 0.0 if p == 1 else 2 * (p - 1) * alpha + 2 * (p - 1) / p * n * beta


def tree(p, n, alpha, beta):
    return 0.0 if p == 1 else 2 * math.ceil(math.log2(p)) * alpha + 2 * n * beta


def halving(p, n, alpha, beta):
    return 0.0 if p == 1 else 2 * math.ceil(math.log2(p)) * alpha + 2 * (p - 1) / p * n * beta


ALGORITHMS = {"ring": ring, "tree": tree, "halving": halving}


class Network:
    """How long a sum of n bytes over all ranks takes."""

    def __init__(self, ranks, per_node, inside, between, algorithm="best", rails=8):
        self.ranks, self.per_node, self.rails = ranks, min(per_node, ranks), rails
        self.inside, self.between, self.algorithm = inside, between, algorithm

    def sum(self, n):
        g, m = self.per_node, math.ceil(self.ranks / self.per_node)
        alpha, beta = line_of(self.inside, n)
        own = ring(g, n, alpha, beta)
        if m == 1:
            return min(own, tree(g, n, alpha, beta))
        far, far_beta = line_of(self.between, n)
        if self.algorithm == "flat":
            # sums of few bytes are by trees
            slow = max(alpha, far), max(beta, far_beta)
            return min(ring(self.ranks, n, *slow), tree(self.ranks, n, *slow))
        # g sums at once share the adapters of the node
        far_beta *= max(1.0, g / self.rails)
        names = ALGORITHMS if self.algorithm == "best" else [self.algorithm]
        return min(own, tree(g, n, alpha, beta)) + min(ALGORITHMS[name](m, n / g, far, far_beta) for name in names)


    def few(self):
        """A sum of a few bytes: in host memory, by MPI."""
        far = LINKS[self.between][0] if self.between.startswith("mpi") else LINKS["mpi-ndr"][0]
        return tree(self.ranks, 0, max(LINKS["shm"][0], far if self.ranks > self.per_node else 0.0), 0.0)


class Measured:
    """The line that was fitted to the sums of two ranks."""

    def __init__(self, alpha, beta):
        self.alpha, self.beta = alpha, beta

    def few(self):
        return self.alpha

    def sum(self, n):
        return self.alpha + n * self.beta


def steps(ranks, compute, size, network, *, update=0.0, load=0.0, loaders=1, ahead=4, buckets=1, noise=0.0, pause=0.0,
          pause_share=0.0, copy=0.0, small=2, count=200, seed=1, drawn=None):
    """Durations of steps, and how much of them the sums and the wait for the slowest rank took, in the mean."""
    rng = random.Random(seed)
    end, sums, waits, durations = 0.0, 0.0, 0.0, []
    ready = [[0.0] * loaders for _ in range(ranks)]       # when each loader of a rank is free
    taken = [[0.0] * ahead for _ in range(ranks)]         # when the last batches were taken
    each = network.sum(size / buckets) if ranks > 1 else 0.0
    after = (size * copy + small * network.few() if ranks > 1 else 0.0) + update
    for k in range(count):
        first, starts = end, [end] * ranks
        for r in range(ranks if load else 0):
            free, slot = k % loaders, k % ahead
            ready[r][free] = max(ready[r][free], taken[r][slot]) + load
            starts[r] = taken[r][slot] = max(end, ready[r][free])
        factors = [math.exp(rng.gauss(0, noise) - noise * noise / 2) for _ in starts] if noise else [1.0] * ranks
        if drawn:
            # each rank's own distribution of measured steps
            factors = [rng.choice(own) / compute for own in drawn]
        if pause_share:
            factors = [f + pause / compute * (rng.random() < pause_share) for f in factors]
        finish = 0.0
        for j in range(buckets):
            share = compute * (1 / 3 + 2 / 3 * (j + 1) / buckets)
            finish = max(finish, max(s + f * share for s, f in zip(starts, factors))) + each
        computed = [s + f * compute for s, f in zip(starts, factors)]
        waits += max(computed) - sum(computed) / ranks
        sums += finish - max(computed)
        end = finish + after
        durations.append(end - first)
    warm = durations[count // 10:]
    return statistics.fmean(warm), (sums / count + after - update), waits / count


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def time_of(s):
    if s >= 1000:
        return f"{s:,.0f} s"
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if s * factor >= 1:
            return f"{s * factor:.3g} {unit}"
    return "0" if s == 0 else f"{s * 1e6:.2g} µs"


def size_of(n):
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n >= factor:
            return f"{n / factor:.3g} {unit}"
    return f"{n:.0f} B"


def network_of(o, ranks):
    return Network(ranks, o.per_node, o.inside, o.between, o.algorithm, o.rails)


def step_options(o):
    return {"update": o.update_ms / 1e3, "load": o.load_ms / 1e3, "loaders": o.loaders, "ahead": o.ahead, "buckets": o.buckets,
            "noise": o.noise, "pause": o.pause_ms / 1e3, "pause_share": o.pause_share, "copy": o.copy_ns / 1e9, "small": o.small,
            "count": o.steps, "seed": o.seed}


def step(o):
    rows = []
    for p in o.ranks:
        compute, size = o.compute_ms / 1e3, o.bytes
        alone, _, _ = steps(1, compute, size, network_of(o, 1), **step_options(o))
        took, sums, waited = steps(p, compute, size, network_of(o, p), **step_options(o))
        rows.append([str(p), time_of(took), time_of(sums), time_of(waited), f"{alone / took:.2f}"])
    table(["ranks", "step", "of it sums and copies", "waiting for the slowest", "efficiency"], rows)


def plan(o):
    rows, networks = [], NETWORKS
    if o.measured:
        lines = [json.loads(line) for line in open(o.measured) if line.startswith("{")]
        networks = {one["name"]: (one["parameters"], one["batch"] // 2, one["apart_ms"] / 1e3) for one in lines if one["name"] != "all_reduce"}
    for name in o.network or networks:
        parameters, batch, compute = networks[name]
        row = [name, size_of(4 * parameters), f"{batch}", time_of(compute)]
        for p in o.ranks:
            alone, _, _ = steps(1, compute, 4 * parameters, network_of(o, 1), **step_options(o))
            took, _, _ = steps(p, compute, 4 * parameters, network_of(o, p), **step_options(o))
            row.append(f"{alone / took:.2f}")
        rows.append(row)
    device = "cores" if o.measured else "GPUs"
    table(["network", "gradients", "rows of a rank", "compute", *[f"{p} {device}" for p in o.ranks]], rows)


def least(o):
    """The compute time of a step from which on the efficiency is reached, by bisection."""
    rows = []
    for size in o.sizes:
        row = [size_of(size)]
        for p in o.ranks:
            low, high = 1e-5, 1e2
            for _ in range(24):
                middle = math.sqrt(low * high)
                took, _, _ = steps(p, middle, size, network_of(o, p), **{**step_options(o), "count": 40})
                low, high = (low, middle) if middle / took >= o.efficiency else (middle, high)
            row.append(time_of(high))
        rows.append(row)
    table(["gradients", *[f"{p} GPUs" for p in o.ranks]], rows)


def check(o):
    """Predicted against measured steps of two ranks, from the lines that `scripts/bench ranks --json` printed."""
    text = open(o.file) if o.file != "-" else sys.stdin
    lines = [json.loads(line) for line in text if line.startswith("{")]
    fitted = next(line for line in lines if line["name"] == "all_reduce")
    network = Measured(fitted["alpha_us"] / 1e6, fitted["beta_ns_per_byte"] / 1e9)
    rows, errors = [], []
    for line in lines:
        if line["name"] == "all_reduce":
            continue
        drawn = [[t / 1e3 for t in own] for own in line["quantiles"]]
        compute = statistics.fmean(t for own in drawn for t in own)
        took, sums, waited = steps(2, compute, line["bytes"], network, small=line["sums_per_step"] - 1, count=4000, drawn=drawn)
        measured = line["ranks_mean_ms"] / 1e3
        errors.append(took / measured - 1)
        rows.append([line["name"], time_of(compute), time_of(sums), time_of(waited), time_of(took), time_of(measured),
                     f"{100 * errors[-1]:+.1f} %"])
    table(["network", "compute of a rank", "sums", "waiting", "predicted step", "measured step", "difference"], rows)
    print(f"\nmean absolute difference {100 * statistics.fmean(map(abs, errors)):.1f} %")


def sweep(o):
    """Tasks of log-normal duration on workers of one GPU each, several on a node, with cold nodes, failures and time limits."""
    rows = []
    for workers in o.workers:
        rng, fates = random.Random(o.seed), random.Random(o.seed + 1)
        nodes = math.ceil(workers / o.per_node)
        # all nodes read the data at first, through what the file system delivers in all and to each
        cold = max(o.data_gb / o.node_gbs, nodes * o.data_gb / o.store_gbs)
        warm = [math.inf] * nodes
        free = [(0.0, w) for w in range(workers)]
        submitted, busy, overhead, lost, interruptions = 0.0, 0.0, 0.0, 0.0, 0
        heapq.heapify(free)
        for _ in range(o.tasks):
            at, worker = heapq.heappop(free)
            # the scheduler starts so many tasks a second
            at = submitted = max(at, submitted + 1 / o.starts)
            node = worker // o.per_node
            # the tasks of a node wait for the same first read
            warm[node] = min(warm[node], at + cold)
            begin = max(at, warm[node]) + o.start_s
            overhead += begin - at
            work = o.minutes * 60 * math.exp(rng.gauss(0, o.spread) - o.spread**2 / 2)
            busy += work
            # work since the last checkpoint is done again, and the task starts again
            mean = o.mtbf_hours * 3600
            after = fates.expovariate(1 / mean) if mean else math.inf
            while after < work:
                again = after % (o.checkpoint_min * 60) + o.start_s
                interruptions, lost, begin = interruptions + 1, lost + again, begin + again
                after += fates.expovariate(1 / mean)
            heapq.heappush(free, (begin + work, worker))
        span = max(at for at, _ in free)
        rows.append([str(workers), str(nodes), f"{span / 3600:.2f} h", f"{busy / span / workers:.2f}", time_of(cold),
                     f"{overhead / (span * workers):.3f}", str(interruptions), f"{lost / 3600:.2f} h"])
    table(["GPUs", "nodes", "until the last task ends", "share of GPU time that trains", "first read of the data", "start and first read",
           "failures", "work done again"], rows)


def failures(o):
    """Checkpoints of one training on many GPUs, and the time that is lost."""
    rows = []
    for p in o.ranks:
        mean = o.mtbf_hours * 3600 / p
        interval = math.sqrt(2 * o.checkpoint_s * mean)
        lost = o.checkpoint_s / interval + interval / 2 / mean + o.restart_s / mean
        fixed = o.checkpoint_s / (o.every_min * 60) + o.every_min * 30 / mean + o.restart_s / mean
        rows.append([str(p), f"{mean / 3600:,.0f} h", f"{interval / 60:,.0f} min", f"{100 * lost:.2f} %", f"{100 * fixed:.2f} %"])
    table(["GPUs", "between failures", "best interval", "lost", f"lost at {o.every_min:.0f} min"], rows)


def main():
    parser = argparse.ArgumentParser(prog="timeline", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for call, summary in ((step, "one network on several numbers of ranks"), (plan, "efficiencies of networks"),
                          (least, "the shortest compute time of a step for an efficiency")):
        own = commands.add_parser(call.__name__, help=summary)
        own.set_defaults(call=call)
        own.add_argument("--ranks", type=lambda text: [int(n) for n in text.split(",")], default=[8, 16, 64, 256, 1024])
        own.add_argument("--per-node", type=int, default=8)
        own.add_argument("--rails", type=int, default=8, help="network adapters of a node")
        own.add_argument("--inside", choices=LINKS, default="nvlink4")
        own.add_argument("--between", choices=LINKS, default="ndr")
        own.add_argument("--algorithm", choices=["best", "flat", *ALGORITHMS], default="best", help="between nodes")
        own.add_argument("--buckets", type=int, default=1, help="parts of the gradient that are summed during the backward pass")
        own.add_argument("--copy-ns", type=float, default=0.0, help="nanoseconds of copies a byte")
        own.add_argument("--small", type=int, default=5, help="sums of a few bytes per step, those of agreement among them")
        own.add_argument("--noise", type=float, default=0.02)
        own.add_argument("--pause-ms", type=float, default=0.0)
        own.add_argument("--pause-share", type=float, default=0.0)
        own.add_argument("--update-ms", type=float, default=0.0)
        own.add_argument("--load-ms", type=float, default=0.0, help="milliseconds in which a loader prepares a batch")
        own.add_argument("--loaders", type=int, default=1)
        own.add_argument("--ahead", type=int, default=4)
        own.add_argument("--steps", type=int, default=100)
        own.add_argument("--seed", type=int, default=1)
        if call is step:
            own.add_argument("--compute-ms", type=float, required=True)
            own.add_argument("--bytes", type=float, required=True)
        if call is plan:
            own.add_argument("--network", action="append")
            own.add_argument("--measured", help="networks and their compute times from the lines of `scripts/bench ranks --json`")
        if call is least:
            own.add_argument("--efficiency", type=float, default=0.9)
            own.add_argument("--sizes", type=lambda text: [float(n) for n in text.split(",")], default=[1e4, 1e6, 1e7, 1e8, 1e9])
    own = commands.add_parser("check", help="predicted against measured steps of `scripts/bench ranks --json`")
    own.set_defaults(call=check)
    own.add_argument("file", nargs="?", default="-")
    own = commands.add_parser("sweep", help="a sweep of many tasks of one GPU each")
    own.set_defaults(call=sweep)
    own.add_argument("--tasks", type=int, default=1000)
    own.add_argument("--workers", type=lambda text: [int(n) for n in text.split(",")], default=[8, 32, 128, 512, 1000])
    own.add_argument("--per-node", type=int, default=8)
    own.add_argument("--minutes", type=float, default=30.0, help="mean duration of a task")
    own.add_argument("--spread", type=float, default=0.5, help="deviation of the logarithm of durations")
    own.add_argument("--start-s", type=float, default=10.0, help="seconds from the start of a task to its first step, data in memory")
    own.add_argument("--starts", type=float, default=10.0, help="tasks that the scheduler starts in a second")
    own.add_argument("--data-gb", type=float, default=20.0, help="data that a node reads once")
    own.add_argument("--node-gbs", type=float, default=1.0, help="GB/s of the file system to one node")
    own.add_argument("--store-gbs", type=float, default=5.0, help="GB/s of the file system in all")
    own.add_argument("--mtbf-hours", type=float, default=0.0, help="hours between failures of a GPU; 0: none")
    own.add_argument("--checkpoint-min", type=float, default=10.0)
    own.add_argument("--seed", type=int, default=1)
    own = commands.add_parser("failures", help="checkpoints of one training on many GPUs")
    own.set_defaults(call=failures)
    own.add_argument("--ranks", type=lambda text: [int(n) for n in text.split(",")], default=[8, 16, 64, 256, 1024])
    own.add_argument("--mtbf-hours", type=float, default=50_677, help="hours between failures of a GPU, see docs/scale.md")
    own.add_argument("--checkpoint-s", type=float, default=3.0)
    own.add_argument("--restart-s", type=float, default=120.0)
    own.add_argument("--every-min", type=float, default=10.0)
    options = parser.parse_args()
    options.call(options)


if __name__ == "__main__":
    main()
