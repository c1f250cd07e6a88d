"""The Python stack of end_to_end.py: one command, files in and results out; the last line printed is a JSON object of results.

PyTorch, tangermeme, modisco-lite, pyfaidx and scikit-learn as their users combine them. Imports are where they are needed, so that no command
pays for a package that it does not use.
"""
import json
import random
import sys
from collections import OrderedDict

import numpy as np
import pandas
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

SHIFT = 20
CENTER = 249  # position of a variant in its window of 500 bp, as in cistron


def network(name):
    """The networks of end_to_end.rhai, with its names of parameters."""
    if name == "scan":
        layers = [
            ("conv", nn.Conv1d(4, 64, 19)), ("relu", nn.ReLU()), ("pool", nn.MaxPool1d(482)), ("flat", nn.Flatten()),
            ("hidden", nn.Linear(64, 32)), ("relu2", nn.ReLU()), ("out", nn.Linear(32, 1)),
        ]
        return nn.Sequential(OrderedDict(layers))
    layers, channels = [], 4
    for index, width, pool in [(1, 15, 4), (2, 7, 4), (3, 5, 24)]:
        conv = nn.Conv1d(channels, 64, width)
        layers += [(f"conv{index}", conv), (f"conv{index}_norm", nn.BatchNorm1d(64)), (f"relu{index}", nn.ReLU()), (f"pool{index}", nn.MaxPool1d(pool))]
        channels = 64
    return nn.Sequential(OrderedDict([*layers, ("flat", nn.Flatten()), ("out", nn.Linear(64, 1))]))


class Windows(Dataset):
    """Windows of 500 bp; those of training are wider and are shifted and reversed at random."""

    def __init__(self, x, y, augment):
        self.x, self.y, self.augment = x, y, augment

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        x = self.x[index]
        if self.augment:
            start = random.randint(0, 2 * SHIFT)
            x = x[:, start : start + x.shape[1] - 2 * SHIFT]
            if random.random() < 0.5:
                x = x.flip(0, 1)
        return x.float(), self.y[index]


def read_bed(path):
    return pandas.read_csv(path, sep="\t", header=None, names=["chrom", "start", "end"], usecols=[0, 1, 2])


def labelled(folder, chosen, shift):
    """One-hot windows of the chosen peaks and negatives, with their labels."""
    from tangermeme.io import extract_loci

    parts = [table[chosen(table.chrom)] for table in (read_bed(f"{folder}/peaks.bed"), read_bed(f"{folder}/negatives.bed"))]
    x = [extract_loci(part, f"{folder}/genome.fa", in_window=500, max_jitter=shift, n_jobs=torch.get_num_threads()) for part in parts]
    return torch.cat(x), torch.cat([torch.ones(len(x[0]), 1), torch.zeros(len(x[1]), 1)])


def fit(net, loader, optimizer, epochs):
    """Trains, and returns the mean loss of the last epoch."""
    criterion = nn.BCEWithLogitsLoss()
    net.train()
    for _ in range(epochs):
        total = rows = 0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(net(x), y)
            loss.backward()
            optimizer.step()
            total, rows = total + loss.item() * len(y), rows + len(y)
    return total / rows


def train(options):
    from safetensors.torch import save_file
    from sklearn.metrics import roc_auc_score
    from tangermeme.predict import predict

    net = network(options["network"])
    x, y = labelled(options["folder"], lambda chrom: chrom != "chr5", SHIFT)
    loader = DataLoader(Windows(x, y, True), batch_size=128, shuffle=True)
    fit(net, loader, torch.optim.Adam(net.parameters(), lr=2e-3), int(options["epochs"]))
    net.eval()
    x, y = labelled(options["folder"], lambda chrom: chrom == "chr5", 0)
    save_file(net.state_dict(), f"{options['out']}/weights.safetensors")
    return net, {"auroc": roc_auc_score(y, predict(net, x, batch_size=256, device="cpu"))}


def discover(options):
    net, results = train(options)
    import modiscolite
    from modiscolite.tfmodisco import TFMoDISco
    from tangermeme.deep_lift_shap import deep_lift_shap
    from tangermeme.io import extract_loci

    folder, out = options["folder"], options["out"]
    x = extract_loci(read_bed(f"{folder}/peaks.bed")[: int(options["explained"])], f"{folder}/genome.fa", in_window=500)
    found = deep_lift_shap(net, x, n_shuffles=20, hypothetical=True, batch_size=64, device="cpu")
    center = slice(50, 450)
    # the settings of the command `modisco motifs -n 2000 -w 400`
    positive, negative = TFMoDISco(
        one_hot=x.numpy().transpose(0, 2, 1)[:, center].astype(np.float32),
        hypothetical_contribs=found.numpy().transpose(0, 2, 1)[:, center].astype(np.float32),
        max_seqlets_per_metacluster=2000, sliding_window_size=20, flank_size=5, target_seqlet_fdr=0.05, n_leiden_runs=2,
    )
    modiscolite.io.save_hdf5(f"{out}/patterns.h5", positive, negative, 400)
    modiscolite.io.write_meme_from_h5(f"{out}/patterns.h5", modiscolite.util.MemeDataType.PFM, f"{out}/patterns.meme", True)
    # the report of the command `modisco report -l`, whose Tomtom needs no MEME suite
    from modiscolite.descriptive_report import generate_descriptive_report

    generate_descriptive_report(f"{out}/patterns.h5", f"{out}/report/", img_path_suffix="./", meme_motif_db=f"{folder}/motifs.meme", ttl=True)
    return {**results, "patterns": len(positive or []) + len(negative or [])}


def variants(options):
    """Substitutions of single bases."""
    import pyfaidx
    from safetensors.torch import load_file
    from tangermeme.utils import one_hot_encode
    from tangermeme.variant_effect import substitution_effect

    net = network(options["network"])
    net.load_state_dict(load_file(options["weights"]))
    net.eval()
    columns = ["chrom", "pos", "name", "ref", "alt"]
    table = pandas.read_csv(f"{options['folder']}/variants.vcf", sep="\t", comment="#", header=None, usecols=range(5), names=columns)
    genome = pyfaidx.Fasta(f"{options['folder']}/genome.fa", as_raw=True, sequence_always_upper=True)
    starts = table["pos"] - 1 - CENTER
    x = torch.stack([one_hot_encode(genome[chrom][start : start + 500]) for chrom, start in zip(table["chrom"], starts)])
    substitutions = torch.tensor([[row, CENTER, "ACGT".index(base)] for row, base in enumerate(table["alt"])])
    before, after = substitution_effect(net, x, substitutions, batch_size=256, device="cpu")
    table["reference_value"], table["alternate_value"], table["effect"] = before[:, 0], after[:, 0], (after - before)[:, 0]
    table.to_csv(f"{options['out']}/effects.tsv", sep="\t", index=False)
    return {"variants": len(table)}


class Regions(Dataset):
    """Regions that are read from the genome when they are needed, shifted and reversed at random."""

    def __init__(self, folder):
        self.path, self.genome = f"{folder}/stream.fa", None
        table = pandas.read_csv(f"{folder}/stream.bed", sep="\t", header=None)
        self.chrom, self.start, self.end = table[0].to_numpy(), table[1].to_numpy(), table[2].to_numpy()
        self.y = torch.tensor(table[4].to_numpy(), dtype=torch.float32)[:, None]
        self.codes = np.full(256, 4, np.uint8)
        self.codes[[65, 67, 71, 84]] = range(4)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        import pyfaidx

        if self.genome is None:
            self.genome = pyfaidx.Fasta(self.path, as_raw=True)
        by = random.randint(-SHIFT, SHIFT)
        text = self.genome[self.chrom[index]][self.start[index] + by : self.end[index] + by]
        codes = self.codes[np.frombuffer(text.encode(), np.uint8)]
        if random.random() < 0.5:
            codes = np.where(codes < 4, 3 - codes, 4)[::-1].astype(np.uint8)
        return torch.from_numpy(codes), self.y[index]


def one_hot(batch):
    codes, y = batch
    return nn.functional.one_hot(codes.long(), 5)[:, :, :4].transpose(1, 2).float(), y


def stream(options):
    net = nn.Sequential(nn.Conv1d(4, 20, 20), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(20, 1))
    regions = Regions(options["folder"])
    loader = DataLoader(regions, batch_size=512, shuffle=True, num_workers=2)
    loss = fit(net, map(one_hot, loader), torch.optim.RMSprop(net.parameters(), lr=1e-3), 1)
    return {"rows": len(regions), "loss": loss}


def main():
    options = dict(word.split("=", 1) for word in sys.argv[1:])
    torch.set_num_threads(int(options["threads"]))
    torch.manual_seed(int(options["seed"]))
    random.seed(int(options["seed"]))
    results = {"train": lambda o: train(o)[1], "discover": discover, "variants": variants, "stream": stream}[options["work"]](options)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
