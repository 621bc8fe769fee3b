"""Writes the golden fixtures of Swin, version 1 and 2: what timm computes of tiny models.

Parameters are drawn as generate_more.py draws them. Run: python generate_swin.py [out_dir]   (needs torch, timm, numpy, safetensors)
"""
import torch
from generate_more import Topic, draw_parameters, gradients
from timm.models.swin_transformer import SwinTransformer
from timm.models.swin_transformer_v2 import SwinTransformerV2


def swin():
    t = Topic("swin"); torch.manual_seed(21)
    base = dict(img_size=(32, 32), patch_size=2, in_chans=2, num_classes=5, embed_dim=4, depths=[2, 2], num_heads=[1, 2], window_size=4, mlp_ratio=2.0)
    padded = dict(img_size=(24, 40), patch_size=4)
    for version, extra in [
        (1, {}),
        (1, dict(window_size=(2, 4), depths=[1, 3, 1], num_heads=[2, 2, 4])),
        (1, dict(**padded, qkv_bias=False)),
        (1, dict(window_size=7, num_classes=0)),
        (1, dict(window_size=3, img_size=(12, 12), global_pool="")),
        (2, {}),
        (2, dict(pretrained_window_sizes=[3, 2], qkv_bias=False)),
        (2, dict(**padded, window_size=3, num_classes=0)),
    ]:
        kwargs = {**base, **extra}
        # Of version 2 timm has masks for padded grids only where it makes them anew each time.
        m = (SwinTransformer if version == 1 else SwinTransformerV2)(**kwargs, strict_img_size=version == 1).eval()
        draw_parameters(m)
        x = torch.randn(2, base["in_chans"], *kwargs["img_size"]).requires_grad_()
        y = m(x); gy = torch.randn_like(y); y.backward(gy)
        maps = {f"map{i}": f for i, f in enumerate(m.forward_intermediates(x, intermediates_only=True))}
        t.case({"version": version, **kwargs}, x=x, y=y, gy=gy, gx=x.grad, **maps, **gradients(m))
    t.save()


if __name__ == "__main__":
    swin()
