"""An epoch of DeepGRN's training from FASTA, bigWig and BED files, beside the same in PyTorch with pyfaidx and pyBigWig.

    python deepgrn.py PROGRAM [POSITIVES] [THREADS] [WORKERS]

Writes the files to a temporary folder, trains the same network (defaults of the authors' training script: 64 filters of 34 bp, attention
over time after a BiLSTM of 32, both strands) for two epochs in each program and prints rows per second of the second one, in turns, and their
ratio. PyTorch reads in WORKERS processes of a DataLoader (0: in the training process), which open each file once.
"""
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyBigWig
import torch
import torch.nn as nn
from pyfaidx import Fasta

HERE = Path(__file__).parent
LENGTH, KERNEL, FILTERS, UNITS, DENSE, DROPOUT = 1002, 34, 64, 32, 64, 0.1
BATCH = 64


class Strand(nn.Module):
    """The layers that both strands share."""

    def __init__(self, channels, meta):
        super().__init__()
        self.conv = nn.Conv1d(channels, FILTERS, KERNEL)
        self.pointwise = nn.Linear(FILTERS, FILTERS)
        self.lstm = nn.LSTM(FILTERS, UNITS, batch_first=True, bidirectional=True)
        self.steps = (LENGTH - KERNEL + 1) // (KERNEL // 2)
        self.attention = nn.Linear(self.steps, self.steps)
        self.first = nn.Linear(self.steps * 2 * UNITS, DENSE)
        self.head = nn.Sequential(
            nn.Dropout(DROPOUT), nn.Linear(DENSE + meta, DENSE), nn.ReLU(), nn.Dropout(DROPOUT),
            nn.Linear(DENSE, DENSE), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(DENSE, 1),
        )
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x, meta):
        h = self.dropout(torch.relu(self.conv(x)))
        h = torch.relu(self.pointwise(h.transpose(1, 2))).transpose(1, 2)
        h = nn.functional.max_pool1d(h, KERNEL // 2).transpose(1, 2)
        h = self.dropout(self.lstm(h)[0])
        weights = torch.softmax(self.attention(h.transpose(1, 2)), 2).mean(1, keepdim=True)
        h = h * weights.transpose(1, 2)
        h = torch.relu(self.first(h.flatten(1)))
        return self.head(torch.cat([h, meta], 1))


class Network(nn.Module):
    def __init__(self, channels=6, meta=8):
        super().__init__()
        self.strand = Strand(channels, meta)

    def forward(self, x, meta):
        order = [3, 2, 1, 0] + list(range(4, x.shape[1]))
        both = torch.cat([x, x[:, order].flip(2)])
        p, q = torch.sigmoid(self.strand(both, torch.cat([meta, meta]))).chunk(2)
        return (p + q) / 2


CODES = np.full(256, 4, np.uint8)
CODES[np.frombuffer(b"ACGTacgt", np.uint8)] = [0, 1, 2, 3] * 2
ONE_HOT = np.concatenate([np.eye(4, dtype=np.float32), np.zeros((1, 4), np.float32)])


class Rows(torch.utils.data.Dataset):
    """Windows around positives and negatives, each read from the files."""

    def __init__(self, folder, places, labels):
        self.folder, self.places, self.labels, self.files = folder, places, labels, None

    def __len__(self):
        return len(self.places)

    def __getitem__(self, i):
        if self.files is None:
            self.files = (
                Fasta(f"{self.folder}/genome.fa", as_raw=True, sequence_always_upper=True),
                pyBigWig.open(f"{self.folder}/uniqueness.bw"), pyBigWig.open(f"{self.folder}/dnase.bw"),
            )
        fasta, *wigs = self.files
        chrom, start = self.places[i]
        letters = np.frombuffer(fasta[chrom][start : start + LENGTH].encode(), np.uint8)
        x = np.empty((6, LENGTH), np.float32)
        x[:4] = ONE_HOT[CODES[letters]].T
        for row, wig in enumerate(wigs):
            x[4 + row] = np.nan_to_num(wig.values(chrom, start, start + LENGTH, numpy=True))
        return x, META, self.labels[i]


META = np.arange(1, 9, dtype=np.float32) / 10


def write(folder, positives, rng):
    sizes = {"chr1": 6_000_000, "chr2": 4_000_000, "chr3": 500_000}
    with open(f"{folder}/genome.fa", "w") as fasta:
        for name, size in sizes.items():
            text = np.frombuffer(b"ACGT", np.uint8)[rng.integers(0, 4, size)].tobytes().decode()
            fasta.write(f">{name}\n" + "\n".join(text[i : i + 60] for i in range(0, size, 60)) + "\n")
    for track, (width, levels) in {"uniqueness": (200, 2), "dnase": (12, 40)}.items():
        with pyBigWig.open(f"{folder}/{track}.bw", "w") as wig:
            wig.addHeader(list(sizes.items()))
            for name, size in sizes.items():
                edges = np.unique(np.concatenate([[0, size], rng.integers(1, size, size // width)]))
                values = rng.integers(0, levels, len(edges) - 1).astype(float)
                wig.addEntries([name] * len(values), edges[:-1].tolist(), ends=edges[1:].tolist(), values=values.tolist())
    with open(f"{folder}/peaks.bed", "w") as bed:
        for name, size in sizes.items():
            n = 40 if name == "chr3" else round(positives * size / 10_000_000)
            for start in np.sort(rng.integers(2000, size - 4000, n)):
                bed.write(f"{name}\t{start}\t{start + int(rng.integers(150, 600))}\n")


def epoch_rows(folder, rng, peaks):
    """Random windows at peaks, and as many at random."""
    places = []
    for name, start, end in peaks:
        middle = (start + end) // 2
        most = end - middle + 24
        places.append((name, middle + int(rng.integers(-most, most + 1)) - LENGTH // 2))
    names = ["chr1"] * 3 + ["chr2"] * 2
    sizes = {"chr1": 6_000_000, "chr2": 4_000_000}
    for _ in peaks:
        name = names[int(rng.integers(5))]
        places.append((name, int(rng.integers(10, (sizes[name] - 1200) // 50)) * 50 - 401))
    labels = np.repeat(np.array([1, 0], np.float32), len(peaks))
    order = rng.permutation(len(places))
    return Rows(folder, [places[i] for i in order], labels[order])


def train_torch(folder, threads, workers):
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    lines = [line.split() for line in open(f"{folder}/peaks.bed")]
    peaks = [(name, int(start), int(end)) for name, start, end in lines if name != "chr3"]
    net, loss = Network(), nn.BCELoss()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for epoch in range(2):
        rows = epoch_rows(folder, rng, peaks)
        began, n, total = time.perf_counter(), 0, 0.0
        for x, meta, y in torch.utils.data.DataLoader(rows, BATCH, num_workers=workers):
            optimizer.zero_grad()
            value = loss(net(x, meta).flatten(), y)
            value.backward()
            optimizer.step()
            n, total = n + len(y), total + value.item() * len(y)
        taken = time.perf_counter() - began
    print(json.dumps({"rows_per_second": n / taken, "loss": total / n, "parameters": sum(p.numel() for p in net.parameters())}))


def ask(command):
    said = subprocess.run(command, capture_output=True, text=True)
    if said.returncode:
        sys.exit(said.stdout + said.stderr)
    return said.stdout


if __name__ == "__main__":
    if sys.argv[1] == "torch":
        train_torch(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
        sys.exit()
    program = Path(sys.argv[1]).resolve()
    positives, threads, workers = (int(sys.argv[i]) if len(sys.argv) > i else default for i, default in [(2, 1024), (3, 2), (4, 0)])
    with tempfile.TemporaryDirectory(prefix="cistron-deepgrn-") as folder:
        write(folder, positives, np.random.default_rng(0))
        for turn in range(3):
            command = [program, "run", "--no-run-dir", "--threads", str(threads), HERE / "deepgrn.rhai", "--set", f"folder={folder}"]
            ours = float(ask(command).split("rows per second:")[1].split()[0])
            theirs = json.loads(ask([sys.executable, __file__, "torch", folder, str(threads), str(workers)]))["rows_per_second"]
            print(f"turn {turn + 1}: cistron {ours:.0f} rows/s, PyTorch {theirs:.0f} rows/s, ratio {ours / theirs:.2f}", flush=True)
