"""Writes the golden fixtures of ViT's further options, of the decoder, and of the registry: what timm and PyTorch compute.

Parameters are not stored: both sides draw them from the same generator (test/reference/random.ts), one seed a tensor, in
the order of their sorted names. NAME.safetensors holds inputs, results and gradients; NAME.json says what each case was
made with. Run: python generate_more.py [out_dir]   (needs torch, timm, numpy, safetensors)
"""
import json, sys, pathlib
import numpy as np
import torch
import torch.nn as nn
from safetensors.torch import save_file

# A torchvision built for another torch cannot register its operators; only its Python part is needed.
_register = torch.library.register_fake
torch.library.register_fake = lambda op, *a, **k: (lambda f: f) if str(op).startswith("torchvision::") else _register(op, *a, **k)

import timm
from timm.models.deit import VisionTransformerDistilled
from timm.models.vision_transformer import VisionTransformer
from timm.models.vision_transformer_hybrid import HybridEmbed, _resnetv2
from timm.optim import param_groups_layer_decay

out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
torch.set_num_threads(1)


class Topic:
    """Collects the tensors and the parameters of one topic's cases."""
    def __init__(self, name):
        self.name, self.tensors, self.cases = name, {}, []

    def case(self, params, **tensors):
        i = len(self.cases)
        self.cases.append({"case": i, **params})
        for k, v in tensors.items():
            self.tensors[f"{i}.{k}"] = v.detach().contiguous().clone()

    def save(self):
        save_file(self.tensors, out / f"{self.name}.safetensors")
        (out / f"{self.name}.json").write_text(json.dumps({"torch": torch.__version__, "cases": self.cases}, indent=1) + "\n")
        print(self.name, len(self.cases), "cases", (out / f"{self.name}.safetensors").stat().st_size, "bytes")


def uniform(shape, seed, low, high):
    """splitmix32, as `uniform(shape, generator(seed), low, high)` of test/reference/random.ts."""
    n = int(np.prod(shape))
    mask = np.uint64(0xFFFFFFFF)
    z = (np.uint64(seed) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B9)) & mask
    z = ((z ^ (z >> np.uint64(16))) * np.uint64(0x85EBCA6B)) & mask
    z = ((z ^ (z >> np.uint64(13))) * np.uint64(0xC2B2AE35)) & mask
    z = z ^ (z >> np.uint64(16))
    return torch.from_numpy((low + (high - low) * (z.astype(np.float64) / 2**32)).astype(np.float32).reshape(shape))


def draw_parameters(module):
    for seed, (name, p) in enumerate(sorted(module.named_parameters()), 1):
        centre = 1.0 if "norm" in name and name.endswith("weight") else 0.0
        with torch.no_grad():
            p.copy_(uniform(tuple(p.shape), seed, centre - 0.25, centre + 0.25))


def gradients(module, keep=lambda name: True):
    return {f"g.{k}": p.grad for k, p in module.named_parameters() if keep(k)}


class WithPreLogits(VisionTransformer):
    """timm 0.5's `representation_size`, which later versions dropped: linear and tanh before the head."""
    def __init__(self, representation_size, **kwargs):
        super().__init__(**kwargs)
        self.pre_logits = nn.Sequential()
        self.pre_logits.add_module("fc", nn.Linear(self.embed_dim, representation_size))
        self.pre_logits.add_module("act", nn.Tanh())
        self.head = nn.Linear(representation_size, kwargs["num_classes"])

    def forward_head(self, x):
        return self.head(self.pre_logits(self.fc_norm(self.pool(x))))


def options():
    t = Topic("vit-options"); torch.manual_seed(11)
    base = dict(img_size=8, patch_size=4, in_chans=2, num_classes=5, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2.0)
    for extra, size in [
        (dict(distilled=True), (8, 8)),
        (dict(global_pool="map"), (8, 8)),
        (dict(global_pool="map", fc_norm=True, reg_tokens=1), (8, 8)),
        (dict(global_pool="avgmax"), (8, 8)),
        (dict(global_pool="max", class_token=False), (8, 8)),
        (dict(global_pool=""), (8, 8)),
        (dict(global_pool="avg", fc_norm=False), (8, 8)),
        (dict(fc_norm=True, proj_bias=False, act_layer="relu"), (8, 8)),
        (dict(final_norm=False, act_layer="gelu_tanh", num_classes=0), (8, 8)),
        (dict(representation_size=7), (8, 8)),
        (dict(img_size=(12, 16), dynamic_img_size=True), (16, 20)),
        (dict(img_size=(12, 16), dynamic_img_size=True), (8, 8)),
        (dict(img_size=20, dynamic_img_size=True, dynamic_img_pad=True, reg_tokens=2, no_embed_class=True), (9, 17)),
        (dict(resnet_layers=[], img_size=32), (32, 32)),
        (dict(resnet_layers=[1, 1], patch_size=1, img_size=36), (36, 36)),
    ]:
        kwargs = {**base, **extra}
        layers = kwargs.pop("resnet_layers", None)
        distilled = kwargs.pop("distilled", False)
        if layers is not None:
            backbone = _resnetv2(layers=tuple(layers), in_chans=base["in_chans"])
            kwargs["embed_layer"] = lambda **k: HybridEmbed(backbone=backbone, **k)
        kind = VisionTransformerDistilled if distilled else WithPreLogits if "representation_size" in kwargs else VisionTransformer
        m = kind(**kwargs).eval()
        draw_parameters(m)
        x = torch.randn(2, base["in_chans"], *size).requires_grad_()
        y = m(x); gy = torch.randn_like(y); y.backward(gy)
        more = {}
        if distilled:
            m.set_distilled_training(True); m.train()
            more["class_logits"], more["dist_logits"] = m(x)
            m.eval()
        # Enough to see every kind of layer: the first block's gradients come through the second.
        keep = lambda n: "blocks.1." not in n and ("backbone" not in n or "norm" in n or n.endswith(("stem.conv.weight", "stages.0.blocks.0.conv1.weight")))
        t.case({**base, **extra}, x=x, y=y, gy=gy, gx=x.grad, **more, **gradients(m, keep))
    t.save()


def intermediate():
    t = Topic("vit-intermediate"); torch.manual_seed(12)
    base = dict(img_size=(16, 24), patch_size=8, in_chans=1, num_classes=3, embed_dim=8, depth=4, num_heads=2, mlp_ratio=2.0, reg_tokens=1)
    m = VisionTransformer(**base).eval(); draw_parameters(m)
    x = torch.randn(2, 1, 16, 24)
    for n, reshape, norm in [(1, False, False), (3, True, False), ([0, -1], False, True), ([2, 0], True, True)]:
        ys = m.get_intermediate_layers(x, n, reshape=reshape, norm=norm)
        t.case({**base, "n": n, "reshape": reshape, "norm": norm}, x=x, **{f"y{i}": y for i, y in enumerate(ys)})
    t.save()


def features():
    """`features`: forward_head(pre_logits=True), and the pooled layers of forward_intermediates, one behind the other."""
    t = Topic("vit-features"); torch.manual_seed(14)
    base = dict(img_size=(16, 24), patch_size=8, in_chans=1, num_classes=3, embed_dim=8, depth=3, num_heads=2, mlp_ratio=2.0)
    pools = {
        "cls": lambda p, x: x[0],
        "mean": lambda p, x: x[1].mean(1),
        "max": lambda p, x: x[1].amax(1),
        "cls+mean": lambda p, x: torch.cat([x[0], x[1].mean(1)], -1),
    }
    for extra, asked in [
        (dict(reg_tokens=2), [("head", None, False), ("none", None, False), ("cls", [0, -1], True), ("cls+mean", 2, False), ("max", 1, True)]),
        (dict(global_pool="avg"), [("head", None, False), ("mean", None, False), ("none", None, False)]),
        (dict(global_pool="avg", class_token=False, fc_norm=False), [("head", None, True), ("mean", [1], False)]),
        (dict(global_pool="map"), [("head", None, False)]),
        (dict(distilled=True), [("head", None, False), ("mean", None, False)]),
    ]:
        kwargs = {**base, **extra}
        distilled = kwargs.pop("distilled", False)
        m = (VisionTransformerDistilled if distilled else VisionTransformer)(**kwargs).eval()
        draw_parameters(m)
        x = torch.randn(2, 1, 16, 24)
        for pool, layers, normalize in asked:
            prefix = m.num_prefix_tokens
            if pool == "head":
                y = m.forward_head(m.forward_features(x), pre_logits=True)
                if distilled and isinstance(y, tuple): y = (y[0] + y[1]) / 2
            elif pool == "none":
                y = m.forward_features(x)
            else:
                maps = m.forward_intermediates(x, indices=1 if layers is None else [i % 3 for i in layers] if isinstance(layers, list) else layers,
                                               norm=True, output_fmt="NLC", return_prefix_tokens=True, intermediates_only=True)
                parts = [pools[pool](prefix, (front[:, 0] if prefix else None, tokens)) for tokens, front in maps] if prefix else [pools[pool](0, (None, tokens)) for tokens in maps]
                parts = [m.fc_norm(part) for part in parts] if not distilled else parts
                y = torch.cat(parts, -1)
            if normalize: y = nn.functional.normalize(y, dim=-1)
            t.case({**base, **extra, "pool": pool, "layers": layers, "normalize": normalize}, x=x, y=y)
    t.save()


def decoder():
    """nn.TransformerDecoder in both norm orders, with causal and padding masks, and the whole nn.Transformer."""
    t = Topic("decoder"); torch.manual_seed(13)
    for norm_first, act, batch_first, masks in [
        (False, "relu", True, []),
        (True, "gelu", True, ["tgtIsCausal", "memoryKeyPaddingMask"]),
        (False, "gelu", False, ["tgtIsCausal", "tgtKeyPaddingMask", "memoryIsCausal"]),
    ]:
        d, heads, ff, b, n, s = 12, 3, 20, 2, 5, 7
        dec = nn.TransformerDecoder(nn.TransformerDecoderLayer(d, heads, ff, 0.0, act, norm_first=norm_first, batch_first=batch_first), 2, nn.LayerNorm(d))
        draw_parameters(dec)
        shape = lambda k: (b, k, d) if batch_first else (k, b, d)
        tgt, memory = torch.randn(*shape(n)).requires_grad_(), torch.randn(*shape(s)).requires_grad_()
        tgt_pad = torch.zeros(b, n, dtype=torch.bool); tgt_pad[1, 3:] = True
        mem_pad = torch.zeros(b, s, dtype=torch.bool); mem_pad[0, 5:] = True
        blind = lambda k: torch.triu(torch.ones(n, k, dtype=torch.bool), 1)
        y = dec(tgt, memory,
                tgt_mask=blind(n) if "tgtIsCausal" in masks else None, memory_mask=blind(s) if "memoryIsCausal" in masks else None,
                tgt_key_padding_mask=tgt_pad if "tgtKeyPaddingMask" in masks else None,
                memory_key_padding_mask=mem_pad if "memoryKeyPaddingMask" in masks else None)
        gy = torch.randn_like(y); y.backward(gy)
        t.case(dict(kind="decoder", dModel=d, nHead=heads, dimFeedforward=ff, activation=act, normFirst=norm_first, batchFirst=batch_first, masks=masks),
               tgt=tgt, memory=memory, tgtKeyPaddingMask=tgt_pad.long(), memoryKeyPaddingMask=mem_pad.long(), y=y, gy=gy, gtgt=tgt.grad, gmemory=memory.grad, **gradients(dec))
    m = nn.Transformer(12, 3, 2, 1, 20, 0.0, batch_first=True)
    draw_parameters(m)
    src, tgt = torch.randn(2, 7, 12).requires_grad_(), torch.randn(2, 5, 12).requires_grad_()
    y = m(src, tgt, tgt_mask=torch.triu(torch.ones(5, 5, dtype=torch.bool), 1)); gy = torch.randn_like(y); y.backward(gy)
    t.case(dict(kind="transformer", dModel=12, nHead=3, numEncoderLayers=2, numDecoderLayers=1, dimFeedforward=20),
           tgt=tgt, memory=src, y=y, gy=gy, gtgt=tgt.grad, gmemory=src.grad, **gradients(m))
    t.save()


def registry():
    """The number of parameters of every name that ViT.list() knows; timm's own model where timm has one.

    Of 1000 classes throughout: timm makes some names without a head, as their newest weights have none.
    """
    dims = dict(tiny=(192, 12, 3), small=(384, 12, 6), base=(768, 12, 12), large=(1024, 24, 16), huge=(1280, 32, 16))
    counts, ours = {}, []
    with torch.device("meta"):
        for size, (d, depth, heads) in dims.items():
            for image in (224, 384):
                for patch in (8, 14, 16, 32):
                    if image % patch: continue
                    name = f"vit_{size}_patch{patch}_{image}"
                    if timm.is_model(name): m = timm.create_model(name, num_classes=1000)
                    else:
                        m = VisionTransformer(img_size=image, patch_size=patch, embed_dim=d, depth=depth, num_heads=heads); ours.append(name)
                    counts[name] = m
        for name in ["vit_tiny_r_s16_p8_224", "vit_tiny_r_s16_p8_384", "vit_small_r26_s32_224", "vit_small_r26_s32_384", "vit_base_r26_s32_224",
                     "vit_base_r50_s16_224", "vit_base_r50_s16_384", "vit_large_r50_s32_224", "vit_large_r50_s32_384",
                     *(n for n in timm.list_models("deit*") if n.startswith("deit"))]:
            counts[name] = timm.create_model(name, num_classes=1000)
    found = {name: sum(p.numel() for p in m.parameters()) for name, m in counts.items()}
    (out / "registry.json").write_text(json.dumps({"timm": timm.__version__, "notInTimm": ours, "parameters": found}, indent=1) + "\n")
    print("registry", len(found), "names")


def layer_decay():
    """timm's parameter groups for fine-tuning: for every parameter its factor of the learning rate and its decay."""
    base = dict(img_size=16, patch_size=8, num_classes=3, embed_dim=8, depth=3, num_heads=2)
    cases = []
    for extra in [{}, dict(pre_norm=True, global_pool="avg", reg_tokens=1, init_values=1e-5, qk_norm=True), dict(global_pool="map"), dict(distilled=True)]:
        kwargs = {**base, **extra}
        m = VisionTransformerDistilled(**{k: v for k, v in kwargs.items() if k != "distilled"}) if "distilled" in kwargs else VisionTransformer(**kwargs)
        names = {id(p): n for n, p in m.named_parameters()}
        groups = param_groups_layer_decay(m, weight_decay=0.05, no_weight_decay_list=m.no_weight_decay(), layer_decay=0.6)
        cases.append({**kwargs, "parameters": {names[id(p)]: [g["lr_scale"], g["weight_decay"]] for g in groups for p in g["params"]}})
    (out / "layer-decay.json").write_text(json.dumps({"timm": timm.__version__, "weightDecay": 0.05, "layerDecay": 0.6, "cases": cases}, indent=1) + "\n")
    print("layer-decay", len(cases), "cases")


if __name__ == "__main__":
    for f in (options, intermediate, features, decoder, registry, layer_decay): f()
