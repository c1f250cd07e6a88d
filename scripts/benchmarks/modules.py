"""A training step of a network of modules.rhai, as one writes it with torch; prints the seconds of the best of three."""
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, filters, dilation):
        super().__init__()
        self.dilation = dilation
        self.filter, self.gate = (nn.Conv1d(filters, filters, 2, dilation=dilation) for _ in range(2))
        self.residual, self.skip = (nn.Conv1d(filters, filters, 1) for _ in range(2))

    def forward(self, x):
        padded = F.pad(x, (self.dilation, 0))
        y = torch.tanh(self.filter(padded)) * torch.sigmoid(self.gate(padded))
        return x + self.residual(y), self.skip(y)


class WaveNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv1d(4, 32, 1)
        self.blocks = nn.ModuleList([Block(32, 2**i) for i in range(9)])
        self.hidden, self.logits = nn.Conv1d(32, 32, 1), nn.Conv1d(32, 1, 1)

    def forward(self, x):
        y, total = self.stem(x), 0
        for block in self.blocks:
            y, skip = block(y)
            total = total + skip
        return [self.logits(F.relu(self.hidden(F.relu(total))))]


class Level(nn.Module):
    def __init__(self, features, tasks, is_last):
        super().__init__()
        def experts():
            return nn.ModuleList([nn.Sequential(nn.Linear(features, 128), nn.ReLU()) for _ in range(4)])
        self.common, self.own = experts(), nn.ModuleList([experts() for _ in range(tasks)])
        self.gates = nn.ModuleList([nn.Linear(features, 8) for _ in range(tasks)])
        self.gate = None if is_last else nn.Linear(features, 4 + 4 * tasks)

    @staticmethod
    def mix(gate, outputs):
        return (torch.softmax(gate, 1).unsqueeze(2) * torch.stack(outputs, 1)).sum(1)

    def forward(self, inputs):
        *tasks, x = inputs
        common = [expert(x) for expert in self.common]
        own = [[expert(task) for expert in experts] for task, experts in zip(tasks, self.own)]
        mixed = [self.mix(gate(task), outputs + common) for task, gate, outputs in zip(tasks, self.gates, own)]
        if self.gate is not None:
            mixed.append(self.mix(self.gate(x), [one for outputs in own for one in outputs] + common))
        return mixed


class Experts(nn.Module):
    def __init__(self):
        super().__init__()
        self.levels = nn.ModuleList([Level(100, 3, False), Level(128, 3, True)])
        self.towers = nn.ModuleList([nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 1)) for _ in range(3)])

    def forward(self, x):
        inputs = [x] * 4
        for level in self.levels:
            inputs = level(inputs)
        return [tower(task) for tower, task in zip(self.towers, inputs)]


class Equivariant(nn.Module):
    def __init__(self, features=32, hidden=64):
        super().__init__()
        self.edge = nn.Sequential(nn.Linear(2 * features + 1, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU())
        self.node = nn.Sequential(nn.Linear(features + hidden, hidden), nn.SiLU(), nn.Linear(hidden, features))
        self.coordinate = nn.Sequential(nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, 1, bias=False))
        nn.init.xavier_uniform_(self.coordinate[2].weight, gain=0.001)

    def forward(self, h, x, row, column):
        apart = x[row] - x[column]
        message = self.edge(torch.cat([h[row], h[column], apart.square().sum(1, keepdim=True)], 1))
        count = torch.zeros_like(x[:, :1]).index_add(0, row, torch.ones_like(message[:, :1]))
        x = x + torch.zeros_like(x).index_add(0, row, apart * self.coordinate(message)) / count.clamp(1)
        sums = torch.zeros(len(h), message.shape[1], device=h.device).index_add(0, row, message)
        return h + self.node(torch.cat([h, sums], 1)), x


class Graph(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Equivariant() for _ in range(4)])

    def forward(self, nodes, coordinates, edges):
        batch, n, _ = nodes.shape
        offset = torch.arange(batch, device=nodes.device).unsqueeze(1) * n
        row, column = (edges[:, 0] + offset).flatten(), (edges[:, 1] + offset).flatten()
        h, x = nodes.flatten(0, 1), coordinates.flatten(0, 1)
        for layer in self.layers:
            h, x = layer(h, x, row, column)
        return [h, x]


class BPNet(nn.Module):
    """That of bpnet-lite."""

    def __init__(self, filters=64, layers=8):
        super().__init__()
        self.iconv = nn.Conv1d(4, filters, 21, padding=10)
        self.rconvs = nn.ModuleList([nn.Conv1d(filters, filters, 3, padding=2**i, dilation=2**i) for i in range(1, layers + 1)])
        self.fconv, self.linear = nn.Conv1d(filters, 2, 75, padding=37), nn.Linear(filters, 1)
        self.trimming = 47 + 2 ** (layers + 1) - 2

    def forward(self, x):
        x = F.relu(self.iconv(x))
        for conv in self.rconvs:
            x = x + F.relu(conv(x))
        start, end = self.trimming, x.shape[2] - self.trimming
        return [self.fconv(x)[:, :, start:end], self.linear(x[:, :, start - 37:end + 37].mean(2))]


def one_hot(batch, length):
    return torch.zeros(batch, 4, length).scatter_(1, torch.randint(0, 4, (batch, 1, length)), 1.0)


WORKS = {
    "wavenet": lambda: (WaveNet(), [one_hot(32, 1000)], 2),
    "experts": lambda: (Experts(), [torch.randn(512, 100)], 10),
    "egnn": lambda: (Graph(), [torch.randn(8, 64, 32), torch.randn(8, 64, 3), torch.randint(0, 64, (8, 2, 512))], 5),
    "bpnet": lambda: (BPNet(), [one_hot(16, 2114)], 2),
}


def main(name):
    net, inputs, steps = WORKS[name]()
    optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-4)

    def step():
        optimizer.zero_grad()
        sum(y.square().mean() for y in net(*inputs)).backward()
        optimizer.step()

    step()
    times = []
    for _ in range(3):
        started = time.perf_counter()
        for _ in range(steps):
            step()
        times.append((time.perf_counter() - started) / steps)
    return min(times)


if __name__ == "__main__":
    print(main(sys.argv[1]))
