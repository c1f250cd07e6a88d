#!/usr/bin/env python3
"""Makes keras_recurrent.npz: LSTM and GRU by the equations that Keras documents, weights in Keras' layout, gradients by PyTorch.

  pip install torch==2.11.0 numpy && python tests/oracles/keras_recurrent.py

LSTM (gates i f c o) and GRU (gates z r h; reset_after=False: Cho et al. 2014; True: as in cuDNN) of keras.layers; hard sigmoid
of Keras 2, clip(0.2 x + 0.5, 0, 1), and of Keras 3, relu6(x + 3) / 6. Also the regional attention of ATTContact.
"""
from pathlib import Path

import numpy as np
import torch

torch.manual_seed(4)
out = {}
GATES = {"sigmoid": torch.sigmoid, "hard_sigmoid": lambda x: torch.clamp(0.2 * x + 0.5, 0, 1),
         "hard_sigmoid_sixth": lambda x: torch.clamp(x + 3, 0, 6) / 6}


def lstm(x, kernel, recurrent, bias, gate):
    batch, length, _ = x.shape
    u = recurrent.shape[0]
    h = c = torch.zeros(batch, u, dtype=x.dtype)
    states = []
    for t in range(length):
        z = x[:, t] @ kernel + h @ recurrent + bias
        i, f, g, o = z[:, :u], z[:, u:2 * u], z[:, 2 * u:3 * u], z[:, 3 * u:]
        c = gate(f) * c + gate(i) * torch.tanh(g)
        h = gate(o) * torch.tanh(c)
        states.append(h)
    return torch.stack(states, 1)


def gru(x, kernel, recurrent, bias, gate, reset_after):
    batch, length, _ = x.shape
    u = recurrent.shape[0]
    h = torch.zeros(batch, u, dtype=x.dtype)
    states = []
    for t in range(length):
        if reset_after:
            a, b = x[:, t] @ kernel + bias[0], h @ recurrent + bias[1]
            z, r = gate(a[:, :u] + b[:, :u]), gate(a[:, u:2 * u] + b[:, u:2 * u])
            hh = torch.tanh(a[:, 2 * u:] + r * b[:, 2 * u:])
        else:
            a = x[:, t] @ kernel + bias
            z, r = gate(a[:, :u] + h @ recurrent[:, :u]), gate(a[:, u:2 * u] + h @ recurrent[:, u:2 * u])
            hh = torch.tanh(a[:, 2 * u:] + (r * h) @ recurrent[:, 2 * u:])
        h = z * h + (1 - z) * hh
        states.append(h)
    return torch.stack(states, 1)


def case(name, run, gates, bias_shape):
    channels, u, batch, length = 5, 4, 3, 11
    leaf = lambda *shape: torch.randn(*shape, dtype=torch.float64).requires_grad_()
    kernel, recurrent, bias = leaf(channels, gates * u), leaf(u, gates * u), leaf(*bias_shape(gates * u))
    x = leaf(batch, length, channels)
    y = run(x, kernel, recurrent, bias)
    (y * y).sum().backward()
    out[f"{name}/x"], out[f"{name}/y"], out[f"{name}/slope"] = x.detach().mT, y.detach().mT, x.grad.mT
    for part, tensor in [("kernel", kernel), ("recurrent_kernel", recurrent), ("bias", bias)]:
        out[f"{name}/layer.{part}"], out[f"{name}/slope.{part}"] = tensor.detach(), tensor.grad


for gate, f in GATES.items():
    case(f"lstm_{gate}", lambda x, k, r, b: lstm(x, k, r, b, f), 4, lambda n: (n,))
    case(f"gru_before_{gate}", lambda x, k, r, b: gru(x, k, r, b, f, False), 3, lambda n: (n,))
    case(f"gru_after_{gate}", lambda x, k, r, b: gru(x, k, r, b, f, True), 3, lambda n: (2, n))


def regional(x, wq, wk, wv, heads, size, divisor):
    """Place by place, from the definition."""
    batch, channels, height, width = x.shape
    q, k, v = (torch.einsum("oc,bchw->bohw", w, x) for w in (wq, wk, wv))
    each, pad = wq.shape[0] // heads, size // 2
    y = torch.zeros(batch, wq.shape[0], height, width, dtype=x.dtype)
    rows = []
    for i in range(height):
        columns = []
        for j in range(width):
            heads_out = []
            for head in range(heads):
                own = slice(head * each, (head + 1) * each)
                scores, values = [], []
                for di in range(-pad, pad + 1):
                    for dj in range(-pad, pad + 1):
                        inside = 0 <= i + di < height and 0 <= j + dj < width
                        key = k[:, own, i + di, j + dj] if inside else torch.zeros(batch, each, dtype=x.dtype)
                        value = v[:, own, i + di, j + dj] if inside else torch.zeros(batch, each, dtype=x.dtype)
                        scores.append((q[:, own, i, j] * key).sum(1) / divisor)
                        values.append(value)
                weights = torch.softmax(torch.stack(scores, 1), 1)
                heads_out.append((weights[:, :, None] * torch.stack(values, 1)).sum(1))
            columns.append(torch.cat(heads_out, 1))
        rows.append(torch.stack(columns, 2))
    return torch.stack(rows, 2)


for name, features, heads, size, divisor in [("regional", 8, 2, 3, 2.0), ("regional_same", 6, 3, 5, 2.0 ** 0.5)]:
    leaf = lambda *shape: torch.randn(*shape, dtype=torch.float64).requires_grad_()
    x, weights = leaf(2, 6, 4, 5), [leaf(features, 6) for _ in range(3)]
    y = regional(x, *weights, heads, size, divisor)
    (y * y).sum().backward()
    out[f"{name}/x"], out[f"{name}/y"], out[f"{name}/slope"] = x.detach(), y.detach(), x.grad
    for part, tensor in zip(["query", "key", "value"], weights):
        out[f"{name}/{part}"], out[f"{name}/slope.{part}"] = tensor.detach(), tensor.grad

np.savez(Path(__file__).parent / "keras_recurrent.npz", **{key: value.numpy().astype(np.float32) for key, value in out.items()})
