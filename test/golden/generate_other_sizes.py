"""Writes other-sizes.json and .safetensors: logits of the golden families' checkpoints for images of another size, as their own libraries load them.

Run after generate_families.py: python generate_other_sizes.py   (needs torch, timm, transformers, safetensors)
"""
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

# A torchvision built for another torch cannot register its operators; nothing of it is used.
_register = torch.library.register_fake
torch.library.register_fake = lambda op, *a, **k: (lambda f: f) if str(op).startswith("torchvision::") else _register(op, *a, **k)

import timm
import transformers
from timm.models import beit, eva, swin_transformer

out = Path(__file__).parent
torch.manual_seed(24)
tensors, cases = {}, []


def add(name, forward, size, **options):
    x = torch.randn(1, 3, *size)
    with torch.no_grad():
        tensors.update({f"{len(cases)}.x": x, f"{len(cases)}.y": forward(x)})
    cases.append(dict(name=name, options=dict(imgSize=list(size), **options)))


def of_timm(name, convert, size=(20, 20), **args):
    folder = out / "families" / name
    config = json.loads((folder / "config.json").read_text())
    given = {**config["model_args"], "num_classes": config["num_classes"], "img_size": size, **args}
    m = timm.create_model(config["architecture"], **given).eval()
    m.load_state_dict(convert(load_file(folder / "model.safetensors"), m))
    add(name, m, size, **({"windowSize": args["window_size"]} if "window_size" in args else {}))


def of_hf(name, cls, forward, size=(20, 20)):
    m = getattr(transformers, cls).from_pretrained(out / "families" / name).eval()
    add(name, lambda x: forward(m, x), size)


of_timm("timm-beit", beit.checkpoint_filter_fn)
of_timm("timm-beit", beit.checkpoint_filter_fn, size=(16, 24))
of_timm("timm-beit-shared", beit.checkpoint_filter_fn)
of_hf("hf-beit", "BeitForImageClassification", lambda m, x: m(x, interpolate_pos_encoding=True).logits)
of_hf("hf-beit-shared", "BeitModel", lambda m, x: m(x, interpolate_pos_encoding=True).pooler_output)
of_timm("timm-eva02", eva.checkpoint_filter_fn)
of_timm("timm-eva02-base", eva.checkpoint_filter_fn, size=(16, 24))
of_timm("timm-dinov3", eva.checkpoint_filter_fn)
of_hf("hf-dinov3", "DINOv3ViTModel", lambda m, x: m(x).pooler_output)
of_timm("timm-swin", swin_transformer.checkpoint_filter_fn, size=(24, 40))
of_timm("timm-swin", swin_transformer.checkpoint_filter_fn, size=(32, 32), window_size=8)
save_file(tensors, out / "other-sizes.safetensors")
(out / "other-sizes.json").write_text(json.dumps({"torch": torch.__version__, "cases": cases}, indent=1) + "\n")
