"""One piece of a peer's work; prints the seconds of the best of three."""
import os
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


def sequences(batch, length):
    import torch

    x = torch.zeros(batch, 4, length)
    return x.scatter_(1, torch.randint(0, 4, (batch, 1, length)), 1.0)


DEVICE = os.environ.get("CISTRON_PEER_DEVICE", "cpu")


def faster(net):
    """On its device, and compiled where that is asked for: on a GPU as CUDA graphs."""
    import torch

    net = net.to(DEVICE)
    if not os.environ.get("CISTRON_PEER_COMPILED"):
        return net
    return torch.compile(net, mode="default" if DEVICE == "cpu" else "reduce-overhead")


def done():
    """Waits for a GPU."""
    if DEVICE != "cpu":
        import torch

        torch.cuda.synchronize()


def train(net, length, batch, tasks, steps):
    import torch

    net = faster(net)
    x, y = sequences(batch, length).to(DEVICE), torch.rand(batch, tasks).round().to(DEVICE)
    optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-3)
    loss = torch.nn.BCEWithLogitsLoss()

    def step():
        optimizer.zero_grad()
        loss(net(x), y).backward()
        optimizer.step()

    for _ in range(1 if DEVICE == "cpu" else 20):
        step()
    steps = steps if DEVICE == "cpu" else 100
    return best(lambda: ([step() for _ in range(steps)], done())) / steps


def frozen():
    """Every row passes through the frozen layers in every epoch, without gradients; the better of two epochs, times 20."""
    import torch
    from torch import nn

    trunk = nn.Sequential(
        nn.Conv1d(4, 64, 11), nn.ReLU(), nn.MaxPool1d(4), nn.Conv1d(64, 64, 5), nn.ReLU(), nn.MaxPool1d(4), nn.Conv1d(64, 64, 5), nn.ReLU(),
        nn.AdaptiveAvgPool1d(1), nn.Flatten(),
    ).requires_grad_(False)
    trunk, head = faster(trunk), nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)).to(DEVICE)
    x, y = sequences(8192, 600).to(DEVICE), torch.rand(8192, 1, device=DEVICE).round()
    optimizer, criterion = torch.optim.Adam(head.parameters()), nn.BCEWithLogitsLoss()

    def epoch():
        for rows in torch.randperm(8192, device=DEVICE).split(128):
            optimizer.zero_grad()
            criterion(head(trunk(x[rows])), y[rows]).backward()
            optimizer.step()
        done()

    return 20 * best(epoch, 2)


def predict(net, length, batch, tasks, steps):
    import torch

    net = faster(net.eval())
    x = sequences(batch, length).to(DEVICE)
    with torch.no_grad():
        for _ in range(1 if DEVICE == "cpu" else 20):
            net(x)
        return best(lambda: ([net(x) for _ in range(steps)], done())) / steps


def networks():
    """The networks of train.rhai as one writes them with torch: layer, length, batch, tasks, steps."""
    import torch
    from torch import nn
    from torch.nn.utils.parametrizations import weight_norm

    class Apply(nn.Module):
        def __init__(self, f):
            super().__init__()
            self.f = f

        def forward(self, x):
            return self.f(x)

    class Machine(nn.Module):
        def __init__(self, features, factors):
            super().__init__()
            self.linear = nn.Linear(features, 1)
            self.factors = nn.Parameter(torch.randn(features, factors) * 0.1)

        def forward(self, x):
            pairs = (x @ self.factors).square() - x.square() @ self.factors.square()
            return self.linear(x) + 0.5 * pairs.sum(1, keepdim=True)

    class Block(nn.Module):
        """Bai's: pads both sides and cuts what looks ahead."""

        def __init__(self, channels, width, dilation, dropout):
            super().__init__()
            cut = (width - 1) * dilation
            part = lambda: [  # noqa: E731
                weight_norm(nn.Conv1d(channels, channels, width, padding=cut, dilation=dilation)),
                Apply(lambda x: x[:, :, :-cut].contiguous()), nn.ReLU(), nn.Dropout(dropout),
            ]
            self.body = nn.Sequential(*part(), *part())

        def forward(self, x):
            return torch.relu(self.body(x) + x)

    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.LSTM(32, 50, 2, bidirectional=True, batch_first=True)

        def forward(self, x):
            return self.inner(x.transpose(1, 2))[0].transpose(1, 2)

    class Wide(nn.Module):
        """A block of a wide residual network, pre-activated."""

        def __init__(self, before, after, stride):
            super().__init__()
            self.norm = nn.Sequential(nn.BatchNorm1d(before), nn.ReLU())
            self.body = nn.Sequential(
                nn.Conv1d(before, after, 3, stride, 1, bias=False), nn.BatchNorm1d(after), nn.ReLU(), nn.Conv1d(after, after, 3, 1, 1, bias=False)
            )
            self.shortcut = nn.Conv1d(before, after, 1, stride, bias=False) if before != after else None

        def forward(self, x):
            y = self.norm(x)
            return self.body(y) + (x if self.shortcut is None else self.shortcut(y))

    class Attention(nn.Module):
        """A dense layer over positions, softmax, mean over features."""

        def __init__(self, length):
            super().__init__()
            self.dense = nn.Linear(length, length)

        def forward(self, x):
            return x * self.dense(x).softmax(-1).mean(1, keepdim=True)

    class Both(nn.Module):
        def __init__(self, inputs, hidden):
            super().__init__()
            self.inner = nn.LSTM(inputs, hidden, bidirectional=True, batch_first=True)

        def forward(self, x):
            return self.inner(x.transpose(1, 2))[0].transpose(1, 2)

    def wrn():
        sizes = [(16, 32, 1), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 128, 2), (128, 128, 1)]
        return nn.Sequential(
            nn.Conv1d(4, 16, 3, padding=1, bias=False), *[Wide(*size) for size in sizes], nn.BatchNorm1d(128), nn.ReLU(), mean(), nn.Linear(128, 3)
        )

    def deepgrn():
        return nn.Sequential(
            nn.Conv1d(4, 64, 30), nn.ReLU(), nn.Dropout(0.5), nn.Conv1d(64, 64, 1), nn.ReLU(), nn.MaxPool1d(15), Attention(64), Both(64, 32),
            nn.Flatten(), nn.Linear(64 * 64, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 1),
        )

    mean = lambda: Apply(lambda x: x.mean(2))  # noqa: E731
    trunk = lambda: [nn.Conv1d(4, 20, 20), nn.ReLU(), mean()]  # noqa: E731
    front = lambda: [nn.Conv1d(4, 64, 15, padding="same"), nn.ReLU(), *[Block(64, 8, 2**i, 0.2) for i in range(6)]]  # noqa: E731
    head = lambda: [nn.Linear(64, 100), nn.ReLU(), nn.Linear(100, 5)]  # noqa: E731
    return {
        "baseline": lambda: (nn.Sequential(*trunk(), nn.Linear(20, 1)), 600, 2048, 1, 5),
        "fm": lambda: (nn.Sequential(*trunk(), Machine(20, 20)), 600, 2048, 1, 5),
        "tcn_any": lambda: (nn.Sequential(*front(), mean(), *head()), 1000, 64, 5, 2),
        "tcn_last": lambda: (nn.Sequential(*front(), Apply(lambda x: x[:, :, -1]), *head()), 1000, 64, 5, 2),
        "wrn16_2": lambda: (wrn(), 101, 192, 3, 5),
        "deepgrn": lambda: (deepgrn(), 1002, 64, 1, 3),
        "bilstm": lambda: (nn.Sequential(nn.Conv1d(4, 32, 15), nn.ReLU(), nn.MaxPool1d(4), Recurrent(), mean(), nn.Linear(100, 1)), 1000, 64, 1, 3),
    }


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


def epoch(folder):
    import pyfaidx
    import torch

    class Regions(torch.utils.data.Dataset):
        def __init__(self):
            self.places, self.fasta = regions(folder, "epoch.bed"), None
            self.labels = torch.rand(len(self.places), 1).round()

        def __len__(self):
            return len(self.places)

        def __getitem__(self, i):
            if self.fasta is None:
                self.fasta = pyfaidx.Fasta(f"{folder}/g.fa")
            return torch.from_numpy(codes_of(self.fasta, self.places[i])), self.labels[i]

    def work():
        loader = torch.utils.data.DataLoader(Regions(), 2048, shuffle=True, num_workers=2)
        net = networks()["baseline"]()[0]
        optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-3)
        loss = torch.nn.BCEWithLogitsLoss()
        for codes, y in loader:
            x = torch.nn.functional.one_hot(codes.long(), 5)[:, :, :4].transpose(1, 2).float()
            optimizer.zero_grad()
            loss(net(x), y).backward()
            optimizer.step()

    return best(work, 1)


def scan():
    """A convolution, the largest of its outputs, a small head."""
    from torch import nn

    return nn.Sequential(nn.Conv1d(4, 20, 20), nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 1)).eval()


def ism(net, rows, length):
    from tangermeme.saturation_mutagenesis import saturation_mutagenesis

    x = sequences(rows, length)
    return best(lambda: saturation_mutagenesis(net, x, device="cpu", batch_size=256))


def deepstarr():
    from torch import nn

    parts, channels = [], 4
    for filters, width in [(256, 7), (60, 3), (60, 5), (120, 3)]:
        parts += [nn.Conv1d(channels, filters, width, padding="same"), nn.BatchNorm1d(filters), nn.ReLU(), nn.MaxPool1d(2)]
        channels = filters
    parts += [nn.Flatten(), nn.Linear(120 * 15, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Linear(256, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Linear(256, 2)]
    return nn.Sequential(*parts).eval()


def ism_baseline(_):
    return ism(scan(), 32, 600)


def ism_deepstarr(_):
    return ism(deepstarr(), 8, 249)


def ig_tcn(_):
    from captum.attr import IntegratedGradients

    net = networks()["tcn_any"]()[0].eval()
    x = sequences(4, 1000)
    return best(lambda: IntegratedGradients(net).attribute(x, x * 0, target=0, n_steps=20, internal_batch_size=20, method="gausslegendre"))


def deep_lift(_):
    from tangermeme.deep_lift_shap import deep_lift_shap

    x, net = sequences(64, 600), scan()
    return best(lambda: deep_lift_shap(net, x, n_shuffles=20, device="cpu", batch_size=256))


def seqlets(folder):
    from tangermeme.seqlet import recursive_seqlets

    found = np.load(f"{folder}/contributions.npz")
    values = (found["hypothetical"] * found["sequences"]).sum(1)
    recursive_seqlets(values[:10])  # compiled before it is timed
    return best(lambda: recursive_seqlets(values))


def modisco(folder):
    from modiscolite.tfmodisco import TFMoDISco

    found = np.load(f"{folder}/contributions.npz")
    x, h = (found[name].transpose(0, 2, 1).astype(np.float32) for name in ("sequences", "hypothetical"))
    how = {"sliding_window_size": 20, "flank_size": 5, "target_seqlet_fdr": 0.05, "n_leiden_runs": 2}
    work = lambda: TFMoDISco(one_hot=x, hypothetical_contribs=h, max_seqlets_per_metacluster=2000, **how)  # noqa: E731
    return best(work, 2)  # the first compiles


def main(name, folder=None):
    if name in (
        "extract", "extract_loop", "bigwig", "shuffle", "augment", "loader", "epoch",
        "ism_baseline", "ism_deepstarr", "ig_tcn", "deep_lift", "seqlets", "modisco",
    ):
        return globals()[name](folder)
    if name == "metrics_1e6":
        return metrics(10**6, 1)
    if name == "metrics_1e7":
        return metrics(10**7, 1)
    if name == "metrics_1e5x164":
        return metrics(10**5, 164)
    if name == "frozen":
        return frozen()
    if name.startswith("predict_"):
        return predict(*networks()[{"predict_tcn": "tcn_last"}.get(name, name.removeprefix("predict_"))]())
    return train(*networks()[name.removesuffix("_bf16")]())


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
