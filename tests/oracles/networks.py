#!/usr/bin/env python3
"""Makes networks.safetensors: outputs and gradients of PyTorch 2.11 for small networks of the standard library.

  pip install torch==2.11.0 safetensors numpy && python tests/oracles/networks.py

`python tests/oracles/networks.py counts` prints the numbers of parameters of the published sizes.
"""
import math
import sys
from collections import OrderedDict
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file

HERE = Path(__file__).parent
out = {}


def keep(case, **tensors):
    for name, tensor in tensors.items():
        out[f"{case}/{name}"] = tensor.detach().clone().contiguous().float()


def draw(module, gain):
    """Parameters and running statistics, drawn so that none is zero."""
    for name, tensor in module.state_dict().items():
        if tensor.dim() == 0:
            continue
        if tensor.dim() == 1:
            if name.endswith("weight") or name.endswith("running_var"):
                nn.init.uniform_(tensor, 0.5, 1.5)
            else:
                nn.init.normal_(tensor, std=0.2)
        else:
            nn.init.normal_(tensor, std=gain / math.sqrt(tensor[0].numel()))


def network(case, module, *inputs, gain=1.0):
    """Weights, inputs, output, and gradients of the inputs for the sum of squares of the output."""
    module.eval()
    draw(module, gain)
    for name, tensor in module.state_dict().items():
        keep(case, **{f"state.{name}": tensor})
    inputs = [x.clone().requires_grad_() for x in inputs]
    y = module(*inputs)
    y.square().sum().backward()
    for i, x in enumerate(inputs):
        keep(case, **{f"x{i}": x, f"grad{i}": x.grad})
    keep(case, y=y, count=torch.tensor([sum(p.numel() for p in module.parameters())]))


def chain(*layers):
    """A chain whose layers have names, or the index."""
    named = OrderedDict()
    for i, layer in enumerate(layers):
        name, layer = layer if isinstance(layer, tuple) else (str(i), layer)
        named[name] = layer
    return nn.Sequential(named)


def bases(length, batch=2):
    return F.one_hot(torch.randint(4, (batch, length)), 4).float().transpose(1, 2).contiguous()


class Apply(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Residual(nn.Module):
    def __init__(self, body, shortcut=None, after=None):
        super().__init__()
        self.body, self.after = body, after
        self.shortcut = shortcut

    def forward(self, x):
        y = self.body(x) + (x if self.shortcut is None else self.shortcut(x))
        return y if self.after is None else self.after(y)


def gelu_logistic():
    return Apply(lambda x: torch.sigmoid(1.702 * x) * x)


class DeepSea(nn.Module):
    def __init__(self, filters, features, tasks, length):
        super().__init__()
        a, b, c = filters
        self.conv1, self.conv2, self.conv3 = nn.Conv1d(4, a, 8), nn.Conv1d(a, b, 8), nn.Conv1d(b, c, 8)
        rest = ((length - 7) // 4 - 7) // 4 - 7
        self.dense, self.logits = nn.Linear(c * rest, features), nn.Linear(features, tasks)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.conv1(x)), 4)
        x = F.max_pool1d(F.relu(self.conv2(x)), 4)
        x = F.relu(self.conv3(x)).flatten(1)
        return self.logits(F.relu(self.dense(x)))


class FactorNet(nn.Module):
    def __init__(self, tracks, motifs, width, hidden, features, length):
        super().__init__()
        self.conv, self.pointwise = nn.Conv1d(4 + tracks, motifs, width), nn.Linear(motifs, motifs)
        self.lstm = nn.LSTM(motifs, hidden, batch_first=True, bidirectional=True)
        self.dense = nn.Linear(2 * hidden * ((length - width + 1) // 13), features)
        self.logits = nn.Linear(features, 1)

    def strand(self, sequence, signal):
        x = F.relu(self.conv(torch.cat([sequence, signal], 1)))
        x = F.relu(self.pointwise(x.transpose(1, 2)))
        x = F.max_pool1d(x.transpose(1, 2), 13).transpose(1, 2)
        x = self.lstm(x)[0].transpose(1, 2).flatten(1)
        return self.logits(F.relu(self.dense(x)))

    def forward(self, sequence, signal):
        return (self.strand(sequence, signal) + self.strand(sequence.flip(1, 2), signal.flip(2))) / 2


def basenji_block(channels, filters, width, dilation=1, dropout=0, pool=1):
    layers = [
        gelu_logistic(),
        ("conv", nn.Conv1d(channels, filters, width, padding="same", dilation=dilation, bias=False)),
        ("norm", nn.BatchNorm1d(filters, eps=1e-3)),
    ]
    if dropout:
        layers.append(nn.Dropout(dropout))
    if pool > 1:
        layers.append(nn.MaxPool1d(pool))
    return chain(*layers)


def basenji(tracks, stem, first, growth, blocks, dilated, dilated_blocks, crop, final):
    tower, filters, channels = [], first, stem
    for _ in range(blocks):
        tower.append(basenji_block(channels, round(filters), 5, pool=2))
        channels, filters = round(filters), filters * growth
    residual, dilation = [], 1
    for _ in range(dilated_blocks):
        body = chain(
            basenji_block(channels, dilated, 3, dilation=int(dilation)), basenji_block(dilated, channels, 1, dropout=0.3)
        )
        residual.append(Residual(body))
        dilation = round(dilation * 1.5)
    trunk = chain(
        ("stem", basenji_block(4, stem, 15, pool=2)),
        ("tower", chain(*tower)),
        ("dilated", chain(*residual)),
        ("crop", Apply(lambda x: x[..., crop : x.shape[2] - crop])),
        ("final", basenji_block(channels, final, 1, dropout=0.05)),
        ("activation", gelu_logistic()),
    )
    return chain(("trunk", trunk), ("head", nn.Conv1d(final, tracks, 1)), nn.Softplus())


class BasicBlock(nn.Module):
    def __init__(self, channels, filters, stride, width=3, axes=1):
        super().__init__()
        conv = {1: nn.Conv1d, 2: nn.Conv2d}[axes]
        norm = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}[axes]
        self.conv1 = conv(channels, filters, width, stride, width // 2, bias=False)
        self.bn1 = norm(filters)
        self.conv2 = conv(filters, filters, width, 1, width // 2, bias=False)
        self.bn2 = norm(filters)
        self.downsample = None
        if stride != 1 or channels != filters:
            self.downsample = nn.Sequential(conv(channels, filters, 1, stride, bias=False), norm(filters))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    def __init__(self, channels, filters, stride, axes=1):
        super().__init__()
        conv = {1: nn.Conv1d, 2: nn.Conv2d}[axes]
        norm = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}[axes]
        self.conv1, self.bn1 = conv(channels, filters, 1, bias=False), norm(filters)
        self.conv2, self.bn2 = conv(filters, filters, 3, stride, 1, bias=False), norm(filters)
        self.conv3, self.bn3 = conv(filters, 4 * filters, 1, bias=False), norm(4 * filters)
        self.downsample = None
        if stride != 1 or channels != 4 * filters:
            self.downsample = nn.Sequential(conv(channels, 4 * filters, 1, stride, bias=False), norm(4 * filters))

    def forward(self, x):
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(self.bn3(self.conv3(y)) + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """torchvision's ResNet of basic or bottleneck blocks."""

    def __init__(self, inputs, filters, blocks, outputs, axes, block):
        super().__init__()
        self.axes, grow = axes, 4 if block is Bottleneck else 1
        self.conv1 = {1: nn.Conv1d, 2: nn.Conv2d}[axes](inputs, filters, 7, 2, 3, bias=False)
        self.bn1 = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}[axes](filters)
        self.stages, channels = len(blocks), filters
        for stage, count in enumerate(blocks):
            layers = []
            for i in range(count):
                layers.append(block(channels, filters * 2**stage, 2 if stage and not i else 1, axes=axes))
                channels = grow * filters * 2**stage
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layers))
        self.fc = nn.Linear(channels, outputs)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = {1: F.max_pool1d, 2: F.max_pool2d}[self.axes](x, 3, 2, 1)
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        return self.fc(x.flatten(2).mean(2))


class Encoder(nn.Module):
    """PyTorch's encoder on [batch, channels, length]."""

    def __init__(self, layers, channels, heads, hidden, pre, activation):
        super().__init__()
        layer = nn.TransformerEncoderLayer(channels, heads, hidden, norm_first=pre, activation=activation, batch_first=True)
        norm = nn.LayerNorm(channels) if pre else None
        self.inner = nn.TransformerEncoder(layer, layers, norm=norm, enable_nested_tensor=False)

    def forward(self, x):
        return self.inner(x.transpose(1, 2)).transpose(1, 2)


class UNet(nn.Module):
    def __init__(self, filters, levels, norm):
        super().__init__()
        self.norm, self.levels = norm, levels
        self.down, self.up, self.out = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        channels = 4
        for level in range(levels + 1):
            count = filters * 2**level
            self.down.append(self.stage(channels, count))
            if level < levels:
                self.up.append(nn.ConvTranspose1d(2 * count, count, 2, 2))
                self.out.append(self.stage(2 * count, count))
            channels = count
        self.logits = nn.Conv1d(filters, 1, 1)

    def stage(self, channels, filters):
        layers = []
        for i, c in enumerate([channels, filters]):
            layers.append((f"conv{i + 1}", nn.Conv1d(c, filters, 3, padding=1, bias=not self.norm)))
            if self.norm:
                layers.append((f"norm{i + 1}", nn.BatchNorm1d(filters)))
            layers.append((f"relu{i + 1}", nn.ReLU()))
        return chain(*layers)

    def forward(self, x):
        skips = []
        for level in range(self.levels):
            x = self.down[level](x)
            skips.append(x)
            x = F.max_pool1d(x, 2)
        x = self.down[self.levels](x)
        for level in reversed(range(self.levels)):
            x = self.up[level](x)
            x = F.pad(x, (0, skips[level].shape[2] - x.shape[2]))
            x = self.out[level](torch.cat([skips[level], x], 1))
        return self.logits(x)


class BpNet(nn.Module):
    def __init__(self, filters, stem_width, layers, same):
        super().__init__()
        self.iconv = nn.Conv1d(4, filters, stem_width, padding="same" if same else 0)
        self.rconvs = nn.ModuleList(
            nn.Conv1d(filters, filters, 3, dilation=2**i, padding="same" if same else 0) for i in range(1, layers + 1)
        )

    def forward(self, x):
        x = F.relu(self.iconv(x))
        for conv in self.rconvs:
            y = F.relu(conv(x))
            cut = (x.shape[2] - y.shape[2]) // 2
            x = x[..., cut : cut + y.shape[2]] + y
        return x


class Gate(nn.Module):
    def __init__(self, channels, hidden):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(channels, hidden), nn.SiLU(), nn.Linear(hidden, channels), nn.Sigmoid())

    def forward(self, x):
        return x * self.fc(x.mean(2))[..., None]


class Block(nn.Module):
    """A chain with the names of the authors' LegNet."""

    def __init__(self, *layers):
        super().__init__()
        self.block = nn.Sequential(*layers)

    def forward(self, x):
        return self.block(x)


class Concat(nn.Module):
    def __init__(self, fn):
        super().__init__()
        self.fn = fn

    def forward(self, x):
        return torch.cat([self.fn(x), x], 1)


def leg_unit(channels, filters, width, groups=1):
    conv = nn.Conv1d(channels, filters, width, padding="same", groups=groups, bias=False)
    return conv, nn.BatchNorm1d(filters), nn.SiLU()


class LegNet(nn.Module):
    def __init__(self, stem, stem_width, filters, width, pools, factor, tasks):
        super().__init__()
        self.stem, blocks, channels = Block(*leg_unit(4, stem, stem_width)), [], stem
        for count, pool in zip(filters, pools):
            inner = factor * channels
            layers = [*leg_unit(channels, inner, 1), *leg_unit(inner, inner, width, inner), Gate(inner, inner // factor)]
            concat = Concat(Block(*layers, *leg_unit(inner, channels, 1)))
            blocks.append(nn.Sequential(concat, Block(*leg_unit(2 * channels, count, width)), nn.MaxPool1d(pool)))
            channels = count
        self.main = nn.Sequential(*blocks)
        hidden = 2 * channels
        self.mapper = Block(nn.BatchNorm1d(channels), nn.Conv1d(channels, hidden, 1))
        self.head = nn.Sequential(nn.Linear(hidden, hidden), nn.BatchNorm1d(hidden), nn.SiLU(), nn.Linear(hidden, tasks))

    def forward(self, x):
        return self.head(self.mapper(self.main(self.stem(x))).mean(2))


class RelativeAttention(nn.Module):
    """Enformer's attention, one offset at a time, as in layers.py."""

    def __init__(self, channels, heads, keys, values, features):
        super().__init__()
        self.to_q = nn.Linear(channels, heads * keys, bias=False)
        self.to_k = nn.Linear(channels, heads * keys, bias=False)
        self.to_v = nn.Linear(channels, heads * values, bias=False)
        self.to_out = nn.Linear(heads * values, channels)
        self.to_rel_pos = nn.Linear(features, heads * keys, bias=False)
        self.rel_content_bias = nn.Parameter(torch.empty(1, heads, 1, keys))
        self.rel_pos_bias = nn.Parameter(torch.empty(1, heads, 1, keys))
        self.heads, self.keys, self.features = heads, keys, features

    def table(self, length):
        n = self.features // 6
        offset = torch.arange(-length + 1, length, dtype=torch.float64)
        distance = offset.abs()[:, None]
        half_life = 2 ** torch.linspace(3, math.log2(length), n, dtype=torch.float64)
        exponential = torch.exp(-math.log(2) / half_life * distance)
        central = (distance < 2 ** torch.arange(1, n + 1, dtype=torch.float64) - 1).double()
        mean = torch.linspace(length / n, length, n, dtype=torch.float64)
        deviation = length / (2 * n)
        density = torch.distributions.Gamma((mean / deviation) ** 2, mean / deviation**2, validate_args=False)
        gamma = density.log_prob(distance).exp() + 1e-8
        basis = torch.cat([exponential, central, gamma / gamma.amax(0, keepdim=True)], 1)
        return torch.cat([basis, offset.sign()[:, None] * basis], 1).float()

    def forward(self, x):
        batch, length, _ = x.shape
        q, k, v = (f(x).reshape(batch, length, self.heads, -1).transpose(1, 2) for f in (self.to_q, self.to_k, self.to_v))
        q = q / self.keys**0.5
        offsets = self.to_rel_pos(self.table(length)).reshape(2 * length - 1, self.heads, self.keys)
        which = torch.arange(length)[None, :] - torch.arange(length)[:, None] + length - 1
        relative = torch.einsum("bhqd,qkhd->bhqk", q + self.rel_pos_bias, offsets[which])
        weights = ((q + self.rel_content_bias) @ k.transpose(-2, -1) + relative).softmax(-1)
        return self.to_out((weights @ v).transpose(1, 2).reshape(batch, length, -1))


class Transformer(nn.Module):
    """A block of Enformer's transformer on [batch, channels, length]."""

    def __init__(self, channels, heads, keys, values, features, eps=1e-5):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(channels, eps=eps), nn.LayerNorm(channels, eps=eps)
        self.attend = RelativeAttention(channels, heads, keys, values, features)
        self.linear1, self.linear2 = nn.Linear(channels, 2 * channels), nn.Linear(2 * channels, channels)

    def forward(self, x):
        x = x.transpose(1, 2)
        x = x + self.attend(self.norm1(x))
        x = x + self.linear2(F.relu(self.linear1(self.norm2(x))))
        return x.transpose(1, 2)


class SoftmaxPool(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels, channels))

    def forward(self, x):
        scores = torch.einsum("oc,bcl->bol", self.weight, x).unflatten(2, (-1, 2)).softmax(3)
        return (scores * x.unflatten(2, (-1, 2))).sum(3)


def enformer_block(channels, filters, width):
    return chain(nn.BatchNorm1d(channels), gelu_logistic(), nn.Conv1d(channels, filters, width, padding="same"))


def enformer(channels, downsamples, divisor, depth, heads, keys, bins):
    half, count = channels // 2, downsamples - 1
    base = math.exp(math.log(channels / half) / (count - 1))
    filters = [int(round(half * base**i / divisor) * divisor) for i in range(count)]
    stages = [
        chain(enformer_block(a, b, 5), Residual(enformer_block(b, b, 1)), SoftmaxPool(b))
        for a, b in zip([half, *filters[:-1]], filters)
    ]
    values = channels // heads
    features = (values + 5) // 6 * 6
    return chain(
        ("stem", chain(nn.Conv1d(4, half, 15, padding=7), Residual(enformer_block(half, half, 1)), SoftmaxPool(half))),
        ("tower", chain(*stages)),
        ("transformer", chain(*[Transformer(channels, heads, keys, values, features) for _ in range(depth)])),
        ("crop", Apply(lambda x: x[..., (x.shape[2] - bins) // 2 :][..., :bins])),
        ("pointwise", enformer_block(channels, 2 * channels, 1)),
        Apply(lambda x: torch.sigmoid(1.702 * x) * x),
    )


def borzoi_block(channels, filters, width):
    return chain(nn.BatchNorm1d(channels, eps=1e-3), nn.GELU(approximate="tanh"), nn.Conv1d(channels, filters, width, padding="same"))


class Separable(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.depthwise = nn.Conv1d(channels, channels, 3, groups=channels, padding=1, bias=False)
        self.separable = nn.Conv1d(channels, channels, 1)

    def forward(self, x):
        return self.separable(self.depthwise(x))


class Borzoi(nn.Module):
    def __init__(self, stem, tower, channels, depth, heads, keys, values, features, bins, final):
        super().__init__()
        self.bins = bins
        self.stem = nn.Conv1d(4, stem, 15, padding=7)
        self.tower = nn.ModuleList(borzoi_block(a, b, 5) for a, b in zip([stem, *tower[:-1]], tower))
        self.unet1 = borzoi_block(tower[-1], channels, 5)
        self.transformer = nn.Sequential(*[Transformer(channels, heads, keys, values, features, 1e-3) for _ in range(depth)])
        self.horizontal0, self.horizontal1 = borzoi_block(tower[-1], channels, 1), borzoi_block(channels, channels, 1)
        self.up1, self.up0 = borzoi_block(channels, channels, 1), borzoi_block(channels, channels, 1)
        self.separable1, self.separable0 = Separable(channels), Separable(channels)
        self.final = borzoi_block(channels, final, 1)

    def forward(self, x):
        x = self.stem(x)
        for block in self.tower:
            x = block(F.max_pool1d(x, 2))
        skip0 = x
        skip1 = self.unet1(F.max_pool1d(skip0, 2))
        x = self.transformer(F.max_pool1d(skip1, 2))
        x = self.separable1(F.interpolate(self.up1(x), scale_factor=2) + self.horizontal1(skip1))
        x = self.separable0(F.interpolate(self.up0(x), scale_factor=2) + self.horizontal0(skip0))
        start = (x.shape[2] - self.bins) // 2
        return F.gelu(self.final(x[..., start : start + self.bins]), approximate="tanh")


def counts():
    torch.set_default_device("meta")
    published = {
        "deepsea": DeepSea([320, 480, 960], 925, 919, 1000),
        "factornet": FactorNet(2, 32, 26, 32, 128, 1000),
        "basenji": basenji(5313, 288, 339, 1.1776, 6, 384, 11, 64, 1536),
        "resnet18": ResNet(3, 64, [2, 2, 2, 2], 1000, 2, BasicBlock),
        "resnet50": ResNet(3, 64, [3, 4, 6, 3], 1000, 2, Bottleneck),
        "unet": UNet(64, 4, True),
        "bpnet": BpNet(64, 25, 9, True),
        "legnet": LegNet(64, 11, [80, 96, 112, 128], 9, [2, 2, 2, 2], 4, 1),
        "enformer": enformer(1536, 7, 128, 11, 8, 64, 896),
        "borzoi": Borzoi(512, [608, 736, 896, 1056, 1280], 1536, 8, 8, 64, 192, 36, 6144, 1920),
    }
    for name, module in published.items():
        print(name, sum(p.numel() for p in module.parameters()))


if sys.argv[1:] == ["counts"]:
    counts()
    sys.exit()

torch.manual_seed(13)
network("deepsea", DeepSea([6, 6, 8], 10, 2, 180), bases(180), gain=1.7)
network("factornet", FactorNet(2, 5, 6, 3, 7, 70), bases(70), torch.rand(2, 2, 70), gain=1.7)
network("basenji", basenji(3, 6, 7, 1.3, 2, 5, 4, 3, 10), bases(128), gain=1.7)
network("resnet", ResNet(4, 4, [2, 1], 3, 1, BasicBlock), bases(90))
network("resnet_bottleneck", ResNet(4, 3, [1, 1], 2, 1, Bottleneck), bases(60))
network("resnet_2d", ResNet(3, 4, [1, 1], 2, 2, BasicBlock), torch.randn(2, 3, 18, 21))
network("encoder_post", Encoder(2, 8, 2, 12, False, "relu"), torch.randn(2, 8, 9))
network("encoder_pre", Encoder(2, 8, 2, 12, True, "gelu"), torch.randn(2, 8, 9))
network("unet", UNet(4, 2, True), bases(50), gain=1.7)
network("unet_plain", UNet(4, 1, False), bases(31), gain=1.7)
network("bpnet", BpNet(8, 9, 3, True), bases(60))
network("bpnet_valid", BpNet(8, 7, 3, False), bases(60))
network("legnet", LegNet(6, 5, [6, 8], 5, [2, 1], 2, 2), bases(60), gain=1.7)
network("enformer", enformer(12, 3, 2, 2, 2, 4, 6), bases(80))
network("borzoi", Borzoi(6, [6, 8], 8, 1, 2, 4, 3, 6, 12, 10), bases(128))
save_file(out, HERE / "networks.safetensors")
