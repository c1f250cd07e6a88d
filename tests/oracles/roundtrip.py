#!/usr/bin/env python3
"""A network saved by cistron, loaded into the same torch.nn: prints the largest difference of the outputs, and saves
weights of PyTorch's own for the way back.

  python tests/oracles/roundtrip.py FOLDER      FOLDER holds net.safetensors and io.safetensors (x, y)
"""
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

folder = Path(sys.argv[1])


class Recurrent(nn.LSTM):
    def forward(self, x):
        return super().forward(x.transpose(1, 2))[0].transpose(1, 2)


net = nn.Sequential(
    nn.Conv1d(4, 8, 5, padding="same"), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(3),
    Recurrent(8, 6, bidirectional=True, batch_first=True), nn.Flatten(), nn.Linear(12 * 13, 3),
).eval()
net.load_state_dict(load_file(folder / "net.safetensors"))  # strict: every name and shape fits
io = load_file(folder / "io.safetensors")
with torch.no_grad():
    print((net(io["x"]) - io["y"]).abs().max().item())
    for p in net.parameters():
        p.copy_(torch.randn_like(p) * 0.3)
    save_file(net.state_dict(), folder / "back.safetensors")
    save_file({"y": net(io["x"])}, folder / "back_io.safetensors")
