"""Writes timm-architectures.json: what timm builds for every name of its families of Vision Transformers.

    python generate_timm_architectures.py

For each name, heads, epsilon and activation as the modules have them, and the image size, first mean and deviation,
crop's share, interpolation and crop mode of its default weights, and vitrine's options of its rotary positions; null where the model has a part that vitrine has not. Models are built on the meta device, two blocks deep. Written with torch 2.13 and timm 1.0.29.
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
ACTIVATIONS = {"GELU": "gelu", "GELUTanh": "gelu_tanh", "QuickGELU": "quick_gelu", "ReLU": "relu"}
STEM = {"stem", "stages", "conv", "norm", "act", "pool", "head"}  # the parts of BiT's ResNet, or of its stem alone


def mlp_of(block):
    """The activation as vitrine names it, where the MLP is one of its kinds; of a gated one it has no part."""
    mlp = block.mlp
    if type(mlp).__name__ in ("SwiGLU", "GluMlp"):
        return "gelu" if type(mlp.act).__name__ == "SiLU" and not getattr(mlp, "gate_last", False) else None
    return ACTIVATIONS.get(type(mlp.act).__name__) if type(mlp).__name__ == "Mlp" else None


def parts(model):
    """The rotary positions by vitrine's options, or None for those that it has not."""
    rope = getattr(model, "rope", None)
    if rope is None:
        return {}
    kind = {"RotaryEmbeddingCat": "eva", "RotaryEmbeddingDinoV3": "dinov3"}.get(type(rope).__name__)
    rotates = model.blocks[0].attn.rotate_half == (kind == "dinov3")
    if kind is None or not rotates or rope.grid_indexing != "ij" or rope.grid_offset != 0:
        return None
    if kind == "dinov3":
        return {"rope": "dinov3", "posEmbed": "none"} if rope.temperature == 100 and model.pos_embed is None else None
    return {"rope": "eva", "ropeGrid": list(rope.ref_feat_shape)} if rope.temperature == 10000 and rope.ref_feat_shape else None


def row(model):
    """The row of a model, or None for a model with anything but pre-norm blocks of parts that vitrine has."""
    block = model.blocks[0]
    if isinstance(model, VisionTransformer):
        known = type(block) is Block and type(block.attn) is Attention
    else:
        known = (type(model).__name__, type(block).__name__, type(block.attn).__name__) in (("Eva", "EvaBlock", "EvaAttention"), ("Beit", "Block", "Attention"))
    if not known or getattr(block.attn, "gate", None) is not None:
        return None
    norms = {(type(m).__name__, m.eps) for m in (block.norm1, block.norm2)}
    activation, rotary = mlp_of(block), parts(model)
    plain = (
        activation is not None
        and rotary is not None
        and len(norms) == 1
        and type(block.norm1).__name__ == "LayerNorm"
        and not getattr(model, "pool_include_prefix", False)
        and STEM.issuperset(dict(getattr(model.patch_embed, "backbone", torch.nn.Identity()).named_children()))
    )
    if not plain:
        return None
    cfg = model.pretrained_cfg
    images = [cfg["input_size"][1], cfg["mean"][0], cfg["std"][0], cfg["crop_pct"], cfg["interpolation"], cfg["crop_mode"]]
    return [block.attn.num_heads, block.norm1.eps, activation, *images, rotary]


rows = {}
for name in sorted(name for family in FAMILIES for name in timm.list_models(module=family)):
    with torch.device("meta"):
        rows[name] = row(timm.create_model(name, depth=2))
lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in rows.items())
(Path(__file__).parent / "timm-architectures.json").write_text(f"{{\n{lines}\n}}\n")
print(len(rows), "architectures,", sum(value is not None for value in rows.values()), "of parts that vitrine has")
