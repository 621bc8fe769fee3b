"""Checks by hand that ONNX Runtime computes of what vitrine exports what vitrine does: logits within 1e-4.

Run: python check_onnx.py [HOW_MANY]   (needs node and a built vitrine; onnxruntime, safetensors, numpy)
"""
import json, pathlib, subprocess, sys, tempfile
import numpy
import onnxruntime
from safetensors.numpy import load_file

here = pathlib.Path(__file__).parent
with tempfile.TemporaryDirectory() as folder:
    subprocess.run(["node", str(here / "export-models.mjs"), folder, *sys.argv[1:]], check=True)
    folder = pathlib.Path(folder)
    tensors = load_file(folder / "tensors.safetensors")
    cases, worst, wrong = json.loads((folder / "cases.json").read_text()), 0.0, 0
    for i, case in enumerate(cases):
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads, settings.log_severity_level = 1, 3
        session = onnxruntime.InferenceSession(case["path"], settings, providers=["CPUExecutionProvider"])
        x, logits = tensors[f"{i}.x"], tensors[f"{i}.logits"]
        for batch in (x, x[:1]):
            [y] = session.run(None, {"pixel_values": batch})
            error = float(numpy.abs(y - logits[: len(batch)]).max() / max(1.0, numpy.abs(logits).max()))
            worst = max(worst, error)
            if not error < 1e-4 or y.shape != logits[: len(batch)].shape:
                wrong += 1
                print("differs", case["options"], error, y.shape)
print(len(cases), "models,", wrong, "wrong; largest difference", worst)
sys.exit(wrong > 0)
