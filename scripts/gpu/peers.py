"""The work of bench.rhai with PyTorch: prints a line of JSON for each job that is read from standard input, a line of JSON each.

A job is {"work", "mode", "batch", "steps", "device", "compiled", "length"}; with "warm" the network is compiled and run once, which
fills the caches of torch.compile, and nothing is timed.
"""
import json
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))

import torch
from torch import nn

import modules
import peers

DEVICE = "cpu"


def wait():
    if DEVICE != "cpu":
        torch.cuda.synchronize()


def best(work, rounds=3):
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        wait()
        times.append(time.perf_counter() - started)
    return min(times)


def sequences(batch, length):
    return peers.sequences(batch, length).to(DEVICE)


class Trunk(nn.Module):
    """BPNet's trunk, the mean over positions, a dense layer."""

    def __init__(self, filters=64, layers=8):
        super().__init__()
        self.iconv = nn.Conv1d(4, filters, 21, padding=10)
        self.rconvs = nn.ModuleList([nn.Conv1d(filters, filters, 3, padding=2**i, dilation=2**i) for i in range(1, layers + 1)])
        self.linear = nn.Linear(filters, 1)

    def forward(self, x):
        x = torch.relu(self.iconv(x))
        for conv in self.rconvs:
            x = x + torch.relu(conv(x))
        return self.linear(x.mean(2))


class Attention(nn.Module):
    """Two layers of a transformer encoder on 125 positions."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(4, 64, 15, padding="same")
        self.layers = nn.ModuleList([nn.TransformerEncoderLayer(64, 4, 128, batch_first=True) for _ in range(2)])
        self.linear = nn.Linear(64, 1)

    def forward(self, x):
        x = nn.functional.max_pool1d(torch.relu(self.conv(x)), 8).transpose(1, 2)
        for layer in self.layers:
            x = layer(x)
        return self.linear(x.mean(1))


def network(work):
    """A network, the length of its sequences, its number of tasks."""
    if work == "bpnet":
        return Trunk(), 2114, 1
    if work == "attention":
        return Attention(), 1000, 1
    net, length, _, tasks, _ = peers.networks()[work]()
    return net, length, tasks


def compiled(net, job):
    if not job.get("compiled"):
        return net
    return torch.compile(net, mode="default" if DEVICE == "cpu" else "reduce-overhead")


def timed(step, job):
    if job.get("warm"):
        step()
        wait()
        return None
    for _ in range(2 if DEVICE == "cpu" else 10):
        step()
    wait()
    return best(lambda: [step() for _ in range(job["steps"])]) / job["steps"]


def graph(job):
    net = compiled(modules.Graph().to(DEVICE), job)
    b = job["batch"]
    x = torch.randn(b, 64, 32, device=DEVICE), torch.randn(b, 64, 3, device=DEVICE), torch.randint(0, 64, (b, 2, 512), device=DEVICE)
    optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-4)

    def step():
        optimizer.zero_grad()
        sum(y.square().mean() for y in net(*x)).backward()
        optimizer.step()

    return timed(step, job)


def steps(job):
    net, length, tasks = network(job["work"])
    length = job.get("length") or length
    net = compiled(net.to(DEVICE), job)
    x, y = sequences(job["batch"], length), torch.rand(job["batch"], tasks, device=DEVICE).round()
    if job["mode"] == "predict":
        net.eval()
        with torch.no_grad():
            return timed(lambda: net(x).cpu(), job)
    optimizer, loss = torch.optim.RMSprop(net.parameters(), lr=1e-3), nn.BCEWithLogitsLoss()

    def step():
        optimizer.zero_grad()
        loss(net(x), y).backward()
        optimizer.step()

    return timed(step, job)


def gradients(job):
    """Integrated gradients by a plain loop over rows, 20 steps of a row in a batch."""
    net, length, _ = network("tcn_any")
    net, length = net.to(DEVICE).eval(), job.get("length") or length
    x = sequences(job["batch"], length)
    nodes = (torch.arange(20, device=DEVICE) + 0.5) / 20

    def work():
        for row in x:
            inputs = (nodes[:, None, None] * row).requires_grad_()
            net(inputs)[:, 0].sum().backward()
            (inputs.grad.mean(0) * row).cpu()

    work()
    return best(work)


def mutagenesis(job):
    """Every substitution of every row, in batches of 4,096."""
    net, length = peers.deepstarr().to(DEVICE), job.get("length") or 249
    x = sequences(job["batch"], length)
    position, base = torch.meshgrid(torch.arange(length, device=DEVICE), torch.arange(4, device=DEVICE), indexing="ij")
    position, base = position.flatten(), base.flatten()

    def work():
        with torch.no_grad():
            for row in x:
                changed = row.repeat(len(position), 1, 1)
                each = torch.arange(len(position), device=DEVICE)
                changed[each, :, position] = 0
                changed[each, base, position] = 1
                torch.cat([net(part) for part in changed.split(4096)]).cpu()

    work()
    return best(work)


def deep_lift(job):
    from captum.attr import DeepLiftShap

    net, x = peers.scan().to(DEVICE), sequences(job["batch"], job.get("length") or 600)
    baselines = sequences(20, x.shape[2])

    def work():
        for row in x:
            DeepLiftShap(net).attribute(row[None], baselines, target=0).cpu()

    work()
    return best(work)


def files(job):
    """From FASTA and BED to a network trained once: sequences are read by worker processes, one-hot on the device."""
    import numpy as np

    folder, batch = job["folder"], job["batch"]
    started = time.perf_counter()
    text = np.memmap(f"{folder}/g.fa", np.uint8, "r")
    offsets = json.loads(Path(f"{folder}/offsets.json").read_text())
    places = [line.split() for line in open(f"{folder}/r.bed")]
    table = np.full(256, 4, np.uint8)
    table[[65, 67, 71, 84]] = range(4)

    class Regions(torch.utils.data.Dataset):
        def __len__(self):
            return len(places)

        def __getitem__(self, i):
            chrom, start, end = places[i]
            start, end = int(start), int(end)
            first, last = offsets[chrom] + start + start // 50, offsets[chrom] + end + end // 50
            line = np.asarray(text[first:last])
            return torch.from_numpy(table[line[line != 10]])

    labels = torch.rand(len(places), 1).round()
    loader = torch.utils.data.DataLoader(Regions(), batch, shuffle=True, num_workers=4)
    net = network("baseline")[0].to(DEVICE)
    optimizer, loss = torch.optim.RMSprop(net.parameters(), lr=1e-3), nn.BCEWithLogitsLoss()
    for codes in loader:
        x = nn.functional.one_hot(codes.to(DEVICE).long(), 5)[:, :, :4].transpose(1, 2).float()
        optimizer.zero_grad()
        loss(net(x), labels[: len(codes)].to(DEVICE)).backward()
        optimizer.step()
    wait()
    return time.perf_counter() - started


WORKS = {"egnn": graph, "ig": gradients, "ism": mutagenesis, "deep_lift": deep_lift, "files": files}


def main():
    global DEVICE
    for line in sys.stdin:
        job = json.loads(line)
        DEVICE = job["device"]
        # 32 bits throughout, as bench.rhai by default
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = job.get("amp") == "tf32"
        try:
            answer = {"seconds": WORKS.get(job["work"], steps)(job)}
        except Exception as error:  # a job that fails does not stop the others
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
            traceback.print_exc()
        print(json.dumps({**job, **answer}), flush=True)


main()
