#!/usr/bin/env python3
"""Makes optim.safetensors: optimizers, averages of parameters, adaptive clipping and second derivatives.

  pip install torch==2.11.0 safetensors numpy && python -P tests/oracles/optim.py

Muon, the averages and the second derivatives are PyTorch 2.11's. Lion, LAMB and adaptive clipping, which it lacks, are the
algorithms of their papers.
"""
from pathlib import Path

import torch
import torch.nn as nn
from safetensors.torch import save_file
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

HERE = Path(__file__).parent
torch.manual_seed(5)
torch.set_num_threads(1)
out = {}
STEPS = 12


def keep(case, **tensors):
    for name, tensor in tensors.items():
        out[f"{case}/{name}"] = tensor.detach().clone().contiguous().float()


class Lion(torch.optim.Optimizer):
    """Chen et al. 2023, algorithm 2."""

    def __init__(self, params, lr, betas, weight_decay):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                c = b1 * m + (1 - b1) * p.grad
                p.copy_(p - group["lr"] * (c.sign() + group["weight_decay"] * p))
                m.copy_(b2 * m + (1 - b2) * p.grad)


class Lamb(torch.optim.Optimizer):
    """You et al. 2020, algorithm 2, with the identity as the scaling function."""

    def __init__(self, params, lr, betas, eps, weight_decay):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                state = self.state[p]
                m, v = state.setdefault("m", torch.zeros_like(p)), state.setdefault("v", torch.zeros_like(p))
                t = state["t"] = state.get("t", 0) + 1
                m.copy_(b1 * m + (1 - b1) * p.grad)
                v.copy_(b2 * v + (1 - b2) * p.grad**2)
                r = (m / (1 - b1**t)) / ((v / (1 - b2**t)).sqrt() + group["eps"])
                u = r + group["weight_decay"] * p
                ratio = p.norm() / u.norm() if p.norm() > 0 and u.norm() > 0 else 1.0
                p.sub_(group["lr"] * ratio * u)


def steps(case, shapes, make):
    """Parameters, gradients and parameters after 12 steps."""
    params = [nn.Parameter(torch.randn(shape)) for shape in shapes]
    for i, p in enumerate(params):
        keep(case, **{f"start{i}": p})
    gradients = [[torch.randn(shape) for shape in shapes] for _ in range(STEPS)]
    optimizers = make(params)
    for t in range(STEPS):
        for i, p in enumerate(params):
            p.grad = gradients[t][i].clone()
        for optimizer in optimizers:
            optimizer.step()
        for i, p in enumerate(params):
            keep(case, **{f"after{i}.{t}": p})
    for i in range(len(params)):
        keep(case, **{f"gradients{i}": torch.stack([row[i] for row in gradients])})


SHAPES = [(5, 3), (4, 3, 2), (6,)]
steps("lion", SHAPES, lambda p: [Lion(p, 0.01, (0.9, 0.99), 0.1)])
steps("lion_betas", SHAPES, lambda p: [Lion(p, 0.02, (0.5, 0.8), 0.0)])
steps("lamb", SHAPES, lambda p: [Lamb(p, 0.01, (0.9, 0.999), 1e-6, 0.01)])
steps("lamb_plain", SHAPES, lambda p: [Lamb(p, 0.02, (0.8, 0.9), 1e-6, 0.0)])

MATRICES = [(5, 3), (3, 7), (16, 16), (6,)]


def muon(**options):
    return lambda p: [torch.optim.Muon(p[:3], lr=0.02, **options), torch.optim.AdamW(p[3:], lr=0.01, weight_decay=0.1)]


steps("muon", MATRICES, muon())
steps("muon_plain", MATRICES, muon(nesterov=False, momentum=0.8, ns_steps=3))
steps("muon_adamw", MATRICES, muon(adjust_lr_fn="match_rms_adamw"))
in_16_bits = torch.Tensor.bfloat16
torch.Tensor.bfloat16 = lambda self: self.clone()
steps("muon_float32", MATRICES, muon())
torch.Tensor.bfloat16 = in_16_bits


def adaptive(case, ratio):
    """Adaptive clipping, Brock et al. 2021."""
    for i, shape in enumerate([(4, 3), (3, 2, 5), (6,)]):
        w, g = torch.randn(shape), torch.randn(shape) * 0.2
        w[0] = 0
        dims = tuple(range(1, len(shape))) if len(shape) > 1 else (0,)
        most = ratio * w.norm(dim=dims, keepdim=True).clamp(min=1e-3)
        norm = g.norm(dim=dims, keepdim=True)
        clipped = torch.where(norm > most, g * most / norm.clamp(min=1e-6), g)
        keep(case, **{f"weight{i}": w, f"gradient{i}": g, f"clipped{i}": clipped})


adaptive("adaptive", 0.1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.norm, self.head = nn.Linear(3, 6), nn.BatchNorm1d(6), nn.Linear(6, 1)

    def forward(self, x):
        return self.head(self.norm(self.stem(x)).relu())


def averaged(case, average, epochs, is_due):
    """A training on one batch per epoch, and the average with its losses."""
    net = Net()
    x, y = torch.randn(32, 3), torch.randn(32, 1)
    keep(case, x=x, y=y)
    for name, tensor in net.named_parameters():
        keep(case, **{f"start.{name}": tensor})
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    mean = AveragedModel(net, **average)
    losses = []
    for epoch in range(epochs):
        net.train()
        optimizer.zero_grad()
        nn.functional.mse_loss(net(x), y).backward()
        optimizer.step()
        if is_due(epoch):
            mean.update_parameters(net)
            if "multi_avg_fn" not in average:
                update_bn([x], mean)
        evaluated = (mean if mean.n_averaged > 0 else net).eval()
        losses.append(nn.functional.mse_loss(evaluated(x), y).detach())
    keep(case, losses=torch.stack(losses))
    for name, tensor in mean.module.state_dict().items():
        keep(case, **{f"end.{name}": tensor})


averaged("ema", dict(multi_avg_fn=get_ema_multi_avg_fn(0.8)), 12, lambda epoch: True)
averaged("ema_late", dict(multi_avg_fn=get_ema_multi_avg_fn(0.5)), 12, lambda epoch: epoch >= 4 and epoch % 2 == 1)
averaged("swa", {}, 12, lambda epoch: epoch >= 9)
averaged("swa_cycle", {}, 12, lambda epoch: epoch >= 2 and epoch % 3 == 2)


def penalty():
    """The gradient penalty of a critic (Gulrajani et al. 2017), and a Hessian."""
    net = nn.Sequential(nn.Conv1d(4, 6, 3), nn.Tanh(), nn.Conv1d(6, 5, 3), nn.Softplus(), nn.Flatten(), nn.Linear(30, 1))
    x = torch.randn(7, 4, 10, requires_grad=True)
    for name, tensor in net.named_parameters():
        keep("penalty", **{f"state.{name}": tensor})
    slope = torch.autograd.grad(net(x).sum(), x, create_graph=True)[0]
    loss = ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
    loss.backward()
    keep("penalty", x=x, loss=loss, slope=slope, grad=x.grad)
    for name, tensor in net.named_parameters():
        # the last bias has no influence on the slopes
        keep("penalty", **{f"grad.{name}": torch.zeros_like(tensor) if tensor.grad is None else tensor.grad})


penalty()
save_file(out, HERE / "optim.safetensors")
