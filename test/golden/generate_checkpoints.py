"""Writes further checkpoints in the layouts of their libraries, and what those libraries compute with them.

checkpoint-variants.json lists the cases, checkpoint-variants.safetensors their images and logits. The files that
generate.py wrote must lie in out_dir already.
Run: python generate_checkpoints.py [out_dir]   (needs torch, torchvision, timm, transformers, scipy, safetensors)
"""
import json, pathlib, sys
import numpy as np
import scipy.ndimage
import torch
import torch.nn as nn
from safetensors.torch import load_file, save_file

# A torchvision built for another torch cannot register its operators; only its Python part is needed.
_register = torch.library.register_fake
torch.library.register_fake = lambda op, *a, **k: (lambda f: f) if str(op).startswith("torchvision::") else _register(op, *a, **k)

from timm.models.vision_transformer import VisionTransformer
from torchvision.models.vision_transformer import VisionTransformer as TorchvisionViT, interpolate_embeddings
from transformers import DeiTConfig, DeiTForImageClassificationWithTeacher, ViTForImageClassification

out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
torch.set_num_threads(1)
torch.manual_seed(8)
tensors, cases = {}, []


def case(params, x, logits):
    tensors[f"{len(cases)}.x"], tensors[f"{len(cases)}.logits"] = x.clone(), logits.detach().contiguous().clone()
    cases.append({"case": len(cases), **params})


def draw(module):
    for n, p in module.named_parameters():
        nn.init.normal_(p, 1.0 if "norm" in n and n.endswith("weight") else 0.0, 0.1)


def resized():
    """Positions for 48 pixels, and for 24, from those for 32: each by its library's own function."""
    for size in (48, 24):
        x = torch.randn(2, 3, size, size)
        state = interpolate_embeddings(size, 8, load_file(out / "torchvision-vit.safetensors"))
        v = TorchvisionViT(image_size=size, patch_size=8, num_layers=2, num_heads=3, hidden_dim=24, mlp_dim=96, num_classes=10).eval()
        v.load_state_dict(state)
        case(dict(file="torchvision-vit.safetensors", layout="torchvision", imgSize=size, numHeads=3), x, v(x))
        f = ViTForImageClassification.from_pretrained(out / "hf-vit").eval()
        case(dict(file="hf-vit", layout="hf", imgSize=size), x, f(x, interpolate_pos_encoding=True).logits)
        # vit_jax.checkpoint.interpolate_posembed and big_vision.models.vit.resample_posemb.
        g = VisionTransformer(img_size=32, patch_size=8, num_classes=10, embed_dim=24, depth=2, num_heads=3).eval()
        g.load_pretrained(str(out / "google-vit.npz"))
        state, side = g.state_dict(), size // 8
        tokens, grid = state["pos_embed"][:, :1], state["pos_embed"][0, 1:].reshape(4, 4, 24).numpy()
        grid = scipy.ndimage.zoom(grid, (side / 4, side / 4, 1), order=1)
        state["pos_embed"] = torch.cat([tokens, torch.from_numpy(grid).reshape(1, side * side, 24)], 1)
        g = VisionTransformer(img_size=size, patch_size=8, num_classes=10, embed_dim=24, depth=2, num_heads=3).eval()
        g.load_state_dict(state)
        case(dict(file="google-vit.npz", layout="google", imgSize=size), x, g(x))


def deit():
    """Two tokens and two heads, and another activation and epsilon."""
    c = DeiTConfig(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=48, image_size=32, patch_size=8,
                   num_labels=5, hidden_act="gelu_new", layer_norm_eps=1e-5)
    m = DeiTForImageClassificationWithTeacher(c).eval(); draw(m)
    m.save_pretrained(out / "hf-deit")
    x = torch.randn(2, 3, 32, 32)
    case(dict(file="hf-deit", layout="hf"), x, m(x).logits)


def big_vision():
    """Stacked blocks under params/, a pooling head, no class token; timm's own loader is the judge."""
    d, h, e, depth, hidden = 24, 3, 8, 2, 96
    draws = lambda *shape, centre=0.0: (centre + 0.1 * torch.randn(*shape)).numpy()
    z, p = {}, "params/"
    z[p + "embedding/kernel"], z[p + "embedding/bias"] = draws(8, 8, 3, d), draws(d)
    z[p + "pos_embedding"] = draws(1, 16, d)
    def norm(name, *lead): z[name + "/scale"], z[name + "/bias"] = draws(*lead, d, centre=1.0), draws(*lead, d)
    def attention(name, *lead):
        for a in ("query", "key", "value"): z[f"{name}/{a}/kernel"], z[f"{name}/{a}/bias"] = draws(*lead, d, h, e), draws(*lead, h, e)
        z[f"{name}/out/kernel"], z[f"{name}/out/bias"] = draws(*lead, h, e, d), draws(*lead, d)
    def mlp(name, *lead):
        z[name + "/Dense_0/kernel"], z[name + "/Dense_0/bias"] = draws(*lead, d, hidden), draws(*lead, hidden)
        z[name + "/Dense_1/kernel"], z[name + "/Dense_1/bias"] = draws(*lead, hidden, d), draws(*lead, d)
    b = p + "Transformer/encoderblock/"
    norm(b + "LayerNorm_0", depth); attention(b + "MultiHeadDotProductAttention_0", depth)
    norm(b + "LayerNorm_1", depth); mlp(b + "MlpBlock_0", depth)
    norm(p + "Transformer/encoder_norm")
    z[p + "MAPHead_0/probe"] = draws(1, 1, d); attention(p + "MAPHead_0/MultiHeadDotProductAttention_0")
    norm(p + "MAPHead_0/LayerNorm_0"); mlp(p + "MAPHead_0/MlpBlock_0")
    z[p + "head/kernel"], z[p + "head/bias"] = draws(d, 10), draws(10)
    z["opt/count"] = np.zeros((), np.int32)     # as a train state has
    np.savez(out / "big-vision.npz", **z)
    m = VisionTransformer(img_size=32, patch_size=8, num_classes=10, embed_dim=d, depth=depth, num_heads=h, class_token=False, global_pool="map").eval()
    m.load_pretrained(str(out / "big-vision.npz"))
    x = torch.randn(2, 3, 32, 32)
    case(dict(file="big-vision.npz", layout="google"), x, m(x))


resized(); deit(); big_vision()
save_file(tensors, out / "checkpoint-variants.safetensors")
(out / "checkpoint-variants.json").write_text(json.dumps({"torch": torch.__version__, "cases": cases}, indent=1) + "\n")
print(len(cases), "cases")
