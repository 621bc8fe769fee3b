"""Writes bias-tables.json: tables of relative positions as timm resizes them (without SciPy), and as Transformers' BEiT does.

Run: python generate_bias_tables.py   (needs torch, timm)
"""
import json, pathlib
import torch

# A torchvision built for another torch cannot register its operators; nothing of it is used.
_register = torch.library.register_fake
torch.library.register_fake = lambda op, *a, **k: (lambda f: f) if str(op).startswith("torchvision::") else _register(op, *a, **k)

import timm
from timm.layers import resize_rel_pos_bias_table

torch.manual_seed(23)
entries = lambda window: (2 * window[0] - 1) * (2 * window[1] - 1)
cases = []
for before, after, heads, extra in [(3, (5, 5), 2, 0), (7, (12, 12), 1, 0), (4, (2, 2), 2, 0), (3, (3, 4), 1, 3), (2, (5, 5), 2, 3), (1, (2, 2), 1, 0)]:
    table = torch.randn(entries((before, before)) + extra, heads)
    resized = resize_rel_pos_bias_table(table, after, (entries(after) + extra, heads))
    # BeitRelativePositionBias.forward: all but the last three, bilinear.
    inner = table[: entries((before, before))].reshape(1, 2 * before - 1, 2 * before - 1, -1).permute(0, 3, 1, 2)
    bilinear = torch.nn.functional.interpolate(inner, size=[2 * s - 1 for s in after], mode="bilinear").permute(0, 2, 3, 1).reshape(entries(after), -1)
    bilinear = torch.cat([bilinear, table[entries((before, before)):]])
    flat = lambda t: [round(v, 7) for v in t.flatten().tolist()]
    cases.append({"from": [before, before], "to": list(after), "extra": extra, "table": flat(table), "timm": flat(resized), "hf": flat(bilinear)})
out = pathlib.Path(__file__).parent / "bias-tables.json"
out.write_text(json.dumps({"timm": timm.__version__, "cases": cases}, separators=(",", ":")) + "\n")
