#!/usr/bin/env python3
"""Makes torch.safetensors and metrics.safetensors: what PyTorch 2.11 and scikit-learn give for small fixed inputs.

  pip install torch==2.11.0 safetensors scikit-learn scipy numpy && python tests/oracles/make.py
"""
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from scipy import stats
from safetensors.torch import save_file
from sklearn import metrics as sk

HERE = Path(__file__).parent
torch.manual_seed(7)
out = {}


def keep(case, **tensors):
    for name, tensor in tensors.items():
        out[f"{case}/{name}"] = tensor.detach().clone().contiguous().float()


def layer(case, module, x, train=False):
    """A module's parameters, an input, the output, and the gradient of its squared sum with respect to the input."""
    module.train(train)
    for name, tensor in module.state_dict().items():
        keep(case, **{f"state.{name}": tensor})
    x = x.clone().requires_grad_(x.is_floating_point())
    y = module(x)
    y = y[0] if isinstance(y, tuple) else y
    if x.requires_grad:
        y.square().sum().backward()
        keep(case, grad=x.grad)
    keep(case, x=x.detach(), y=y)
    if train:
        for name, tensor in module.named_buffers():
            keep(case, **{f"after.{name}": tensor})


class Lstm(nn.Module):
    """[batch, channels, length] in and out."""

    def __init__(self, kind, **options):
        super().__init__()
        self.inner = kind(batch_first=True, **options)

    def forward(self, x):
        return self.inner(x.transpose(1, 2))[0].transpose(1, 2)


class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.MultiheadAttention(6, 2, batch_first=True)

    def forward(self, x):
        x = x.transpose(1, 2)
        return self.inner(x, x, x, need_weights=False)[0].transpose(1, 2)


class Causal(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.utils.weight_norm(nn.Conv1d(3, 5, 4, dilation=2))

    def forward(self, x):
        return self.inner(F.pad(x, (6, 0)))


x = torch.randn(2, 3, 17)
layer("conv1d", nn.Conv1d(3, 5, 4, stride=2, padding=3, dilation=2), x)
layer("conv1d_same", nn.Conv1d(3, 5, 4, padding="same", dilation=3), x)
layer("conv1d_groups", nn.Conv1d(4, 8, 3, groups=2, bias=False), torch.randn(2, 4, 17))
layer("conv1d_causal", Causal(), x)
layer("conv2d", nn.Conv2d(2, 3, (3, 2), padding=1), torch.randn(2, 2, 6, 7))
layer("conv3d", nn.Conv3d(1, 2, 2), torch.randn(2, 1, 3, 4, 5))
layer("separable", nn.Sequential(nn.Conv1d(3, 6, 4, groups=3), nn.Conv1d(6, 5, 1)), x)
layer("transposed", nn.ConvTranspose1d(3, 5, 4, stride=3, padding=1, output_padding=1), x)
layer("linear", nn.Linear(17, 4), x)
layer("embedding", nn.Embedding(6, 4), torch.tensor([[0, 5, 2], [1, 1, 3]]))
layer("lstm", Lstm(nn.LSTM, input_size=3, hidden_size=4, num_layers=2, bidirectional=True), x)
layer("gru", Lstm(nn.GRU, input_size=3, hidden_size=4, num_layers=2, bidirectional=True), x)
layer("batch_norm", nn.BatchNorm1d(3), x, train=True)
bn = nn.BatchNorm1d(3)
bn.running_mean.copy_(torch.randn(3))
bn.running_var.copy_(torch.rand(3) + 0.5)
layer("batch_norm_eval", bn, x)
layer("instance_norm", nn.InstanceNorm1d(3, affine=True), x)
layer("group_norm", nn.GroupNorm(2, 4), torch.randn(2, 4, 9))
layer("layer_norm", nn.LayerNorm(5), torch.randn(3, 5))
layer("attention", Heads(), torch.randn(2, 6, 7))
layer("max_pool", nn.MaxPool1d(4, stride=2, padding=1), x)
layer("avg_pool", nn.AvgPool1d(4, stride=2, padding=1), x)
layer("adaptive_max", nn.AdaptiveMaxPool1d(5), x)
layer("adaptive_avg", nn.AdaptiveAvgPool1d(5), x)
for name, module in {
    "relu": nn.ReLU(), "leaky_relu": nn.LeakyReLU(0.1), "elu": nn.ELU(0.7), "gelu": nn.GELU(), "silu": nn.SiLU(),
    "sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(), "softplus": nn.Softplus(), "softmax": nn.Softmax(1), "log_softmax": nn.LogSoftmax(1),
}.items():
    layer(name, module, torch.randn(3, 5) * 2)


def loss(case, f, x, y):
    x = x.clone().requires_grad_()
    value = f(x, y)
    value.backward()
    keep(case, x=x, y=y, value=value.reshape(1), grad=x.grad)


z, t = torch.randn(4, 3) * 2, torch.randint(0, 2, (4, 3)).float()
loss("loss_bce", F.binary_cross_entropy, torch.rand(4, 3), t)
loss("loss_bce_with_logits", F.binary_cross_entropy_with_logits, z, t)
w = torch.tensor([2.0, 0.5, 3.0])
loss("loss_bce_pos_weight", lambda a, b: F.binary_cross_entropy_with_logits(a, b, pos_weight=w), z, t)
holes = t.clone()
holes[0, 1] = holes[2, 2] = float("nan")
known = ~holes.isnan()
loss("loss_bce_holes", lambda a, b: F.binary_cross_entropy_with_logits(a[known], b[known]), z, holes)
classes = torch.tensor([[0.0], [2.0], [1.0], [2.0]])
loss("loss_cross_entropy", lambda a, b: F.cross_entropy(a, b.long().squeeze(1)), z, classes)
loss("loss_cross_entropy_weights", lambda a, b: F.cross_entropy(a, b.long().squeeze(1), weight=w), z, classes)
loss("loss_mse", F.mse_loss, z, t)
loss("loss_mae", F.l1_loss, z, t)
loss("loss_huber", lambda a, b: F.huber_loss(a, b, delta=0.7), z, t)
counts = torch.poisson(torch.rand(4, 3) * 5)
loss("loss_poisson", lambda a, b: F.poisson_nll_loss(a, b, log_input=True), z, counts)
loss("loss_poisson_rate", lambda a, b: F.poisson_nll_loss(a, b, log_input=False), torch.rand(4, 3) + 0.1, counts)
loss("loss_kl", lambda a, b: F.kl_div(a, b, reduction="batchmean"), F.log_softmax(z, 1), torch.softmax(torch.randn(4, 3), 1))


def multinomial(a, b):
    return torch.stack([-torch.distributions.Multinomial(int(c.sum()), logits=l).log_prob(c) for l, c in zip(a, b)]).mean()


loss("loss_multinomial", multinomial, z, counts)


def steps(case, make):
    """Twenty steps on a quartic of two parameters."""
    torch.manual_seed(11)
    w, b = torch.randn(3, 2, requires_grad=True), torch.randn(2, requires_grad=True)
    x = torch.randn(5, 3)
    keep(case, w0=w, b0=b, x=x)
    optimizer = make([w, b])
    for _ in range(20):
        optimizer.zero_grad()
        ((x @ w + b).square() - 1).square().mean().backward()
        optimizer.step()
    keep(case, w=w, b=b)


o = torch.optim
steps("optim_sgd", lambda p: o.SGD(p, lr=0.01))
steps("optim_sgd_momentum", lambda p: o.SGD(p, lr=0.01, momentum=0.9, dampening=0.1, weight_decay=0.01))
steps("optim_sgd_nesterov", lambda p: o.SGD(p, lr=0.01, momentum=0.9, nesterov=True))
steps("optim_adam", lambda p: o.Adam(p, lr=0.05, betas=(0.8, 0.99), weight_decay=0.01))
steps("optim_adamw", lambda p: o.AdamW(p, lr=0.05, weight_decay=0.1))
steps("optim_rmsprop", lambda p: o.RMSprop(p, lr=0.01, momentum=0.5, weight_decay=0.01))
steps("optim_rmsprop_centered", lambda p: o.RMSprop(p, lr=0.01, centered=True))
steps("optim_adagrad", lambda p: o.Adagrad(p, lr=0.1, lr_decay=0.01, weight_decay=0.01))


def rates(case, make, n=20, momentum=False):
    p = torch.zeros(1, requires_grad=True)
    optimizer = o.SGD([p], lr=1.0, momentum=0.9)
    schedule = make(optimizer)
    values = []
    for _ in range(n):
        values.append(optimizer.param_groups[0]["lr"])
        p.sum().backward()
        optimizer.step()
        schedule.step()
    keep(case, values=torch.tensor(values, dtype=torch.float64))


s = o.lr_scheduler
rates("schedule_step", lambda p: s.StepLR(p, 4, 0.5))
rates("schedule_multistep", lambda p: s.MultiStepLR(p, [3, 9], 0.1))
rates("schedule_exponential", lambda p: s.ExponentialLR(p, 0.9))
rates("schedule_cosine", lambda p: s.CosineAnnealingLR(p, 20, eta_min=0.1))
rates("schedule_restarts", lambda p: s.CosineAnnealingWarmRestarts(p, 3, 2))
rates("schedule_warmup", lambda p: s.LinearLR(p, 0.1, 1.0, 8))
rates("schedule_cyclic", lambda p: s.CyclicLR(p, 1e-12, 1.0, 4, 6))
rates("schedule_one_cycle", lambda p: s.OneCycleLR(p, 1.0, total_steps=20))
save_file(out, HERE / "torch.safetensors")

rng = np.random.default_rng(3)
scores, labels = np.round(rng.random((60, 3)), 2).astype(np.float32), (rng.random((60, 3)) < [0.5, 0.2, 0.7]).astype(np.float32)
calls = (scores >= 0.5).astype(int)
recall = [sk.precision_recall_curve(labels[:, i], scores[:, i]) for i in range(3)]
numbers, targets = rng.normal(size=40).astype(np.float32), None
targets = (np.round(numbers, 1) + rng.normal(size=40) * 0.5).astype(np.float32)
found = {
    "scores": scores.tolist(), "labels": labels.tolist(), "numbers": numbers.tolist(), "targets": targets.tolist(),
    "auroc": [sk.roc_auc_score(labels[:, i], scores[:, i]) for i in range(3)],
    "average_precision": [sk.average_precision_score(labels[:, i], scores[:, i]) for i in range(3)],
    "auprc": [sk.auc(r, p) for p, r, _ in recall],
    "mcc": [sk.matthews_corrcoef(labels[:, i], calls[:, i]) for i in range(3)],
    "pearson": stats.pearsonr(numbers, targets)[0], "spearman": stats.spearmanr(numbers, targets)[0],
    "r2": sk.r2_score(targets, numbers), "mse": sk.mean_squared_error(targets, numbers),
    "auroc_micro": sk.roc_auc_score(labels, scores, average="micro"), "auroc_weighted": sk.roc_auc_score(labels, scores, average="weighted"),
}
for name, f in {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}.items():
    for average in ["macro", "micro", "weighted", "samples"]:
        found[f"{name}_{average}"] = f(labels, calls, average=average, zero_division=0)
save_file({name: torch.tensor(np.asarray(value), dtype=torch.float64) for name, value in found.items()}, HERE / "metrics.safetensors")
