"""Proves pickle_recipe.py, which vitrine prints for PyTorch's pickles, on what such files hold.

    python check_pickle_recipe.py

Writes each kind of file, runs the recipe beside it as its reader would, and compares all tensors. Files of whole modules
are read with weights_only=False, as the message says. Ran with torch 2.13 and safetensors 0.8.
"""
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file

RECIPE = (Path(__file__).parent / "pickle_recipe.py").read_text().strip()
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.LayerNorm(3))
net.register_buffer("tied", net[0].weight.data)  # shares its memory
net.register_buffer("column", torch.randn(3, 5).T)  # not contiguous
weights = net.state_dict()
zeros = {key: torch.zeros_like(value) for key, value in weights.items()}
args = argparse.Namespace(lr=1e-3, resume="")
wrapped = {f"module.{key}": value for key, value in weights.items()}

FILES = {
    "bare": weights,
    "model": {"model": weights, "epoch": 3},
    "state_dict": {"state_dict": weights, "optimizer": {"state": {}, "param_groups": []}},
    "model_ema": {"model": zeros, "model_ema": weights, "args": args},
    "state_dict_ema": {"state_dict": zeros, "state_dict_ema": weights},
    "no average": {"model": weights, "model_ema": None},
    "namespace": {"model": weights, "args": args, "config": {"nested": args}},
    "teacher": {"student": zeros, "teacher": weights, "epoch": 1, "args": args},
    "parallel": {"state_dict": wrapped},
    "half": {key: value.half() for key, value in weights.items()},
}
MODULES = {
    "module": net,
    "module within": {"model": net, "args": args},
    "data parallel": {"model": torch.nn.DataParallel(net)},
}


def check(kind, value, recipe, **options):
    with tempfile.TemporaryDirectory() as folder:
        torch.save(value, Path(folder, "model.pth"), **options)
        subprocess.run([sys.executable, "-c", recipe], cwd=folder, check=True)
        got = load_file(Path(folder, "model.safetensors"))
    stripped = {key.removeprefix("module."): value for key, value in got.items()}
    assert stripped.keys() == weights.keys(), (kind, list(got))
    for key, want in weights.items():
        assert torch.equal(stripped[key].half(), want.half()), (kind, key)
    print("ok", kind)


for kind, value in FILES.items():
    check(kind, value, RECIPE)
    check(f"{kind}, before 1.6", value, RECIPE, _use_new_zipfile_serialization=False)
for kind, value in MODULES.items():
    check(kind, value, RECIPE.replace("weights_only=True", "weights_only=False"))
