#!/usr/bin/env python3
"""Makes losses.safetensors: values and gradients of losses by PyTorch 2.11, and metrics of profiles by SciPy.

  pip install torch==2.11.0 safetensors numpy scipy && python tests/oracles/losses.py

Losses that PyTorch lacks are written here from the formulas of their papers and of the authors' code: Borzoi's
poisson_multinomial (baskerville), CosineMSELogLoss (CREsted), the focal loss (Lin et al. 2017), the Tweedie deviance,
NT-Xent (Chen et al. 2020).
"""
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.distance import jensenshannon
from scipy.stats import pearsonr, spearmanr

HERE = Path(__file__).parent
torch.manual_seed(5)
out = {}


def loss(case, f, x, y):
    x = x.clone().requires_grad_()
    value = f(x, y)
    value.backward()
    for name, tensor in {"x": x, "y": y, "loss": value.reshape(1), "grad": x.grad}.items():
        out[f"{case}/{name}"] = tensor.detach().clone().contiguous().float()


normal, logits = torch.randn(6, 4), torch.randn(6, 3) * 2
binary = (torch.rand(6, 4) > 0.5).float()
classes = torch.tensor([0, 2, 1, 1, 0, 2])
counts = torch.poisson(torch.rand(5, 2, 12) * 4)
profile = torch.randn(5, 2, 12)

loss("bce_smoothing", lambda x, y: F.binary_cross_entropy_with_logits(x, y * 0.9 + 0.05), normal, binary)
loss("ce_smoothing", lambda x, y: F.cross_entropy(x, y.long(), label_smoothing=0.1), logits, classes.float())
loss("ce_smoothing_weighted", lambda x, y: F.cross_entropy(
    x, y.long(), weight=torch.tensor([1.0, 2.0, 0.5]), label_smoothing=0.2), logits, classes.float())
loss("ce_smoothing_positions", lambda x, y: F.cross_entropy(x, y.long(), label_smoothing=0.1),
     torch.randn(4, 3, 5), torch.randint(0, 3, (4, 5)).float())
loss("smooth_l1", lambda x, y: F.smooth_l1_loss(x, y, beta=0.5), normal, torch.randn(6, 4))
loss("log1p_mse", lambda x, y: F.mse_loss(x, torch.log1p(y)), normal, torch.poisson(torch.rand(6, 4) * 50))
loss("log1p_mse_counts", lambda x, y: F.mse_loss(torch.log1p(x), torch.log1p(y)), torch.rand(6, 4) * 9,
     torch.poisson(torch.rand(6, 4) * 50))


def gaussian(x, y):
    mean, log_variance = x.chunk(2, 1)
    return F.gaussian_nll_loss(mean, y, log_variance.exp())


loss("gaussian", gaussian, torch.randn(6, 8), torch.randn(6, 4))
loss("gaussian_profile", gaussian, torch.randn(3, 4, 7), torch.randn(3, 2, 7))


def focal(x, y, alpha, gamma):
    p = torch.sigmoid(x)
    entropy = F.binary_cross_entropy_with_logits(x, y, reduction="none")
    p_t = p * y + (1 - p) * (1 - y)
    loss = entropy * (1 - p_t) ** gamma
    if alpha is not None:
        loss = loss * (alpha * y + (1 - alpha) * (1 - y))
    return loss.mean()


loss("focal", lambda x, y: focal(x, y, None, 2.0), normal * 3, binary)
loss("focal_alpha", lambda x, y: focal(x, y, 0.25, 1.5), normal, binary)


def tweedie(x, y, p):
    mean = x.exp()
    return (-y * mean ** (1 - p) / (1 - p) + mean ** (2 - p) / (2 - p)).mean()


loss("tweedie", lambda x, y: tweedie(x, y, 1.5), normal, torch.poisson(torch.rand(6, 4) * 2))
loss("tweedie_power", lambda x, y: tweedie(x, y, 1.2), normal, torch.poisson(torch.rand(6, 4) * 2))


def multinomial(x, y, joint):
    if joint:
        x, y = x.flatten(1), y.flatten(1)
    log_probs = F.log_softmax(x, -1)
    nll = -(torch.lgamma(y.sum(-1) + 1) - torch.lgamma(y + 1).sum(-1) + (y * log_probs).sum(-1))
    return nll.mean()


loss("multinomial", lambda x, y: multinomial(x, y, False), profile, counts)
loss("multinomial_joint", lambda x, y: multinomial(x, y, True), profile, counts)


def poisson_multinomial(x, y, weight, rescale):
    """baskerville.losses.poisson_multinomial with the axes [batch, tracks, length]."""
    length = y.shape[-1]
    y, x = y + 1e-7, x + 1e-7
    s_true, s_pred = y.sum(-1), x.sum(-1)
    poisson = (s_pred - s_true * torch.log(s_pred)) / length
    multinomial = -(y * torch.log(x / s_pred.unsqueeze(-1))).sum(-1) / length
    raw = multinomial + weight * poisson
    return (raw * 2 / (1 + weight) if rescale else raw).mean()


rates = F.softplus(profile)
loss("poisson_multinomial", lambda x, y: poisson_multinomial(x, y, 0.2, False), rates, counts)
loss("poisson_multinomial_rescaled", lambda x, y: poisson_multinomial(x, y, 0.2, True), rates, counts)
loss("poisson_multinomial_log", lambda x, y: poisson_multinomial(x.exp(), y, 1.0, False), profile, counts)


def cosine_mse_log(x, y, most, multiplier):
    log_x = torch.log1p(multiplier * x.clamp(min=0)) - torch.log1p((multiplier * x.clamp(max=0)).abs())
    mse = (log_x - torch.log1p(multiplier * y)).square().mean()
    weight = mse.abs().clamp(min=1.0).clamp(max=most)
    return (-weight * (F.normalize(x, dim=-1) * F.normalize(y, dim=-1)).sum(-1) + mse).mean()


coverage = torch.rand(6, 4) * 5
loss("cosine_mse_log", lambda x, y: cosine_mse_log(x, y, 1.0, 1000.0), normal, coverage)
loss("cosine_mse_log_weight", lambda x, y: cosine_mse_log(x, y, 100.0, 1.0), normal, coverage)


def info_nce(x, y, temperature, negatives):
    x, y = F.normalize(x, dim=-1), F.normalize(y, dim=-1)
    labels = torch.arange(len(x))
    if negatives == "all":
        z = torch.cat([x, y])
        similar = (z @ z.T / temperature).masked_fill(torch.eye(len(z), dtype=torch.bool), float("-inf"))
        return F.cross_entropy(similar, torch.cat([labels + len(x), labels]))
    similar = x @ y.T / temperature
    if negatives == "keys":
        return F.cross_entropy(similar, labels)
    return 0.5 * (F.cross_entropy(similar, labels) + F.cross_entropy(similar.T, labels))


for negatives in ["keys", "symmetric", "all"]:
    loss(f"info_nce_{negatives}", lambda x, y: info_nce(x, y, 0.2, negatives), torch.randn(7, 5), torch.randn(7, 5))

# uncertainty weighting: exp(-s) / 2 times the squared error, exp(-s) times the likelihood, s / 2 each
s = torch.tensor([0.3, -0.8], requires_grad=True)
a, b = F.mse_loss(normal, coverage), multinomial(profile, counts, False)
total = 0.5 * torch.exp(-s[0]) * a + torch.exp(-s[1]) * b + 0.5 * s.sum()
total.backward()
out["uncertainty/s"], out["uncertainty/grad"] = s.detach().clone(), s.grad.clone()
out["uncertainty/losses"], out["uncertainty/loss"] = torch.stack([a, b]).clone(), total.detach().reshape(1).clone()

# metrics of profiles
n, channels, length = 9, 2, 150
true = np.random.default_rng(1).poisson(np.random.default_rng(2).gamma(0.5, 2, (n, channels, length))).astype(float)
predicted = F.softmax(torch.from_numpy(np.log(true + 1) + np.random.default_rng(3).normal(size=true.shape)), -1).numpy()
predicted = predicted.astype(np.float32).astype(float)
shares = true / true.sum(-1, keepdims=True)
jsd = np.array([[jensenshannon(shares[i, c], predicted[i, c]) for c in range(channels)] for i in range(n)])
uniform = np.full(length, 1 / length)
most = np.array([[jensenshannon(shares[i, c], uniform) for c in range(channels)] for i in range(n)])
gain = ((jsd - most) / (0 - most)).clip(0, 1)
smooth = [gaussian_filter1d(x, 7, truncate=(81 - 1) / 2 / 7, axis=-1) for x in (true, predicted)]
pearson, pearson_smooth = (
    np.array([[pearsonr(p[i, c], t[i, c])[0] for c in range(channels)] for i in range(n)])
    for t, p in ((true, predicted), smooth))
scaled = predicted * np.random.default_rng(4).uniform(5, 200, (n, channels, 1)).astype(np.float32)
scaled = scaled.astype(np.float32).astype(float)
sums = scaled.sum(-1), true.sum(-1)
metrics = {
    "observed": true, "predicted": predicted, "scaled": scaled,
    "jsd": [jsd.mean()], "jsd_median": [np.median(jsd, 0).mean()], "gain_median": [np.median(gain, 0).mean()],
    "pearson": [pearson.mean()], "pearson_smooth": [pearson_smooth.mean()],
    "counts_spearman": [np.mean([spearmanr(sums[0][:, c], sums[1][:, c])[0] for c in range(channels)])],
    "counts_pearson": [np.mean([pearsonr(np.log1p(sums[0][:, c]), np.log1p(sums[1][:, c]))[0] for c in range(channels)])],
}
for name, value in metrics.items():
    out[f"metrics/{name}"] = torch.tensor(np.asarray(value), dtype=torch.float32).contiguous()

save_file(out, HERE / "losses.safetensors")
