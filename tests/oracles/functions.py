#!/usr/bin/env python3
"""Makes functions.safetensors and functions.json: what PyTorch gives for random calls of the functions of tensors, with gradients.

  pip install torch==2.11.0 safetensors && python tests/oracles/functions.py [CASES [FOLDER]]

Each case is a call as a cistron script writes it, its tensors, its result, and the gradients of sum(result * weights).
"""
import json
import random
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

CASES = int(sys.argv[1]) if len(sys.argv) > 1 else 80
FOLDER = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent
rng = random.Random(29)
torch.manual_seed(29)


def draw(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def options(**given):
    def text(value):
        if isinstance(value, bool):
            return "true" if value else "false"
        return json.dumps(value) if not isinstance(value, Name) else value.name

    parts = [f"{key}: {text(value)}" for key, value in given.items() if value is not None]
    return f", #{{ {', '.join(parts)} }}" if parts else ""


class Name:
    def __init__(self, name):
        self.name = name


def maybe(value):
    return value if rng.random() < 0.5 else None


def conv_transpose(axes):
    groups = rng.choice([1, 1, 2])
    channels, filters = groups * rng.randint(1, 3), groups * rng.randint(1, 3)
    size = [rng.randint(1, 6) for _ in range(axes)]
    width = [rng.randint(1, 4) for _ in range(axes)]
    stride, dilation = rng.randint(1, 3), rng.randint(1, 2)
    extra = rng.randint(0, max(stride, dilation) - 1)
    padding = rng.randint(0, 1)
    if any((n - 1) * stride - 2 * padding + dilation * (w - 1) + extra + 1 < 1 for n, w in zip(size, width)):
        padding = 0
    t = {"x": draw(rng.randint(1, 3), channels, *size), "w": draw(channels, filters // groups, *width)}
    if rng.random() < 0.5:
        t["b"] = draw(filters)
    call = getattr(F, f"conv_transpose{axes}d")
    how = dict(stride=stride, padding=padding, output_padding=extra, dilation=dilation, groups=groups)
    script = f"tensor::conv_transpose{axes}d(x, w{options(**how, bias=Name('b') if 'b' in t else None)})"
    return script, t, lambda x, w, b=None: call(x, w, b, stride, padding, extra, groups, dilation)


def pool2d(kind):
    size = [rng.randint(1, 3), rng.randint(1, 3)]
    stride = maybe([rng.randint(1, 3), rng.randint(1, 3)])
    padding = maybe([rng.randint(0, size[0] // 2), rng.randint(0, size[1] // 2)])
    x = draw(2, rng.randint(1, 3), rng.randint(3, 7), rng.randint(3, 7))
    call = F.max_pool2d if kind == "max" else F.avg_pool2d
    script = f"tensor::{kind}_pool2d(x, {size}{options(stride=stride, padding=padding)})"
    return script, {"x": x}, lambda x: call(x, size, stride, padding or 0)


def adaptive2d(kind):
    size = [rng.randint(1, 4), rng.randint(1, 4)]
    call = F.adaptive_max_pool2d if kind == "max" else F.adaptive_avg_pool2d
    x = draw(2, 2, rng.randint(4, 8), rng.randint(4, 8))
    return f"tensor::adaptive_{kind}_pool2d(x, {size})", {"x": x}, lambda x: call(x, size)


def affine(channels, t):
    for name in ["weight", "bias"]:
        if rng.random() < 0.5:
            t[name] = draw(channels)
    return {name: Name(name) for name in ["weight", "bias"] if name in t}


def whole(x, weight, bias):
    """Both of a pair, or none: torch's backward passes fail where only one is given."""
    if weight is None and bias is None:
        return None, None
    return weight if weight is not None else torch.ones_like(x[0, :, 0]), bias if bias is not None else torch.zeros_like(x[0, :, 0])


def norm(kind):
    groups = rng.randint(1, 3)
    channels = groups * rng.randint(1, 3)
    t = {"x": draw(rng.randint(2, 4), channels, rng.randint(2, 6))}
    how = affine(channels, t)
    eps = maybe(rng.choice([1e-3, 0.1]))
    e = 1e-5 if eps is None else eps
    if kind == "group":
        return f"tensor::group_norm(x, {groups}{options(**how, eps=eps)})", t, lambda x, weight=None, bias=None: F.group_norm(x, groups, *whole(x.detach(), weight, bias), e)
    if kind == "instance":
        return f"tensor::instance_norm(x{options(**how, eps=eps)})", t, lambda x, weight=None, bias=None: F.instance_norm(x, None, None, *whole(x.detach(), weight, bias), eps=e)
    fixed = rng.random() < 0.5
    if fixed:
        t["mean"], t["variance"] = draw(channels), torch.rand(channels, dtype=torch.float64) + 0.5
        how.update(mean=Name("mean"), variance=Name("variance"))

    def call(x, weight=None, bias=None, mean=None, variance=None):
        return F.batch_norm(x, mean, variance, *whole(x.detach(), weight, bias), not fixed, 0.0, e)

    return f"tensor::batch_norm(x{options(**how, eps=eps)})", t, call, {"mean", "variance"}


def attention():
    lead = rng.choice([[2], [2, 3]])
    queries, keys, features = rng.randint(1, 5), rng.randint(1, 5), rng.randint(1, 4)
    t = {"q": draw(*lead, queries, features), "k": draw(*lead, keys, features), "v": draw(*lead, keys, rng.randint(1, 4))}
    kind = rng.choice(["none", "bool", "numbers", "causal"])
    if kind == "bool":
        t["mask"] = torch.rand(queries, keys) < 0.7
        t["mask"][:, 0] = True
    if kind == "numbers":
        t["mask"] = draw(queries, keys)
    scale = maybe(0.3)
    how = options(mask=Name("mask") if "mask" in t else None, causal=True if kind == "causal" else None, scale=scale)

    def call(q, k, v, mask=None):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=kind == "causal", scale=scale)

    return f"tensor::attention(q, k, v{how})", t, call


def interpolate():
    axes = rng.choice([1, 2])
    mode = rng.choice(["nearest", "linear", "area"] + (["cubic"] if axes == 2 else []))
    size = [rng.randint(1, 9) for _ in range(axes)]
    align = rng.choice([True, False]) if mode in ("linear", "cubic") else None
    x = draw(2, 2, *[rng.randint(2, 6) for _ in range(axes)])
    name = {"linear": ["linear", "bilinear"][axes - 1], "cubic": "bicubic"}.get(mode, mode)
    script = f"tensor::interpolate(x, {size if axes == 2 else size[0]}{options(mode=mode, align_corners=align)})"
    return script, {"x": x}, lambda x: F.interpolate(x, size=size, mode=name, align_corners=align)


def cdist():
    p = rng.choice([1.0, 2.0, 3.0])
    features = rng.randint(1, 5)
    t = {"a": draw(rng.randint(1, 6), features), "b": draw(rng.randint(1, 6), features)}
    return f"tensor::cdist(a, b{options(p=p)})", t, lambda a, b: torch.cdist(a, b, p, "donot_use_mm_for_euclid_dist")


def scatter():
    dim, n = rng.choice([0, 1, -1]), rng.randint(1, 5)
    x = draw(5, 4)
    shape = list(x.shape)
    shape[dim] = n
    how = rng.choice([None, "sum", "prod", "mean", "amax", "amin"])
    if how is None:
        # positions that meet have no defined result
        n = min(n, x.shape[dim])
        shape[dim] = n
        index = torch.argsort(torch.rand(5, 4), dim=dim).narrow(dim, 0, n)
    else:
        index = torch.randint(0, x.shape[dim], shape)
    t = {"x": x, "index": index, "source": draw(*shape)}

    def call(x, index, source):
        return x.scatter(dim, index, source) if how is None else x.scatter_reduce(dim, index, source, how)

    return f"x.scatter({dim}, index, source{options(reduce=how)})", t, call


def index_add():
    dim, n = rng.choice([0, 1, -1]), rng.randint(1, 7)
    x = draw(5, 4)
    shape = list(x.shape)
    shape[dim] = n
    t = {"x": x, "index": torch.randint(0, x.shape[dim], (n,)), "source": draw(*shape)}
    return f"x.index_add({dim}, index, source)", t, lambda x, index, source: x.index_add(dim, index, source)


def fourier(kind):
    norm = rng.choice(["backward", "ortho", "forward"])
    n = maybe(rng.randint(1, 9))
    shape = [rng.randint(1, 4), rng.randint(2, 8), rng.randint(2, 8)]
    dim = rng.choice([0, 1, 2, -1, -2])
    how = options(n=n, dim=dim, norm=norm)
    x = draw(*shape, *([] if kind == "rfft" else [2]))
    if kind == "irfft" and n is None and shape[dim] < 2:
        n = 3
        how = options(n=n, dim=dim, norm=norm)
    call = getattr(torch.fft, kind)
    if kind == "rfft":
        return f"x.rfft({how[2:]})", {"x": x}, lambda x: torch.view_as_real(call(x, n, dim, norm))
    if kind == "irfft":
        return f"x.irfft({how[2:]})", {"x": x}, lambda x: call(torch.view_as_complex(x.contiguous()), n, dim, norm)
    return f"x.{kind}({how[2:]})", {"x": x}, lambda x: torch.view_as_real(call(torch.view_as_complex(x.contiguous()), n, dim, norm))


def masked():
    x = draw(3, 4, 5)
    rank = rng.choice([1, 2, 3])
    mask = torch.rand(*x.shape[:rank]) < 0.6
    mask.view(-1)[0] = True
    return "x[mask]", {"x": x, "mask": mask}, lambda x, mask: x[mask]


def masked_middle():
    x = draw(3, 4, 5)
    mask = torch.rand(4, 5) < 0.6
    mask.view(-1)[0] = True
    return "x[[(), mask]]", {"x": x, "mask": mask}, lambda x, mask: x[:, mask]


MAKERS = [
    lambda: conv_transpose(1), lambda: conv_transpose(2), lambda: pool2d("max"), lambda: pool2d("avg"), lambda: adaptive2d("max"),
    lambda: adaptive2d("avg"), lambda: norm("group"), lambda: norm("instance"), lambda: norm("batch"), attention, attention, interpolate, interpolate,
    cdist, scatter, scatter, index_add, lambda: fourier("rfft"), lambda: fourier("irfft"), lambda: fourier("fft"), lambda: fourier("ifft"), masked, masked_middle,
]

tensors, cases = {}, []
for i in range(CASES):
    script, given, call, *fixed = MAKERS[i % len(MAKERS)]()
    fixed = fixed[0] if fixed else set()
    learned = [name for name, tensor in given.items() if tensor.is_floating_point() and name not in fixed]
    leaves = {name: tensor.clone().requires_grad_(name in learned) for name, tensor in given.items()}
    y = call(**leaves)
    weights = torch.randn(y.shape, dtype=y.dtype)
    gradients = torch.autograd.grad((y * weights).sum(), [leaves[name] for name in learned])
    for name, tensor in given.items():
        tensors[f"{i}.{name}"] = tensor
    tensors[f"{i}.y"], tensors[f"{i}.weights"] = y.detach(), weights
    for name, gradient in zip(learned, gradients):
        tensors[f"{i}.grad.{name}"] = gradient
    cases.append({"script": script, "given": list(given), "learned": learned})

save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, FOLDER / "functions.safetensors")
(FOLDER / "functions.json").write_text(json.dumps(cases, indent=0))
