#!/usr/bin/env python3
"""Makes layers.safetensors: outputs and gradients of PyTorch 2.11 for layers of attention, gates and U-shaped networks.

  pip install torch==2.11.0 safetensors numpy && python tests/oracles/layers.py

The layers that PyTorch lacks are written here from their definitions.
"""
import math
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file

HERE = Path(__file__).parent
torch.manual_seed(11)
out = {}


def keep(case, **tensors):
    for name, tensor in tensors.items():
        out[f"{case}/{name}"] = tensor.detach().clone().contiguous().float()


def layer(case, module, *inputs):
    """Parameters (drawn anew, so that none is zero), inputs, output, and gradients of the squared sum of the output."""
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.5)
    for name, tensor in module.state_dict().items():
        keep(case, **{f"state.{name}": tensor})
    inputs = [x.clone().requires_grad_() for x in inputs]
    y = module(*inputs)
    y.square().sum().backward()
    for i, x in enumerate(inputs):
        keep(case, **{f"x{i}": x, f"grad{i}": x.grad})
    for name, parameter in module.named_parameters():
        keep(case, **{f"slope.{name}": parameter.grad})
    keep(case, y=y)


class SqueezeExcite(nn.Module):
    def __init__(self, channels, hidden, activation):
        super().__init__()
        self.fc1, self.fc2, self.activation = nn.Linear(channels, hidden), nn.Linear(hidden, channels), activation

    def forward(self, x):
        gate = torch.sigmoid(self.fc2(self.activation(self.fc1(x.flatten(2).mean(2)))))
        return x * gate.reshape(gate.shape + (1,) * (x.dim() - 2))


class RmsNorm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.inner = nn.RMSNorm(channels)

    def forward(self, x):
        return self.inner(x.transpose(1, 2)).transpose(1, 2)


class Cross(nn.Module):
    def __init__(self, channels, context, heads):
        super().__init__()
        self.inner = nn.MultiheadAttention(channels, heads, kdim=context, vdim=context, batch_first=True)

    def forward(self, query, context):
        query, context = query.transpose(1, 2), context.transpose(1, 2)
        return self.inner(query, context, context, need_weights=False)[0].transpose(1, 2)


class Heads(nn.Module):
    """Attention with rotated queries and keys, or with a bias of offsets."""

    def __init__(self, channels, heads, largest=None):
        super().__init__()
        self.in_proj_weight = nn.Parameter(torch.empty(3 * channels, channels))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * channels))
        self.out_proj = nn.Linear(channels, channels)
        self.heads, self.largest = heads, largest
        if largest is not None:
            self.relative_bias = nn.Parameter(torch.empty(heads, 2 * largest + 1))

    def forward(self, x):
        x = x.transpose(1, 2)
        batch, length, channels = x.shape
        q, k, v = (
            t.reshape(batch, length, self.heads, -1).transpose(1, 2)
            for t in F.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, -1)
        )
        features = channels // self.heads
        mask = None
        if self.largest is None:
            position = torch.arange(length, dtype=torch.float64)[:, None]
            angle = position * 10000 ** (-torch.arange(0, features, 2, dtype=torch.float64) / features)
            cos, sin = (torch.cat([f(angle)] * 2, -1).float() for f in (torch.cos, torch.sin))
            turn = lambda t: torch.cat([-t[..., features // 2 :], t[..., : features // 2]], -1)
            q, k = q * cos + turn(q) * sin, k * cos + turn(k) * sin
        else:
            offset = torch.arange(length)[None, :] - torch.arange(length)[:, None]
            mask = self.relative_bias[:, offset.clamp(-self.largest, self.largest) + self.largest][None]
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.out_proj(y.transpose(1, 2).reshape(batch, length, channels)).transpose(1, 2)


class EnformerAttention(nn.Module):
    """The relative attention of Avsec et al. 2021, one offset at a time."""

    def __init__(self, channels, heads, keys, values, features, over):
        super().__init__()
        self.to_q = nn.Linear(channels, heads * keys, bias=False)
        self.to_k = nn.Linear(channels, heads * keys, bias=False)
        self.to_v = nn.Linear(channels, heads * values, bias=False)
        self.to_out = nn.Linear(heads * values, channels)
        self.to_rel_pos = nn.Linear(features, heads * keys, bias=False)
        self.rel_content_bias = nn.Parameter(torch.empty(1, heads, 1, keys))
        self.rel_pos_bias = nn.Parameter(torch.empty(1, heads, 1, keys))
        self.heads, self.keys, self.features, self.over = heads, keys, features, over

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
        gamma = gamma / gamma.amax({"offsets": 0, "features": 1}[self.over], keepdim=True)
        basis = torch.cat([exponential, central, gamma], 1)
        return torch.cat([basis, offset.sign()[:, None] * basis], 1).float()

    def forward(self, x):
        x = x.transpose(1, 2)
        batch, length, _ = x.shape
        q, k, v = (f(x).reshape(batch, length, self.heads, -1).transpose(1, 2) for f in (self.to_q, self.to_k, self.to_v))
        q = q / self.keys**0.5
        offsets = self.to_rel_pos(self.table(length)).reshape(2 * length - 1, self.heads, self.keys)
        which = torch.arange(length)[None, :] - torch.arange(length)[:, None] + length - 1
        relative = torch.einsum("bhqd,qkhd->bhqk", q + self.rel_pos_bias, offsets[which])
        weights = ((q + self.rel_content_bias) @ k.transpose(-2, -1) + relative).softmax(-1)
        return self.to_out((weights @ v).transpose(1, 2).reshape(batch, length, -1)).transpose(1, 2)


class SoftmaxPool(nn.Module):
    def __init__(self, channels, size, per_channel=True):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels if per_channel else 1, channels))
        self.size = size

    def forward(self, x):
        scores = torch.einsum("oc,bcl->bol", self.weight, x)
        windows = zip(scores.split(self.size, 2), x.split(self.size, 2))
        return torch.stack([(s.softmax(2) * v).sum(2) for s, v in windows], 2)


class AttentionPool(nn.Module):
    def __init__(self, channels, heads):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(heads, channels))

    def forward(self, x):
        weights = torch.einsum("hc,bcl->bhl", self.weight, x).softmax(2)
        return torch.einsum("bhl,bcl->bhc", weights, x).flatten(1)


class UNet(nn.Module):
    """Two joints: one that crops, one that pads."""

    def __init__(self):
        super().__init__()
        self.outer, self.inner = nn.Conv1d(3, 4, 3), nn.Conv1d(4, 4, 3, padding=1)

    def forward(self, x):
        y = self.outer(x)
        z = F.interpolate(self.inner(F.max_pool1d(y, 2)), scale_factor=2, mode="nearest")
        y = torch.cat([y, F.pad(z, (0, y.shape[2] - z.shape[2]))], 1)
        cut = x.shape[2] - y.shape[2]
        return torch.cat([x[..., cut // 2 : cut // 2 + y.shape[2]], y], 1)


layer("squeeze_excite", SqueezeExcite(6, 3, F.relu), torch.randn(2, 6, 7))
layer("squeeze_excite_2d", SqueezeExcite(4, 2, F.silu), torch.randn(2, 4, 3, 5))
layer("rms_norm", RmsNorm(5), torch.randn(2, 5, 7))
layer("cross_attention", Cross(6, 4, 2), torch.randn(2, 6, 5), torch.randn(2, 4, 8))
layer("cross_attention_joined", Cross(6, 6, 3), torch.randn(2, 6, 5), torch.randn(2, 6, 8))
layer("rotary", Heads(8, 2), torch.randn(2, 8, 9))
layer("relative_bias", Heads(6, 2, largest=3), torch.randn(2, 6, 9))
layer("enformer_attention", EnformerAttention(6, 2, 5, 3, 12, "offsets"), torch.randn(2, 6, 16))
layer("enformer_attention_features", EnformerAttention(6, 2, 5, 4, 18, "features"), torch.randn(2, 6, 11))
layer("softmax_pool", SoftmaxPool(4, 3), torch.randn(2, 4, 11))
layer("softmax_pool_shared", SoftmaxPool(4, 2, False), torch.randn(2, 4, 10))
layer("attention_pool", AttentionPool(4, 3), torch.randn(2, 4, 9))
layer("separable2d", nn.Sequential(nn.Conv2d(3, 6, (2, 3), groups=3, padding=1), nn.Conv2d(6, 5, 1)), torch.randn(2, 3, 6, 7))
layer("unet", UNet(), torch.randn(2, 3, 15))
save_file(out, HERE / "layers.safetensors")
