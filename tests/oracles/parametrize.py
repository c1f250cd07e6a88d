#!/usr/bin/env python3
"""Makes parametrize.safetensors: weight norm and spectral norm of PyTorch 2.11, several steps, outputs and gradients.

  pip install torch==2.11.0 safetensors numpy && python tests/oracles/parametrize.py
"""
import warnings
from pathlib import Path

import torch
import torch.nn as nn
from safetensors.torch import save_file
from torch.nn.utils import spectral_norm, weight_norm

warnings.filterwarnings("ignore")
torch.manual_seed(24)
out = {}
STEPS = 4


def case(name, module, x):
    """The state before, and output, gradients and state of each of several passes in training, with updates in between."""
    for key, tensor in module.state_dict().items():
        out[f"{name}/state.{key}"] = tensor.clone()
    out[f"{name}/x"] = x
    module.train()
    for step in range(STEPS):
        own = x.clone().requires_grad_()
        for parameter in module.parameters():
            parameter.grad = None
        y = module(own)
        (y.sin() * y).sum().backward()
        out[f"{name}/y{step}"], out[f"{name}/grad{step}"] = y, own.grad
        for key, parameter in module.named_parameters():
            out[f"{name}/slope{step}.{key}"] = parameter.grad
        with torch.no_grad():
            for parameter in module.parameters():
                parameter -= 0.005 * parameter.grad
    for key, tensor in module.state_dict().items():
        out[f"{name}/after.{key}"] = tensor.clone()
    module.eval()
    out[f"{name}/evaluation"] = module(x)


case("weight_linear", nn.Sequential(weight_norm(nn.Linear(5, 4))), torch.randn(3, 5))
case("weight_conv", nn.Sequential(weight_norm(nn.Conv1d(4, 6, 3, dilation=2)), nn.ReLU()), torch.randn(2, 4, 12))
case("weight_conv2d", nn.Sequential(weight_norm(nn.Conv2d(2, 3, 3, padding=1))), torch.randn(2, 2, 5, 6))
case("weight_transposed", nn.Sequential(weight_norm(nn.ConvTranspose1d(3, 4, 3, stride=2))), torch.randn(2, 3, 5))
for n in (1, 3):
    case(f"spectral_linear{n}", nn.Sequential(spectral_norm(nn.Linear(5, 4), n_power_iterations=n)), torch.randn(3, 5))
    case(f"spectral_conv{n}", nn.Sequential(spectral_norm(nn.Conv1d(4, 6, 3, padding=1), n_power_iterations=n), nn.ReLU()),
         torch.randn(2, 4, 12))
case("spectral_conv2d", nn.Sequential(spectral_norm(nn.Conv2d(2, 3, 3))), torch.randn(2, 2, 5, 6))
case("spectral_transposed", nn.Sequential(spectral_norm(nn.ConvTranspose1d(3, 4, 3, stride=2))), torch.randn(2, 3, 5))
save_file({key: value.detach().clone().contiguous().float() for key, value in out.items()},
          Path(__file__).parent / "parametrize.safetensors")
