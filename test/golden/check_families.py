"""Loads what vitrine has written in each layout strictly in its library, and compares names, shapes, dtypes and logits.

    node test/golden/save-families.mjs OUT && python check_families.py OUT

By hand; no test needs it. Transformers and timm load their own files. OpenAI's, Meta's and Microsoft's are given to timm's
converters, which those libraries' files are the input of, and loaded strictly then; that names, shapes and dtypes are those
of the libraries' own files is compared besides. The last line of each says what was done. Written with torch 2.13, timm 1.0.29 and transformers 5.18.
"""
import json, sys
from pathlib import Path

import torch
from safetensors.torch import load_file

_register = torch.library.register_fake
torch.library.register_fake = lambda op, *a, **k: (lambda f: f) if str(op).startswith("torchvision::") else _register(op, *a, **k)

import transformers
import timm

from timm.layers import SwiGLUPacked
from timm.models import eva, swin_transformer, swin_transformer_v2, vision_transformer

SMALL = dict(img_size=12, patch_size=4, embed_dim=16, depth=2, num_heads=2)
SWIN = dict(img_size=16, patch_size=2, embed_dim=4, mlp_ratio=1.5, num_classes=3)
DINOV2 = dict(**SMALL, num_classes=0, init_values=1, global_pool="token")
DINOV3 = dict(**SMALL, num_classes=0, mlp_ratio=1.5, num_reg_tokens=2, global_pool="token", use_fc_norm=False, dynamic_img_size=False)
# What timm makes the model of, and its converter.
OTHERS = {
    "openai-clip": (lambda: timm.create_model("vit_base_patch16_clip_quickgelu_224", **SMALL, mlp_ratio=1.5, num_classes=5), vision_transformer),
    "meta-dinov2": (lambda: timm.models.VisionTransformer(**DINOV2, mlp_ratio=1.5), vision_transformer),
    "meta-dinov2-registers": (lambda: timm.models.VisionTransformer(**DINOV2, mlp_ratio=3, reg_tokens=2, no_embed_class=True, mlp_layer=SwiGLUPacked, act_layer=torch.nn.SiLU), vision_transformer),
    "meta-dinov3": (lambda: timm.create_model("vit_small_patch16_dinov3_qkvb", **DINOV3), eva),
    "meta-dinov3-swiglu": (lambda: timm.create_model("vit_small_plus_patch16_dinov3_qkvb", **DINOV3), eva),
    "microsoft-swin": (lambda: swin_transformer.SwinTransformer(**SWIN, depths=[2, 2, 1], num_heads=[1, 1, 2], window_size=2), swin_transformer),
    "microsoft-swinv2": (lambda: swin_transformer_v2.SwinTransformerV2(**SWIN, depths=[2, 1], num_heads=[1, 2], window_size=4, pretrained_window_sizes=(3, 2)), swin_transformer_v2),
}


def of_timm(name, saved):
    """timm's model with the tensors, loaded strictly, and how."""
    if name in OTHERS:
        make, module = OTHERS[name]
        model = make()
        model.load_state_dict(module.checkpoint_filter_fn(dict(saved), model), strict=True)
        return model, "timm's converter, then strict"
    config = json.loads((here / "families" / name / "config.json").read_text())
    model = timm.create_model(config["architecture"], **{**config["model_args"], "num_classes": config["num_classes"]})
    model.load_state_dict(saved, strict=True)
    return model, "timm: strict"


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
    note = f"same names, shapes, dtypes, {'bits' if equal else 'values but for last bits, or a class token that holds its position'}" if not wrong else f"DIFFERENT {sorted(wrong)[:4]}"
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
    elif name.startswith("timm-") or name in OTHERS:
        with torch.no_grad():
            model, how = of_timm(name, saved)
            logits = model.eval()(golden[f"{i}.x"])
        error = ((logits - golden[f"{i}.logits"]).abs().max() / golden[f"{i}.logits"].abs().max()).item()
        note += f"; {how}, logits within {error:.1e}"
        bad = error > 1e-5
    else:
        bad = False
    if name == "eva02-authors":  # written in timm's own names
        wrong, note = set(), "written in timm's names"
    failed += bad or bool(wrong)
    print("x" if bad or wrong else "ok", name, note)
print(failed, "failed")
