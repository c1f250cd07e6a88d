#!/usr/bin/env python3
"""Makes modules.safetensors: outputs and gradients of PyTorch 2.11 for networks of several inputs or outputs.

  pip install torch==2.11.0 safetensors numpy && pip install --no-deps bpnet-lite==1.1.0
  python tests/oracles/modules.py

BPNet and ChromBPNet are the classes of bpnet-lite. The other networks are written from the papers that the standard
library names.
"""
import math
import sys
import types
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file

# modules that bpnet-lite imports for its commands, and its networks do not use
for name in ["h5py", "tqdm", "tangermeme", "tangermeme.predict", "tangermeme.utils", "tangermeme.io", "tangermeme.ersatz",
             "tangermeme.deep_lift_shap", "pyfaidx", "pyBigWig", "numba", "pandas", "matplotlib", "tangermeme.marginalize",
             "tangermeme.plot"]:
    stub = types.ModuleType(name)
    stub.__getattr__ = lambda attribute: None
    stub.__path__ = []
    sys.modules.setdefault(name, stub)
sys.modules["tqdm"].tqdm = sys.modules["tqdm"].trange = None
sys.modules["numba"].njit = sys.modules["numba"].jit = lambda *a, **k: (lambda f: f)
import bpnetlite  # noqa: E402
from bpnetlite.bpnet import BPNet  # noqa: E402
from bpnetlite.chrombpnet import ChromBPNet  # noqa: E402

HERE = Path(__file__).parent
out = {}


def keep(case, **tensors):
    for name, tensor in tensors.items():
        out[f"{case}/{name}"] = tensor.detach().clone().contiguous().float()


def network(case, module, inputs, call, fixed=(), gain=1.0):
    """Weights, inputs, outputs, and gradients of inputs and weights for the sum of squares of all outputs."""
    for name, tensor in module.state_dict().items():
        if tensor.dim() < 2:
            nn.init.uniform_(tensor, -0.5, 0.5)
        else:
            nn.init.normal_(tensor, std=gain / math.sqrt(tensor[0].numel()))
    for name, tensor in module.state_dict().items():
        keep(case, **{f"state.{name}": tensor})
    inputs = {name: x.clone() if name in fixed else x.clone().requires_grad_() for name, x in inputs.items()}
    outputs = call(module, inputs)
    sum(y.square().sum() for y in outputs.values()).backward()
    for name, x in inputs.items():
        keep(case, **{f"x.{name}": x})
        if name not in fixed:
            keep(case, **{f"grad.x.{name}": x.grad})
    for name, y in outputs.items():
        keep(case, **{f"y.{name}": y})
    for name, p in module.named_parameters():
        if p.grad is not None:
            keep(case, **{f"grad.state.{name}": p.grad})


def bases(length, batch=2):
    return F.one_hot(torch.randint(4, (batch, length)), 4).float().transpose(1, 2).contiguous()


class Block(nn.Module):
    def __init__(self, filters, gates, skip, dilation, causal):
        super().__init__()
        self.filter = nn.Conv1d(filters, gates, 2, dilation=dilation)
        self.gate = nn.Conv1d(filters, gates, 2, dilation=dilation)
        self.residual = nn.Conv1d(gates, filters, 1)
        self.skip = nn.Conv1d(gates, skip, 1)
        self.pad = (dilation, 0) if causal else (dilation // 2, dilation - dilation // 2)

    def forward(self, x):
        padded = F.pad(x, self.pad)
        y = torch.tanh(self.filter(padded)) * torch.sigmoid(self.gate(padded))
        return x + self.residual(y), self.skip(y)


class WaveNet(nn.Module):
    def __init__(self, outputs, filters, gates, skip, dilations):
        super().__init__()
        self.stem = nn.Conv1d(4, filters, 1)
        self.blocks = nn.ModuleList([Block(filters, gates, skip, d, True) for d in dilations])
        self.hidden = nn.Conv1d(skip, skip, 1)
        self.logits = nn.Conv1d(skip, outputs, 1)

    def forward(self, x):
        y, total = self.stem(x), 0
        for block in self.blocks:
            y, skip = block(y)
            total = total + skip
        return self.logits(F.relu(self.hidden(F.relu(total))))


class Level(nn.Module):
    def __init__(self, features, tasks, shared, own, width, is_last):
        super().__init__()
        def expert():
            return nn.Sequential(nn.Linear(features, width), nn.ReLU())
        self.common = nn.ModuleList([expert() for _ in range(shared)])
        self.own = nn.ModuleDict({task: nn.ModuleList([expert() for _ in range(own)]) for task in tasks})
        gates = {task: nn.Linear(features, shared + own) for task in tasks}
        if not is_last:
            gates["all"] = nn.Linear(features, shared + own * len(tasks))
        self.gates = nn.ModuleDict(gates)


class Progressive(nn.Module):
    """Gates mix the task's own experts, then the shared ones; the shared gate the experts of the last task first."""

    def __init__(self, features, tasks, shared, own, width, levels, tower):
        super().__init__()
        self.levels = nn.ModuleList([
            Level(features if i == 0 else width, tasks, shared, own, width, i == levels - 1) for i in range(levels)])
        self.towers = nn.ModuleDict({
            task: nn.Sequential(nn.Linear(width, tower), nn.ReLU(), nn.Linear(tower, 1)) for task in tasks})

    def forward(self, x):
        inputs = {task: x for task in [*self.towers, "all"]}
        for level in self.levels:
            shared = [expert(inputs["all"]) for expert in level.common]
            own = {task: [expert(inputs[task]) for expert in level.own[task]] for task in self.towers}
            every = shared
            for task in self.towers:
                every = own[task] + every
            mixed = {}
            for task, gate in level.gates.items():
                experts = every if task == "all" else own[task] + shared
                weights = torch.softmax(gate(inputs[task]), dim=1)
                mixed[task] = torch.einsum("be,ebf->bf", weights, torch.stack(experts))
            inputs = mixed
        return {task: tower(inputs[task]) for task, tower in self.towers.items()}


class Equivariant(nn.Module):
    """A layer on one graph after another; edges [2, m]."""

    def __init__(self, features, hidden, edge_features, mean=True):
        super().__init__()
        self.edge_mlp = nn.Sequential(nn.Linear(2 * features + 1 + edge_features, hidden), nn.SiLU(),
                                      nn.Linear(hidden, hidden), nn.SiLU())
        self.node_mlp = nn.Sequential(nn.Linear(features + hidden, hidden), nn.SiLU(), nn.Linear(hidden, features))
        self.coord_mlp = nn.Sequential(nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, 1, bias=False))
        self.mean = mean

    def graph(self, h, x, edges, features):
        new_x, sums = [], []
        for i in range(h.shape[0]):
            change, total, count = torch.zeros(3), torch.zeros(self.edge_mlp[2].out_features), 0
            for k, (a, b) in enumerate(edges.T.int().tolist()):
                if a != i or a < 0:
                    continue
                apart = x[a] - x[b]
                parts = [h[a], h[b], apart.square().sum()[None], features[k]]
                message = self.edge_mlp(torch.cat(parts))
                change = change + apart * self.coord_mlp(message)
                total = total + message
                count += 1
            new_x.append(x[i] + (change / max(count, 1) if self.mean else change))
            sums.append(total)
        return h + self.node_mlp(torch.cat([h, torch.stack(sums)], dim=1)), torch.stack(new_x)

    def forward(self, nodes, coordinates, edges, edge_features):
        graphs = [self.graph(*graph) for graph in zip(nodes, coordinates, edges, edge_features)]
        return {"nodes": torch.stack([h for h, _ in graphs]), "coordinates": torch.stack([x for _, x in graphs])}


def heads(y):
    return dict(zip(["profile", "counts"], y))


def main():
    torch.manual_seed(24)
    network("bpnet", BPNet(n_filters=8, n_layers=3, n_outputs=2, n_control_tracks=0, verbose=False), {"x": bases(200)},
            lambda net, i: heads(net(i["x"])), gain=1.4)
    network("bpnet_control",
            BPNet(n_filters=8, n_layers=2, n_outputs=2, n_control_tracks=2, trimming=20, verbose=False),
            {"sequence": bases(150), "control": torch.rand(2, 2, 150)},
            lambda net, i: heads(net(i["sequence"], i["control"])), gain=1.4)
    small = dict(n_outputs=1, n_control_tracks=0, verbose=False)
    network("chrombpnet",
            ChromBPNet(BPNet(n_filters=4, n_layers=2, trimming=40, **small),
                       BPNet(n_filters=6, n_layers=3, trimming=60, **small), "chrombpnet"),
            {"x": bases(200)}, lambda net, i: heads(net(i["x"])), gain=1.4)
    network("wavenet", WaveNet(3, 6, 5, 7, [1, 2, 4, 1]), {"x": bases(40)}, lambda net, i: {"y": net(i["x"])}, gain=1.4)
    network("progressive", Progressive(10, ["counts", "binding"], 2, 1, 6, 3, 4), {"x": torch.randn(5, 10)},
            lambda net, i: net(i["x"]), gain=1.6)
    nodes, batch = 6, 2
    pairs = [[(i, j) for i in range(nodes) for j in range(nodes) if i != j and (i * j + b) % 3] for b in range(batch)]
    most = max(len(p) for p in pairs) + 2
    edges = torch.full((batch, 2, most), -1.0)
    for b, p in enumerate(pairs):
        edges[b, :, :len(p)] = torch.tensor(p).T.float()
    for case, mean in [("egnn", True), ("egnn_sum", False)]:
        network(case, Equivariant(5, 8, 3, mean),
                {"nodes": torch.randn(batch, nodes, 5), "coordinates": torch.randn(batch, nodes, 3), "edges": edges,
                 "edge_features": torch.randn(batch, most, 3)},
                lambda net, i: net(i["nodes"], i["coordinates"], i["edges"], i["edge_features"]), fixed=("edges",), gain=1.4)
    save_file(out, HERE / "modules.safetensors", metadata={"torch": torch.__version__, "bpnet-lite": "1.1.0"})
    print(f"{len(out)} tensors")


main()
