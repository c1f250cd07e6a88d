"""Weights of networks after training steps of PyTorch: a GAN whose losses are minimised at once, one
whose networks are updated in turn with a gradient penalty, and distillation from a fixed network.

Run with PyTorch 2.11, without the folder of this file among those of modules: `python -P tests/oracles/steps.py`.
"""

import torch
from pathlib import Path
from safetensors.torch import save_file

ROWS, BATCH, EPOCHS = 24, 8, 2


def networks(seed):
    torch.manual_seed(seed)
    generator = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
    discriminator = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    return generator, discriminator


out = {}


def keep(prefix, network):
    for name, tensor in network.state_dict().items():
        out[f"{prefix}.{name}"] = tensor.detach().clone().contiguous()


torch.manual_seed(0)
real, noise = torch.randn(ROWS, 2), torch.randn(ROWS, 3)
share = torch.rand(ROWS, 1)
out["real"], out["noise"], out["share"] = real, noise, share
bce = torch.nn.BCEWithLogitsLoss()

# rows in order, so that the batches are the same
batches = [slice(i, i + BATCH) for _ in range(EPOCHS) for i in range(0, ROWS, BATCH)]

g, d = networks(1)
keep("start.generator", g), keep("start.discriminator", d)
og, od = torch.optim.Adam(g.parameters(), lr=0.01), torch.optim.SGD(d.parameters(), lr=0.1, momentum=0.9)
for rows in batches:
    fake = d(g(noise[rows]))
    truth = d(real[rows])
    d_loss = bce(truth, torch.ones_like(truth)) + bce(fake, torch.zeros_like(fake))
    g_loss = bce(fake, torch.ones_like(fake))
    d_grads = torch.autograd.grad(d_loss, list(d.parameters()), retain_graph=True)
    g_grads = torch.autograd.grad(g_loss, list(g.parameters()))
    for parameters, grads, optimizer in ((d.parameters(), d_grads, od), (g.parameters(), g_grads, og)):
        for parameter, grad in zip(parameters, grads):
            parameter.grad = grad
        optimizer.step()
keep("joint.generator", g), keep("joint.discriminator", d)

g, d = networks(1)
og, od = torch.optim.Adam(g.parameters(), lr=0.01), torch.optim.Adam(d.parameters(), lr=0.01)
for rows in batches:
    for _ in range(2):
        fake = g(noise[rows]).detach()
        mixed = (share[rows] * real[rows] + (1 - share[rows]) * fake).requires_grad_(True)
        slope = torch.autograd.grad(d(mixed).sum(), mixed, create_graph=True)[0]
        penalty = ((slope.square().sum(1).sqrt() - 1) ** 2).mean()
        d_loss = d(fake).mean() - d(real[rows]).mean() + 10 * penalty
        od.zero_grad()
        d_loss.backward()
        od.step()
    og.zero_grad()
    (-d(g(noise[rows])).mean()).backward()
    og.step()
keep("penalty.generator", g), keep("penalty.discriminator", d)

# the discriminator as a fixed teacher of a student of the same form, gradients summed over two batches
_, teacher = networks(1)
_, student = networks(2)
keep("start.student", student)
optimizer = torch.optim.AdamW(student.parameters(), lr=0.01, weight_decay=0.1)
for i, rows in enumerate(batches):
    target = teacher(real[rows]).detach()
    # an epoch has three batches: two updates, of two batches and of one
    group = 1 if i % 3 == 2 else 2
    (torch.nn.functional.mse_loss(student(real[rows]), target) / group).backward()
    if i % 3 in (1, 2):
        torch.nn.utils.clip_grad_norm_(student.parameters(), 0.5)
        optimizer.step()
        optimizer.zero_grad()
keep("distilled.student", student)

save_file(out, str(Path(__file__).with_suffix(".safetensors")))
