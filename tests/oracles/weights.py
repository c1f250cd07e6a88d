#!/usr/bin/env python3
"""Writes small files of weights with PyTorch and Keras (in keras.zip, since HDF5 is mostly zeros), and weights.json with
what they contain.

  pip install torch==2.11.0 numpy && python tests/oracles/weights.py torch
  pip install tensorflow==2.21.0 tf_keras==2.21.0 keras==3.15.1 h5py && python tests/oracles/weights.py keras

The two parts are separate, since the two programs do not load into one process everywhere. Each keeps the other's files and
entries. The JSON has, by file: names, types, shapes and values in the order of the file, and for Keras the input and the
output of the network.
"""
import collections
import json
import os
import pathlib
import sys
import tempfile
import zipfile

import numpy as np

HERE = pathlib.Path(__file__).parent / "weights"
INDEX = HERE / "weights.json"


def values(array):
    """Numbers that JSON can hold: float32 and smaller are exact as float64."""
    return np.asarray(array).astype(np.float64).reshape(-1).tolist()


def with_torch(index):
    import torch

    generator = torch.Generator().manual_seed(3)
    # few digits, so that the JSON is small
    draw = lambda *shape: (torch.randn(*shape, generator=generator) * 64).round() / 64

    def keep(name, tensors, metadata=None):
        index[name] = {
            "tensors": {
                key: {"type": str(t.dtype).removeprefix("torch."), "shape": list(t.shape), "values": values(t.detach().to(torch.float64))}
                for key, t in tensors.items()
            },
            "metadata": metadata or {},
        }

    both = lambda name, value: (
        torch.save(value, HERE / f"{name}.pt"),
        torch.save(value, HERE / f"{name}_legacy.pt", _use_new_zipfile_serialization=False),
    )

    # a state_dict, whose map has attributes
    net = torch.nn.Sequential(torch.nn.Conv1d(2, 3, 2), torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 1))
    with torch.no_grad():
        for tensor in net.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(draw(*tensor.shape))
    both("state", net.state_dict())
    for end in [".pt", "_legacy.pt"]:
        keep("state" + end, net.state_dict())

    # every type
    types = {
        "f64": draw(2).double(), "f32": draw(2), "f16": draw(2).half(), "bf16": draw(2).bfloat16(),
        "i64": torch.tensor([-(2**62), 5]), "i32": torch.tensor([-(2**31), 7], dtype=torch.int32),
        "i16": torch.tensor([-300, 300], dtype=torch.int16), "i8": torch.tensor([-128, 127], dtype=torch.int8),
        "u8": torch.tensor([0, 255], dtype=torch.uint8), "bool": torch.tensor([True, False]),
    }
    both("types", types)
    for end in [".pt", "_legacy.pt"]:
        keep("types" + end, types)
    # unsigned types have no storages of their own
    unsigned = {"u16": torch.tensor([0, 65535], dtype=torch.uint16), "u32": torch.tensor([1, 2**32 - 1], dtype=torch.uint32)}
    torch.save(unsigned, HERE / "unsigned.pt")
    keep("unsigned.pt", unsigned)

    # views of one storage: transposed, offset, with steps, repeated; parameters; empty and without axes
    base = draw(3, 4)
    views = collections.OrderedDict(
        base=base, transposed=base.t(), part=base[1:, 2:], steps=base[:, ::2], repeated=base[:1].expand(2, 4),
        parameter=torch.nn.Parameter(base[2]), scalar=torch.tensor(2.5), empty=torch.zeros(3, 0)[1:],
    )
    both("views", views)
    for end in [".pt", "_legacy.pt"]:
        keep("views" + end, views)

    # a checkpoint as Lightning writes it
    checkpoint = {
        "epoch": 3, "global_step": 120, "pytorch-lightning_version": "2.5.0",
        "state_dict": collections.OrderedDict([("net.0.weight", draw(2, 3)), ("net.0.bias", draw(2))]),
        "optimizer_states": [{"state": {0: {"exp_avg": draw(2)}}, "param_groups": [{"lr": 0.001, "betas": (0.9, 0.999), "fused": None}]}],
        "hyper_parameters": {"width": 24, "name": "small", "dropout": 0.25, "norm": True},
    }
    torch.save(checkpoint, HERE / "lightning.ckpt")
    keep(
        "lightning.ckpt",
        {
            "state_dict.net.0.weight": checkpoint["state_dict"]["net.0.weight"],
            "state_dict.net.0.bias": checkpoint["state_dict"]["net.0.bias"],
            "optimizer_states.0.state.0.exp_avg": checkpoint["optimizer_states"][0]["state"][0]["exp_avg"],
        },
        {
            "epoch": 3, "global_step": 120, "pytorch-lightning_version": "2.5.0", "optimizer_states.0.param_groups.0.lr": 0.001,
            "optimizer_states.0.param_groups.0.betas.0": 0.9, "optimizer_states.0.param_groups.0.betas.1": 0.999,
            "hyper_parameters.width": 24, "hyper_parameters.name": "small", "hyper_parameters.dropout": 0.25,
            "hyper_parameters.norm": True,
        },
    )

    # refused: a whole module is an object of a class
    torch.save(torch.nn.Linear(1, 1), HERE / "module.pt")
    torch.save(torch.nn.Linear(1, 1), HERE / "module_legacy.pt", _use_new_zipfile_serialization=False)
    torch.save({"z": torch.zeros(1, dtype=torch.complex64)}, HERE / "complex.pt")


def with_keras(index):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras
    import tf_keras

    random = np.random.default_rng(5)

    def layers(k):
        L = k.layers
        return [
            L.Conv1D(5, 3, name="stem", padding="same"), L.BatchNormalization(name="norm"), L.ReLU(),
            L.SeparableConv1D(4, 3, padding="same", name="separable"), L.DepthwiseConv1D(3, padding="same", name="depth"),
            L.BatchNormalization(scale=False, name="shift"),
            L.Bidirectional(L.LSTM(3, return_sequences=True), name="rnn"), L.GRU(4, return_sequences=True, name="gru"),
            L.LayerNormalization(name="last"), L.GlobalAveragePooling1D(), L.Dense(2, name="out"),
        ]

    def plain(weight, layer):
        """`layer.kernel`, without the network's name and without `:0`."""
        path = (weight.path if hasattr(weight, "path") else weight.name).split(":")[0].split("/")
        return ".".join([layer, *(path[path.index(layer) + 1 :] if layer in path else path)])

    archive = zipfile.ZipFile(HERE / "keras.zip", "w", zipfile.ZIP_DEFLATED)
    for k, name, ends in [(tf_keras, "keras2", [".h5", "_weights.h5"]), (keras, "keras3", [".keras", ".h5", ".weights.h5"])]:
        shape = (12, 4)
        first = k.layers.InputLayer(shape) if name == "keras2" else k.Input(shape)
        net = k.Sequential([first, *layers(k)])
        net.build((None, *shape))
        sign = lambda w: 1 if "variance" in w.name else random.choice([1, -1], w.shape)
        net.set_weights([np.round(random.uniform(0.1, 0.9, w.shape) * 64) / 64 * sign(w) for w in net.weights])
        x = np.round(random.normal(size=(2, *shape)) * 64) / 64
        y = np.asarray(net(x.astype("float32"), training=False))
        tensors = {}
        for layer in net.layers:
            for weight in layer.weights:
                key = plain(weight, layer.name)
                # Keras 3 calls both kinds of kernels `kernel`
                key = "depth.depthwise_kernel" if key == "depth.kernel" else key
                array = np.asarray(weight)
                tensors[key] = {"type": str(array.dtype), "shape": list(array.shape), "values": values(array)}
        index[name] = {"files": [name + end for end in ends], "tensors": tensors, "x": [x.shape, values(x)], "y": [y.shape, values(y)]}
        with tempfile.TemporaryDirectory() as folder:
            for end in ends:
                path = pathlib.Path(folder) / (name + end)
                (net.save if end in [".h5", ".keras"] else net.save_weights)(path)
                archive.write(path, path.name)
    archive.close()


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    index = json.loads(INDEX.read_text()) if INDEX.exists() else {}
    {"torch": with_torch, "keras": with_keras}[sys.argv[1]](index)
    INDEX.write_text(json.dumps(index, indent=None, separators=(",", ":"), sort_keys=False).replace('},"', '},\n"') + "\n")
