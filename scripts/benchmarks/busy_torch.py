"""What busy.rhai does, in PyTorch: busy_torch.py SECONDS THREADS"""

import sys
import time

import torch
from torch import nn

length = float(sys.argv[1])
torch.set_num_threads(int(sys.argv[2]))
net = nn.Sequential(
    nn.Conv1d(4, 32, 11), nn.ReLU(), nn.MaxPool1d(4), nn.Conv1d(32, 32, 5), nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten(),
    nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 1),
)  # fmt: skip
x = nn.functional.one_hot(torch.randint(0, 4, (64, 100)), 4).transpose(1, 2).float().contiguous()
y = torch.rand(64, 1).round()
optimizer = torch.optim.Adam(net.parameters())
began = time.monotonic()
steps, first = 0, began
while time.monotonic() < began + length:
    optimizer.zero_grad()
    nn.functional.binary_cross_entropy_with_logits(net(x), y).backward()
    optimizer.step()
    if time.monotonic() > began + length / 5:
        if steps == 0:
            first = time.monotonic()
        steps += 1
print((steps - 1) * 64 / (time.monotonic() - first))
