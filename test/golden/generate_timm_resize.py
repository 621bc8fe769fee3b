"""Writes timm-resize.json: what timm's evaluation transform resizes an image to before it crops, by crop_pct and image size.

Run: python generate_timm_resize.py   (needs torch, torchvision and timm)
"""
import json, pathlib
import torch

# A torchvision built for another torch cannot register its operators; only its Python part is needed.
_register = torch.library.register_fake
torch.library.register_fake = lambda op, *a, **k: (lambda f: f) if str(op).startswith("torchvision::") else _register(op, *a, **k)

import timm
from timm.data import create_transform, resolve_data_config

cases = []
for crop_pct in (0.875, 0.9, 0.95, 0.96, 1.0):
    for size in (32, 64, 96, 224, 256, 384, 448):
        config = resolve_data_config({"img_size": size}, pretrained_cfg={"crop_pct": crop_pct, "input_size": (3, 224, 224)})
        resize = create_transform(**config).transforms[0].size
        cases.append({"cropPct": crop_pct, "imgSize": size, "resize": resize})
out = pathlib.Path(__file__).parent / "timm-resize.json"
out.write_text(json.dumps({"timm": timm.__version__, "cases": cases}, separators=(",", ":")) + "\n")
