#!/usr/bin/env python3
"""Runs the ONNX files of a folder on the inputs beside them and compares the outputs: onnx_check.py FOLDER"""
import sys
from pathlib import Path

import numpy as np
import onnxruntime

failed = 0
cases = sorted(Path(sys.argv[1]).glob("*.npz"))
for case in cases:
    values = np.load(case)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(case.with_suffix(".onnx")), options, providers=["CPUExecutionProvider"])
        inputs = {key[6:]: values[key] for key in values.files if key.startswith("input.")}
        names = [output.name for output in session.get_outputs()]
        found = dict(zip(names, session.run(names, inputs)))
        worst = 0.0
        for key in values.files:
            if key.startswith("output."):
                expected = values[key]
                got = found[key[7:]]
                assert got.shape == expected.shape, f"{got.shape} is not {expected.shape}"
                worst = max(worst, float(np.max(np.abs(got - expected)) / (1 + np.max(np.abs(expected)))))
        # a second batch size
        session.run(names, {key: value[:1] for key, value in inputs.items()})
    except Exception as error:
        print(f"{case.stem}: {str(error)[:300]}")
        failed += 1
        continue
    if not worst <= 1e-5:
        print(f"{case.stem}: differs by {worst:.2e}")
        failed += 1
print(f"{len(cases) - failed} passed, {failed} failed")
sys.exit(failed > 0)
