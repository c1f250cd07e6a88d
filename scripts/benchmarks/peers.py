"""One piece of a peer's work; prints the seconds of the best of three."""
import sys
import time

import numpy as np


def best(f, n=3):
    times = []
    for _ in range(n):
        started = time.perf_counter()
        f()
        times.append(time.perf_counter() - started)
    return min(times)


def metrics(rows, tasks):
    from sklearn.metrics import average_precision_score, roc_auc_score

    rng = np.random.default_rng(1)
    scores = rng.random((rows, tasks), dtype=np.float32)
    labels = (rng.random((rows, tasks)) < 0.5).astype(np.float32)

    def work():
        for task in range(tasks):
            roc_auc_score(labels[:, task], scores[:, task])
            average_precision_score(labels[:, task], scores[:, task])

    return best(work, 1)


def train(net, shape, batch, steps):
    import torch

    x = torch.zeros(batch, *shape)
    x.scatter_(1, torch.randint(0, 4, (batch, 1, shape[1])), 1.0)
    y = torch.rand(batch, 1).round()
    optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-3)
    loss = torch.nn.BCEWithLogitsLoss()

    def step():
        optimizer.zero_grad()
        loss(net(x), y).backward()
        optimizer.step()

    step()
    return best(lambda: [step() for _ in range(steps)]) / steps


def extract(folder):
    """tangermeme by each of its ways; the fastest."""
    from tangermeme.io import extract_loci

    def way(**how):
        return best(lambda: extract_loci(f"{folder}/r.bed", f"{folder}/g.fa", in_window=1000, **how))

    return min(way(n_jobs=1), way(n_jobs=2), way(n_jobs=1, return_packed=True), way(n_jobs=2, return_packed=True))


def regions(folder, file):
    return [(c, int(a), int(b)) for c, a, b in (line.split() for line in open(f"{folder}/{file}"))]


def codes_of(fasta, region):
    table = np.full(256, 4, np.uint8)
    table[[65, 67, 71, 84]] = range(4)
    chrom, start, end = region
    return table[np.frombuffer(fasta[chrom][start:end].seq.encode(), np.uint8)]


def extract_loop(folder):
    import pyfaidx

    fasta = pyfaidx.Fasta(f"{folder}/g.fa")
    places = regions(folder, "r.bed")
    return best(lambda: np.stack([codes_of(fasta, place) for place in places]))


def bigwig(folder):
    import pybigtools

    with pybigtools.open(f"{folder}/s.bw") as wig:
        return best(lambda: list(wig.average_over_bed(f"{folder}/r.bed", stats="mean")))


def shuffle(folder):
    import torch
    from tangermeme.ersatz import dinucleotide_shuffle

    x = torch.nn.functional.one_hot(torch.randint(0, 4, (10_000, 1000)), 4).transpose(1, 2).to(torch.int8).contiguous()
    dinucleotide_shuffle(x[:10], n=2, random_state=1)
    return min(best(lambda: dinucleotide_shuffle(x, n=20, random_state=1, n_jobs=jobs), 1) for jobs in (1, 2))


def augment(folder):
    import torch
    from evoaug import augment as a
    from evoaug import evoaug

    steps = [a.RandomDeletion(0, 30), a.RandomTranslocation(0, 20), a.RandomInsertion(0, 20), a.RandomInversion(0, 20), a.RandomMutation(0.05), a.RandomRC(0.5)]
    model = evoaug.RobustModel(torch.nn.Identity(), None, None, steps, max_augs_per_seq=2, hard_aug=True)
    x = torch.nn.functional.one_hot(torch.randint(0, 4, (512, 1000)), 4).transpose(1, 2).float().contiguous()
    return best(lambda: model._apply_augment(x))


def loader(folder):
    import pyfaidx
    import torch

    places = regions(folder, "loader.bed")[:20_000]

    class Regions(torch.utils.data.Dataset):
        fasta = None

        def __len__(self):
            return len(places)

        def __getitem__(self, i):
            if self.fasta is None:
                self.fasta = pyfaidx.Fasta(f"{folder}/g.fa")
            return torch.from_numpy(codes_of(self.fasta, places[i])), torch.ones(1)

    work = torch.utils.data.DataLoader(Regions(), 2048, shuffle=True, num_workers=2, persistent_workers=True)
    # a tenth of the epoch, times ten: workers are started before
    next(iter(work))
    return 10 * best(lambda: [None for _ in work], 2)


def main(name, folder=None):
    if name in ("extract", "extract_loop", "bigwig", "shuffle", "augment", "loader"):
        return globals()[name](folder)
    import torch
    from torch import nn

    class Mean(nn.Module):
        def forward(self, x):
            return x.mean(2)

    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.LSTM(32, 50, 2, bidirectional=True, batch_first=True)

        def forward(self, x):
            return self.inner(x.transpose(1, 2))[0].transpose(1, 2)

    if name == "metrics_1e6":
        return metrics(10**6, 1)
    if name == "metrics_1e7":
        return metrics(10**7, 1)
    if name == "metrics_164":
        return metrics(10**5, 164)
    if name == "train_baseline":
        return train(nn.Sequential(nn.Conv1d(4, 20, 20), nn.ReLU(), Mean(), nn.Linear(20, 1)), (4, 600), 2048, 5)
    return train(nn.Sequential(nn.Conv1d(4, 32, 15), nn.ReLU(), nn.MaxPool1d(4), Recurrent(), Mean(), nn.Linear(100, 1)), (4, 1000), 64, 3)


print(main(*sys.argv[1:]))
