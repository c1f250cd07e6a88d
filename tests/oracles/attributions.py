#!/usr/bin/env python3
"""Makes attributions.safetensors: what Captum and tangermeme give for small networks with fixed weights.

  pip install torch==2.11.0 captum tangermeme safetensors && python tests/oracles/attributions.py
"""
from pathlib import Path

import torch
import torch.nn as nn
from captum.attr import DeepLift, IntegratedGradients, Occlusion, Saliency
from safetensors.torch import save_file
from tangermeme.deep_lift_shap import deep_lift_shap
from tangermeme.saturation_mutagenesis import saturation_mutagenesis
from tangermeme.seqlet import recursive_seqlets

torch.manual_seed(11)
LENGTH = 40


class Same(nn.Module):
    """The gradient is that of the operations themselves."""

    def forward(self, x):
        return x


def network(activation, pool=nn.MaxPool1d):
    return nn.Sequential(
        nn.Conv1d(4, 6, 5), activation(), pool(3), nn.Conv1d(6, 5, 3), activation(), nn.Flatten(), nn.Linear(50, 4), activation(), nn.Linear(4, 2)
    ).eval()


def sequences(n):
    return nn.functional.one_hot(torch.randint(0, 4, (n, LENGTH)), 4).permute(0, 2, 1).float().contiguous()


out = {"x": sequences(3), "baselines": sequences(4)}
x, baselines = out["x"], out["baselines"]
for name, activation in {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh}.items():
    net = network(activation)
    for part in net:
        if hasattr(part, "weight"):
            part.weight.data *= 3  # away from where everything is linear
    for key, tensor in net.state_dict().items():
        out[f"{name}/state.{key}"] = tensor
    for label in range(2):
        out[f"{name}/saliency.{label}"] = Saliency(net).attribute(x, target=label, abs=False)
        # one baseline after another, averaged; contributions of absent bases of the baseline count for the base that is there
        found = [IntegratedGradients(net).attribute(x, baseline[None], target=label, n_steps=50, method="gausslegendre") for baseline in baselines]
        out[f"{name}/integrated.{label}"] = torch.stack(found).mean(0).sum(1)
    zeros = torch.zeros_like(baselines[:1])
    out[f"{name}/integrated_zeros.0"] = IntegratedGradients(net).attribute(x, zeros, target=0, n_steps=50, method="gausslegendre")
    of_all = baselines[None].expand(3, -1, -1, -1).contiguous()
    for hypothetical in (False, True):
        kind = "hypothetical" if hypothetical else "actual"
        out[f"{name}/deep_lift.{kind}"] = deep_lift_shap(net, x, target=1, references=of_all, hypothetical=hypothetical, device="cpu")
    if name == "relu":
        # the same weights with means for maxima: Captum 0.9 loses up to all of the difference in max pooling
        means = network(activation, nn.AvgPool1d)
        means.load_state_dict(net.state_dict())
        found = [DeepLift(means).attribute(x, baseline[None].expand_as(x).contiguous(), target=1) for baseline in baselines]
        out["means/deep_lift_captum"] = torch.stack(found).mean(0).sum(1)
    y = net(x)
    changes = torch.zeros_like(x)
    for position in range(LENGTH):
        for base in range(4):
            changed = x.clone()
            changed[:, :, position] = 0
            changed[:, base, position] = 1
            changes[:, base, position] = (net(changed) - y)[:, 0]
    out[f"{name}/mutagenesis.0"] = changes
    # tangermeme centres the changes over the bases and keeps the base that is there
    out[f"{name}/tangermeme_ism"] = saturation_mutagenesis(net, x, device="cpu", hypothetical=True, target=0)
    out[f"{name}/occlusion.0"] = Occlusion(net).attribute(x, sliding_window_shapes=(4, 7), strides=(4, 3), target=0).mean(1)

# spans of the recursive method: noise with planted spans of several lengths and sizes
values = torch.randn(12, 150, dtype=torch.float64) * 0.05
for row in range(12):
    for span in range(4):
        start = 10 + 35 * span + row % 3
        values[row, start : start + 4 + row + span] += 0.1 * (1 + span)
out["seqlets/values"] = values
found = recursive_seqlets(values).sort_values(["example_idx", "start"])
out["seqlets/found"] = torch.tensor(found.to_numpy(dtype="float64"))

save_file({key: tensor.detach().contiguous().to(torch.float64 if key.startswith("seqlets/") else torch.float32) for key, tensor in out.items()}, Path(__file__).with_name("attributions.safetensors"))
