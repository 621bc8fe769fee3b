"""Writes the golden fixtures of segmentation: what PyTorch resizes and pools, timm's feature pyramids of a ViT, and UPerNet's
head as Transformers has it.

Parameters are drawn as generate_more.py draws them. Run: python generate_segmentation.py [out_dir]
(needs torch, timm, transformers, numpy, safetensors)
"""
import torch
import torch.nn.functional as F
from generate_more import Topic, draw_parameters, gradients
from timm.models.vision_transformer import VisionTransformer
from transformers import UperNetConfig, SwinConfig
from transformers.models.upernet.modeling_upernet import UperNetHead


def camel(options):
    names = {"scale_factor": "scaleFactor", "align_corners": "alignCorners"}
    return {names.get(k, k): v for k, v in options.items()}


def resizing(t):
    bilinear, corners = dict(mode="bilinear"), dict(mode="bilinear", align_corners=True)
    for shape, options in [
        ((2, 3, 4, 5), dict(size=(9, 10))),
        ((1, 2, 7, 6), dict(size=(3, 4))),
        ((1, 2, 3, 5), dict(scale_factor=2.6)),
        ((2, 2, 4, 5), dict(size=(9, 12), **bilinear)),
        ((1, 2, 8, 7), dict(size=(3, 2), **bilinear)),
        ((1, 2, 5, 6), dict(scale_factor=(2.3, 0.7), **bilinear)),
        ((1, 1, 5, 6), dict(scale_factor=1.05, **bilinear)),
        ((2, 2, 4, 5), dict(size=(9, 12), **corners)),
        ((1, 2, 8, 7), dict(size=(3, 1), **corners)),
        ((1, 2, 1, 1), dict(size=(3, 4), **bilinear)),
        ((1, 1, 4, 4), dict(scale_factor=4, **bilinear)),
    ]:
        x = torch.randn(shape, requires_grad=True)
        y = F.interpolate(x, **options); gy = torch.randn_like(y); y.backward(gy)
        t.case({"kind": "interpolate", "options": camel(options)}, x=x, y=y, gy=gy, gx=x.grad)
    for shape, size in [((2, 3, 7, 5), 3), ((1, 2, 4, 6), (2, 3)), ((1, 2, 2, 3), 6), ((1, 1, 5, 5), 1)]:
        x = torch.randn(shape, requires_grad=True)
        y = F.adaptive_avg_pool2d(x, size); gy = torch.randn_like(y); y.backward(gy)
        t.case({"kind": "adaptiveAvgPool2d", "size": size}, x=x, y=y, gy=gy, gx=x.grad)


def pyramids(t):
    for indices, norm, extra in [([0, 2], False, {}), (2, True, dict(class_token=False, global_pool="avg", reg_tokens=2)), ([-1], True, {})]:
        m = VisionTransformer(img_size=(8, 12), patch_size=4, in_chans=2, num_classes=0, embed_dim=8, depth=3, num_heads=2, **extra).eval()
        draw_parameters(m)
        x = torch.randn(2, 2, 8, 12)
        maps = m.forward_intermediates(x, indices=indices, norm=norm, intermediates_only=True)
        t.case({"kind": "pyramid", "outIndices": indices, "norm": norm, "classToken": not extra}, x=x, **{f"map{i}": f for i, f in enumerate(maps)})


def heads(t):
    for channels, sizes in [([2, 3, 4], [(8, 10), (4, 5), (2, 3)]), ([3, 3], [(4, 4), (4, 4)])]:
        config = UperNetConfig(backbone_config=SwinConfig(), hidden_size=4, pool_scales=[1, 2, 3], num_labels=3)
        m = UperNetHead(config, channels).train()
        draw_parameters(m)
        maps = [torch.randn(2, c, *size).requires_grad_() for c, size in zip(channels, sizes)]
        y = m(maps); gy = torch.randn_like(y); y.backward(gy)
        given = {f"map{i}": x for i, x in enumerate(maps)} | {f"gmap{i}": x.grad for i, x in enumerate(maps)}
        t.case({"kind": "uperHead", "inChannels": channels, "numClasses": 3, "channels": 4, "poolScales": [1, 2, 3]}, y=y, gy=gy, **given, **gradients(m))


if __name__ == "__main__":
    t = Topic("segmentation"); torch.manual_seed(31)
    resizing(t); pyramids(t); heads(t)
    t.save()
