#!/usr/bin/env python3
"""Writes expression matrices of one content as h5ad (by h5py, in AnnData's layout) and MatrixMarket (by SciPy).

    python3 tests/oracles/expression.py        # writes tests/oracles/expression/

Content: 5 genes, 4 samples; gene g, sample s has 10 g + s where (g + s) % 3 is not 0, else 0; genes are called G0 to G4 and
symbols A, B, C, B, D; samples s0 to s3. The layer `counts` has twice the values, `raw` the first three genes.
"""
from pathlib import Path

import h5py
import numpy as np
import scipy.io
import scipy.sparse

HERE = Path(__file__).parent / "expression"
GENES, SAMPLES = 5, 4
X = np.array([[10 * g + s if (g + s) % 3 else 0 for g in range(GENES)] for s in range(SAMPLES)], dtype="float32")
TEXT = h5py.string_dtype("utf-8")


def frame(parent, name, index, columns):
    """A data frame; `columns` are strings, or categories where a pair (categories, codes)."""
    group = parent.create_group(name)
    group.attrs["encoding-type"] = "dataframe"
    group.attrs["encoding-version"] = "0.2.0"
    group.attrs["_index"] = "names"
    group.attrs["column-order"] = np.array(list(columns), dtype=TEXT)
    group.create_dataset("names", data=np.array(index, dtype=TEXT))
    for key, value in columns.items():
        if isinstance(value, tuple):
            own = group.create_group(key)
            own.attrs["encoding-type"] = "categorical"
            own.create_dataset("categories", data=np.array(value[0], dtype=TEXT))
            own.create_dataset("codes", data=np.array(value[1], dtype="int8"))
        else:
            group.create_dataset(key, data=np.array(value, dtype=TEXT))


def matrix(parent, name, values, kind, chunks=None):
    if kind == "dense":
        parent.create_dataset(name, data=values, chunks=chunks, compression="gzip" if chunks else None)
        return
    own = scipy.sparse.csr_matrix(values) if kind == "csr" else scipy.sparse.csc_matrix(values)
    group = parent.create_group(name)
    group.attrs["encoding-type"] = f"{kind}_matrix"
    group.attrs["encoding-version"] = "0.1.0"
    group.attrs["shape"] = np.array(values.shape, dtype="int64")
    group.create_dataset("data", data=own.data, compression="gzip", chunks=(3,))
    group.create_dataset("indices", data=own.indices)
    group.create_dataset("indptr", data=own.indptr)


def h5ad(name, kind, values=X, chunks=None):
    with h5py.File(HERE / name, "w", libver=("earliest", "v110") if kind == "csc" else "earliest") as file:
        samples = [f"s{i}" for i in range(SAMPLES)]
        genes = [f"G{i}" for i in range(GENES)]
        frame(file, "obs", samples, {"condition": (["a", "b"], [0, 1, 0, 1])})
        frame(file, "var", genes, {"symbol": ["A", "B", "C", "B", "D"], "kind": (["x", "y", "z", "u", "v"], [4, 3, 2, 1, 0])})
        matrix(file, "X", values, kind, chunks)
        layers = file.create_group("layers")
        matrix(layers, "counts", (2 * X).astype("int64"), kind)
        raw = file.create_group("raw")
        frame(raw, "var", genes[:3], {})
        matrix(raw, "X", X[:, :3], kind)


def main():
    HERE.mkdir(exist_ok=True)
    h5ad("dense.h5ad", "dense")
    h5ad("chunked.h5ad", "dense", X.astype("float64"), (2, 3))
    h5ad("csr.h5ad", "csr")
    h5ad("csc.h5ad", "csc", X.astype("int32"))
    scipy.io.mmwrite(HERE / "sparse.mtx", scipy.sparse.coo_matrix(X.T), comment="genes by samples")
    scipy.io.mmwrite(HERE / "dense.mtx", X.T.astype("float64"))
    symmetric = np.array([[1.0, 2.0, 0.0], [2.0, 3.0, 4.5], [0.0, 4.5, 0.0]])
    scipy.io.mmwrite(HERE / "symmetric.mtx", scipy.sparse.coo_matrix(symmetric), symmetry="symmetric")
    scipy.io.mmwrite(HERE / "pattern.mtx", scipy.sparse.coo_matrix(X.T != 0), field="pattern")


main()
