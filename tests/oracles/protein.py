"""Biopython's values of a structure: accessible surfaces and superpositions; couplings by NumPy.

    python tests/oracles/protein.py glucagon.pdb      # 1GCN of the Protein Data Bank

Writes glucagon.pdb (its atoms) and protein.json beside this file.
"""

import json
import pathlib
import sys

import numpy as np
from Bio.PDB import PDBParser, Superimposer
from Bio.PDB.SASA import ShrakeRupley

here = pathlib.Path(__file__).parent
lines = [line for line in open(sys.argv[1]) if line.startswith("ATOM")]
(here / "glucagon.pdb").write_text("".join(line.rstrip() + "\n" for line in lines))

structure = PDBParser(QUIET=True).get_structure("x", here / "glucagon.pdb")
ShrakeRupley(probe_radius=1.4, n_points=5000).compute(structure, level="A")
residues = list(structure.get_residues())
sasa = [sum(atom.sasa for atom in residue) for residue in residues]

fixed = list(structure.get_atoms())
generator = np.random.default_rng(1)
cases = []
for noise, mirror in [(0.0, False), (0.5, False), (3.0, False), (0.5, True)]:
    moving = [atom.copy() for atom in fixed]
    turn, _ = np.linalg.qr(generator.normal(size=(3, 3)))
    if np.linalg.det(turn) < 0:
        turn[:, 0] *= -1
    points = []
    for atom in moving:
        at = atom.coord.astype(float) @ turn + [10.0, -20.0, 30.0]
        if mirror:
            at[0] *= -1
        atom.coord = np.round(at + generator.normal(size=3) * noise, 3).astype("f")
        points.append([round(float(x), 3) for x in atom.coord])
    superimposer = Superimposer()
    superimposer.set_atoms(fixed, moving)
    rotation, shift = superimposer.rotran
    cases.append(
        {
            "points": points,
            # Biopython multiplies from the right
            "rotation": rotation.T.astype(float).tolist(),
            "shift": shift.astype(float).tolist(),
            "rmsd": float(superimposer.rms),
        }
    )
letters = "ACDEFGHIKLMNPQRSTVWY-"
n, depth = 8, 120
codes = generator.integers(0, 21, (depth, n))
codes[:, 5] = (codes[:, 1] + (generator.random(depth) < 0.2)) % 21
codes[60:90] = codes[:30]
codes[60:90, 0] = 3
near = (codes[:, None] == codes[None]).sum(2) >= np.ceil(0.8 * n)
weights = 1 / near.sum(1)
one_hot = np.eye(21)[codes].reshape(depth, -1)
total = weights.sum()
single = (weights @ one_hot / total) * 0.5 + 0.5 / 21
pairs = (one_hot * weights[:, None]).T @ one_hot / total * 0.5 + 0.5 / 441
pairs = pairs.reshape(n, 21, n, 21)
for i in range(n):
    pairs[i, :, i, :] = np.diag(single[21 * i : 21 * i + 21])
covariance = pairs - np.einsum("ia,jb->iajb", single.reshape(n, 21), single.reshape(n, 21))
fields = -np.linalg.inv(covariance[:, :20, :, :20].reshape(20 * n, 20 * n)).reshape(n, 20, n, 20)
norms = np.zeros((n, n))
for i in range(n):
    for j in range(n):
        block = np.zeros((21, 21))
        block[:20, :20] = fields[i, :, j, :]
        block = block - block.mean(0) - block.mean(1)[:, None] + block.mean()
        norms[i, j] = 0 if i == j else np.linalg.norm(block[:20, :20])
means = norms.sum(0) / (n - 1)
couplings = norms - np.outer(means, means) / means.mean()
np.fill_diagonal(couplings, 0)
alignment = {
    "sequences": ["".join(letters[code] for code in row) for row in codes],
    "weights": weights.tolist(),
    "couplings": couplings.tolist(),
}

json.dump({"alignment": alignment, "sasa": sasa, "superpositions": cases}, open(here / "protein.json", "w"))
