"""Writes timm-architectures.json: what timm builds for every name of its families of Vision Transformers.

    python generate_timm_architectures.py

For each name, heads, epsilon and activation as the modules have them, and the image size, first mean and deviation,
crop's share, interpolation and crop mode of its default weights; null where the model has a part that vitrine has not. Models are built on the meta device, two blocks deep. Written with torch 2.13 and timm 1.0.29.
"""
import json
import warnings
from pathlib import Path

import torch

# Lets a torchvision whose compiled operators do not fit this torch be imported; nothing of it is used.
_register_fake = torch.library.register_fake
torch.library.register_fake = lambda op, *a, **k: (lambda f: f) if str(op).startswith("torchvision::") else _register_fake(op, *a, **k)

import timm
from timm.models.vision_transformer import Attention, Block, VisionTransformer

warnings.filterwarnings("ignore")
FAMILIES = ("vision_transformer", "vision_transformer_hybrid", "vision_transformer_relpos", "vision_transformer_sam", "deit", "beit", "eva", "naflexvit")
ACTIVATIONS = {"GELU": "gelu", "GELUTanh": "gelu_tanh", "ReLU": "relu"}
STEM = {"stem", "stages", "conv", "norm", "act", "pool", "head"}  # the parts of BiT's ResNet, or of its stem alone


def row(model):
    """The row of a model, or None for a model with anything but pre-norm blocks of attention and an MLP."""
    block = model.blocks[0]
    if not isinstance(model, VisionTransformer) or type(block) is not Block or type(block.attn) is not Attention:
        return None
    norms = {(type(m).__name__, m.eps) for m in (block.norm1, block.norm2)}
    activation = ACTIVATIONS.get(type(block.mlp.act).__name__)
    plain = (
        type(block.mlp).__name__ == "Mlp"
        and all(isinstance(m, torch.nn.Identity) for m in (block.attn.norm, block.mlp.norm))
        and activation is not None
        and len(norms) == 1
        and type(block.norm1).__name__ == "LayerNorm"
        and not model.pool_include_prefix
        and STEM.issuperset(dict(getattr(model.patch_embed, "backbone", torch.nn.Identity()).named_children()))
    )
    if not plain:
        return None
    cfg = model.pretrained_cfg
    images = [cfg["input_size"][1], cfg["mean"][0], cfg["std"][0], cfg["crop_pct"], cfg["interpolation"], cfg["crop_mode"]]
    return [block.attn.num_heads, block.norm1.eps, activation, *images]


rows = {}
for name in sorted(name for family in FAMILIES for name in timm.list_models(module=family)):
    with torch.device("meta"):
        rows[name] = row(timm.create_model(name, depth=2))
lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in rows.items())
(Path(__file__).parent / "timm-architectures.json").write_text(f"{{\n{lines}\n}}\n")
print(len(rows), "architectures,", sum(value is not None for value in rows.values()), "of parts that vitrine has")
