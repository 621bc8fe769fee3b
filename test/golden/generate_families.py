"""Writes families/: tiny checkpoints of the families after the paper's ViT, and what their own libraries compute.

    python generate_families.py

A folder for each case: model.safetensors as the library writes it, and gradients.safetensors, of the same names, with the
gradients of sum(logits * dy). families.json lists the cases, families.safetensors has images, dy, logits and the gradient
of the images. Written with torch 2.13, timm 1.0.29 and transformers 5.18 (needs torch, timm, transformers, safetensors).
"""
import json
import math
import shutil
import warnings
from pathlib import Path

import torch
from torch import nn
from safetensors.torch import load_file, save_file

# Lets a torchvision whose compiled operators do not fit this torch be imported; nothing of it is used.
_register = torch.library.register_fake
torch.library.register_fake = lambda op, *a, **k: (lambda f: f) if str(op).startswith("torchvision::") else _register(op, *a, **k)

import timm
from timm.layers import SwiGLUPacked
from timm.models import save_for_hf
from transformers import (
    BeitConfig, BeitForImageClassification, BeitModel, CLIPConfig, CLIPModel, CLIPVisionConfig, CLIPVisionModelWithProjection,
    Dinov2Config, Dinov2ForImageClassification, Dinov2Model, Dinov2WithRegistersConfig, Dinov2WithRegistersModel,
    DINOv3ViTConfig, DINOv3ViTModel, SiglipConfig, SiglipForImageClassification, SiglipVisionConfig, SiglipVisionModel,
    SwinConfig, SwinForImageClassification, Swinv2Config, Swinv2Model, ViTMAEConfig, ViTMAEModel,
)

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
torch.manual_seed(15)
out = Path(__file__).parent
shutil.rmtree(out / "families", ignore_errors=True)
tensors, cases = {}, []
SMALL = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=12, patch_size=4)


def draw(module):
    for name, p in module.named_parameters():
        nn.init.normal_(p, 1.0 if "norm" in name and name.endswith("weight") else 0.0, 0.2)
    return module.eval()


def case(name, model, forward, save, rename=None, size=(12, 12), **params):
    """`save` writes the weights to the folder; `rename` gives the file's tensors from a dictionary of the model's."""
    folder = out / "families" / name
    folder.mkdir(parents=True)
    save(folder)
    x = torch.randn(2, 3, *size, requires_grad=True)
    logits = forward(x)
    dy = torch.randn_like(logits)
    (logits * dy).sum().backward()
    i = len(cases)
    kept = dict(x=x, dy=dy, logits=logits, dx=x.grad)
    tensors.update({f"{i}.{key}": value.detach().clone().contiguous() for key, value in kept.items()})
    grads = {n: p.grad if p.grad is not None else torch.zeros_like(p) for n, p in model.named_parameters()}
    grads = rename(grads) if rename else grads
    written = load_file(folder / "model.safetensors")
    if set(grads) != set(written):  # Transformers writes the names of its fourth version
        grads = as_written(model, grads, folder)
    save_file({n: g.detach().clone().contiguous() for n, g in grads.items()}, folder / "gradients.safetensors")
    cases.append(dict(name=name, **params))


def as_written(model, grads, folder):
    """Gradients by the names of the file: the model with gradients for weights, saved once more."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(grads[name])
    model.save_pretrained(folder / "again")
    again = load_file(folder / "again" / "model.safetensors")
    shutil.rmtree(folder / "again")
    return again


def hugging_face(name, model, forward, **params):
    case(name, draw(model), forward, lambda folder: model.save_pretrained(folder), layout="hf", **params)


def hf():
    m = Dinov2Model(Dinov2Config(**SMALL))
    hugging_face("hf-dinov2", m, lambda x: m(x).pooler_output)
    n = Dinov2ForImageClassification(Dinov2Config(**SMALL, use_swiglu_ffn=True, num_labels=3))
    hugging_face("hf-dinov2-swiglu", n, lambda x: n(x).logits)
    r = Dinov2WithRegistersModel(Dinov2WithRegistersConfig(**SMALL, num_register_tokens=2))
    hugging_face("hf-dinov2-registers", r, lambda x: r(x).pooler_output, folded=True)
    vision = dict(**SMALL, intermediate_size=24)
    c = CLIPVisionModelWithProjection(CLIPVisionConfig(**vision, projection_dim=5))
    hugging_face("hf-clip", c, lambda x: c(x).image_embeds)
    text = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, vocab_size=5, max_position_embeddings=3)
    whole = CLIPModel(CLIPConfig(text_config=text, vision_config={**vision, "hidden_act": "gelu"}, projection_dim=5))
    def tower(x):
        return whole.visual_projection(whole.vision_model(x).pooler_output)
    hugging_face("hf-clip-whole", whole, tower, told="passed over")
    s = SiglipVisionModel(SiglipVisionConfig(**vision))
    hugging_face("hf-siglip", s, lambda x: s(x).pooler_output)
    config = SiglipConfig(text_config=text, vision_config=vision); config.num_labels = 3
    t = SiglipForImageClassification(config)
    hugging_face("hf-siglip-classifier", t, lambda x: t(x).logits)
    for gated in (False, True):
        d = DINOv3ViTModel(DINOv3ViTConfig(**vision, num_register_tokens=2, use_gated_mlp=gated, hidden_act="silu" if gated else "gelu"))
        hugging_face("hf-dinov3" + "-swiglu" * gated, d, lambda x, d=d: d(x).pooler_output)
    b = BeitForImageClassification(BeitConfig(**vision, use_relative_position_bias=True, num_labels=3, drop_path_rate=0.0))
    hugging_face("hf-beit", b, lambda x: b(x).logits)
    shared = BeitModel(BeitConfig(**vision, use_shared_relative_position_bias=True, use_absolute_position_embeddings=True))
    hugging_face("hf-beit-shared", shared, lambda x: shared(x).pooler_output)
    e = ViTMAEModel(ViTMAEConfig(**vision, mask_ratio=0.0, decoder_hidden_size=8, decoder_num_attention_heads=1, decoder_intermediate_size=8))
    e.embeddings.position_embeddings.requires_grad_()  # fixed in training there
    order = torch.arange(9)[None].repeat(2, 1).float()  # nothing is masked, nothing changes places
    hugging_face("hf-mae", e, lambda x: e(x, noise=order).last_hidden_state[:, 0])


def of_timm(name, architecture, size=(12, 12), **args):
    small = dict(img_size=12, patch_size=4, embed_dim=16, depth=2, num_heads=2, num_classes=3, mlp_ratio=1.5)
    sizes = {key: value for key, value in {**small, **args}.items() if value is not None}
    m = draw(timm.create_model(architecture, **sizes))
    written = {key: value for key, value in sizes.items() if key not in ("num_classes", "mlp_layer")}
    def save(folder):
        save_for_hf(m, folder, model_args=written, safe_serialization=True)
        config = json.loads((folder / "config.json").read_text())
        config["pretrained_cfg"] = dict(input_size=[3, *size], crop_pct=1.0, mean=[0.5] * 3, std=[0.5] * 3, interpolation="bicubic")
        (folder / "config.json").write_text(json.dumps(config))
    case(name, m, m, save, layout="timm", size=size)
    return m


def timm_cases():
    of_timm("timm-dinov2", "vit_small_patch14_dinov2")
    of_timm("timm-dinov2-giant", "vit_giant_patch14_reg4_dinov2", mlp_ratio=3)
    of_timm("timm-clip", "vit_base_patch16_clip_quickgelu_224")
    of_timm("timm-siglip", "vit_base_patch16_siglip_224")
    of_timm("timm-eva02", "eva02_tiny_patch14_224")
    of_timm("timm-eva02-base", "eva02_base_patch14_448", global_pool="token", scale_attn_inner=True)
    of_timm("timm-dinov3", "vit_small_patch16_dinov3", global_pool="token", dynamic_img_size=False)
    of_timm("timm-dinov3-plus", "vit_small_plus_patch16_dinov3_qkvb", dynamic_img_size=False)
    of_timm("timm-beit", "beit_base_patch16_224")
    of_timm("timm-beit-shared", "beitv2_base_patch16_224", use_rel_pos_bias=False, use_shared_rel_pos_bias=True)
    of_timm("timm-deit3", "deit3_small_patch16_224", init_values=0.1)
    of_timm("timm-mae", "vit_base_patch16_224.mae", global_pool="avg", fc_norm=False)


# In the names of those who trained them; timm's own loaders are the judges.

def by_timm(name, m, state, size=(12, 12), convert=None, buffers={}, **params):
    """A lone file of others: `state` of their names, from which timm makes the model's; `buffers` lie beside."""
    from timm.models import vision_transformer, eva
    convert = convert or (eva.checkpoint_filter_fn if type(m).__name__ == "Eva" else vision_transformer.checkpoint_filter_fn)
    leaves = {key: value.clone().requires_grad_() for key, value in state.items()}
    converted = convert(dict(leaves), m)
    given = {n for n, _ in m.named_parameters()}
    assert given == set(converted), given ^ set(converted)
    def run(x):
        return torch.func.functional_call(m, converted, (x,), strict=False)  # rotary tables are computed
    folder = out / "families" / name
    folder.mkdir(parents=True)
    save_file({**state, **{name: b.clone().contiguous() for name, b in buffers.items()}}, folder / "weights.safetensors")
    x = torch.randn(2, 3, *size, requires_grad=True)
    logits = run(x)
    dy = torch.randn_like(logits)
    (logits * dy).sum().backward()
    i = len(cases)
    kept = dict(x=x, dy=dy, logits=logits, dx=x.grad)
    tensors.update({f"{i}.{key}": value.detach().clone().contiguous() for key, value in kept.items()})
    grads = {key: torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for key, leaf in leaves.items()}
    grads.update({name: b.clone() for name, b in buffers.items()})
    save_file({key: value.contiguous() for key, value in grads.items()}, folder / "gradients.safetensors")
    cases.append(dict(name=name, file="weights.safetensors", **params))


def norms(name): return {f"{name}.weight": 1 + 0.2 * torch.randn(16), f"{name}.bias": 0.2 * torch.randn(16)}
def layer(name, made, read, bias=True):
    return {f"{name}.weight": 0.2 * torch.randn(made, read), **({f"{name}.bias": 0.2 * torch.randn(made)} if bias else {})}


def openai():
    state = {"visual.class_embedding": 0.2 * torch.randn(16), "visual.positional_embedding": 0.2 * torch.randn(10, 16),
             "visual.proj": 0.2 * torch.randn(16, 5), "visual.conv1.weight": 0.2 * torch.randn(16, 3, 4, 4),
             **norms("visual.ln_pre"), **norms("visual.ln_post"), "logit_scale": torch.ones([]), "ln_final.weight": torch.ones(4)}
    for i in range(2):
        b = f"visual.transformer.resblocks.{i}"
        state |= {**norms(f"{b}.ln_1"), f"{b}.attn.in_proj_weight": 0.2 * torch.randn(48, 16), f"{b}.attn.in_proj_bias": 0.2 * torch.randn(48),
                  **layer(f"{b}.attn.out_proj", 16, 16), **norms(f"{b}.ln_2"), **layer(f"{b}.mlp.c_fc", 24, 16), **layer(f"{b}.mlp.c_proj", 16, 24)}
    m = timm.create_model("vit_base_patch16_clip_quickgelu_224", img_size=12, patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_ratio=1.5, num_classes=5).eval()
    by_timm("openai-clip", m, state, layout="openai", options=dict(numHeads=2), told='act: "quick_gelu"')


def meta_block(b, gated):
    mlp = {**layer(f"{b}.mlp.w12", 48, 16), **layer(f"{b}.mlp.w3", 16, 24)} if gated else {**layer(f"{b}.mlp.fc1", 24, 16), **layer(f"{b}.mlp.fc2", 16, 24)}
    return {**norms(f"{b}.norm1"), **layer(f"{b}.attn.qkv", 48, 16), **layer(f"{b}.attn.proj", 16, 16), f"{b}.ls1.gamma": torch.randn(16),
            **norms(f"{b}.norm2"), **mlp, f"{b}.ls2.gamma": torch.randn(16)}


def meta():
    for registers in (0, 2):
        state = {"cls_token": torch.randn(1, 1, 16), "pos_embed": torch.randn(1, 10, 16), "mask_token": torch.randn(1, 16),
                 **({"register_tokens": torch.randn(1, registers, 16)} if registers else {}), **layer("patch_embed.proj", 16, 3), **norms("norm")}
        state["patch_embed.proj.weight"] = 0.2 * torch.randn(16, 3, 4, 4)
        for i in range(2): state |= meta_block(f"blocks.{i}", registers > 0)
        mlp = dict(mlp_layer=SwiGLUPacked, act_layer=nn.SiLU, mlp_ratio=3) if registers else dict(mlp_ratio=1.5)
        m = timm.models.VisionTransformer(img_size=12, patch_size=4, embed_dim=16, depth=2, num_heads=2, num_classes=0, init_values=1, reg_tokens=registers,
                                          no_embed_class=registers > 0, global_pool="token", **mlp).eval()
        name = "meta-dinov2" + "-registers" * (registers > 0)
        by_timm(name, m, state, layout="meta", options=dict(numHeads=2), folded=registers > 0)


def eva_authors():
    """EVA-02 as BAAI names it."""
    state = {"cls_token": torch.randn(1, 1, 16), "pos_embed": torch.randn(1, 10, 16), **layer("patch_embed.proj", 16, 3), **norms("fc_norm"), **layer("head", 3, 16)}
    state["patch_embed.proj.weight"] = 0.2 * torch.randn(16, 3, 4, 4)
    for i in range(2):
        b = f"blocks.{i}"
        state |= {**norms(f"{b}.norm1"), **layer(f"{b}.attn.q_proj", 16, 16, False), **layer(f"{b}.attn.k_proj", 16, 16, False), **layer(f"{b}.attn.v_proj", 16, 16, False),
                  f"{b}.attn.q_bias": 0.2 * torch.randn(16), f"{b}.attn.v_bias": 0.2 * torch.randn(16), **layer(f"{b}.attn.proj", 16, 16), **norms(f"{b}.norm2"),
                  **layer(f"{b}.mlp.w1", 24, 16), **layer(f"{b}.mlp.w2", 24, 16), f"{b}.mlp.ffn_ln.weight": torch.ones(24), f"{b}.mlp.ffn_ln.bias": torch.zeros(24), **layer(f"{b}.mlp.w3", 16, 24)}
    m = timm.create_model("eva02_base_patch14_224", img_size=12, patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_ratio=1.5, num_classes=3).eval()
    by_timm("eva02-authors", m, state, layout="timm", options=dict(numHeads=2, globalPool="avg"), told='rope: "eva"')


class RMSNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


def turned(x, side, theta):
    """x (B,H,L,E) of side * side places, neighbouring channels turned by row and column."""
    bands = theta ** (-torch.arange(x.shape[-1] // 4) / (x.shape[-1] // 4))
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    angles = torch.cat([rows.reshape(-1, 1) * bands, columns.reshape(-1, 1) * bands], -1)
    pairs = x.unflatten(-1, (-1, 2))
    a, b = pairs[..., 0], pairs[..., 1]
    return torch.stack([a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()], -1).flatten(-2)


class ViT5Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = RMSNorm(16), RMSNorm(16)
        self.attn = nn.Module()
        self.attn.qkv, self.attn.proj = nn.Linear(16, 48, bias=False), nn.Linear(16, 16)
        self.attn.q_norm, self.attn.k_norm = RMSNorm(8), RMSNorm(8)
        self.mlp = nn.Module()
        self.mlp.fc1, self.mlp.fc2 = nn.Linear(16, 24), nn.Linear(24, 16)
        self.gamma_1, self.gamma_2 = nn.Parameter(torch.ones(16)), nn.Parameter(torch.ones(16))

    def forward(self, x):
        q, k, v = self.attn.qkv(self.norm1(x)).unflatten(-1, (3, 2, 8)).permute(2, 0, 3, 1, 4)
        def place(t):
            return torch.cat([t[:, :, :1], turned(t[:, :, 1:-4], 3, 10000.0), turned(t[:, :, -4:], 2, 100.0)], 2)
        q, k = place(self.attn.q_norm(q)), place(self.attn.k_norm(k))
        y = nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        x = x + self.gamma_1 * self.attn.proj(y)
        return x + self.gamma_2 * self.mlp.fc2(nn.functional.gelu(self.mlp.fc1(self.norm2(x))))


class ViT5(nn.Module):
    """As the paper (Wang et al. 2026, section 3) has it: registers behind the patches, with rotary places of their own."""
    def __init__(self):
        super().__init__()
        self.patch_embed = nn.Module()
        self.patch_embed.proj = nn.Conv2d(3, 16, 4, 4)
        self.cls_token, self.reg_token = nn.Parameter(torch.zeros(1, 1, 16)), nn.Parameter(torch.zeros(1, 4, 16))
        self.pos_embed = nn.Parameter(torch.zeros(1, 9, 16))
        self.blocks = nn.ModuleList([ViT5Block(), ViT5Block()])
        self.norm, self.head = RMSNorm(16), nn.Linear(16, 3)

    def forward(self, x):
        x = self.patch_embed.proj(x).flatten(2).transpose(1, 2) + self.pos_embed
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x, self.reg_token.expand(len(x), -1, -1)], 1)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0])


def vit5():
    m = draw(ViT5())
    def save(folder):
        bands = lambda theta: theta ** (-torch.arange(2) / 2)
        fixed = {f"blocks.{i}.attn.{name}.freqs": bands(theta) for i in range(2) for name, theta in (("rope", 10000.0), ("rope_reg", 100.0))}
        save_file({**{n: p.detach().clone() for n, p in m.named_parameters()}, **fixed}, folder / "model.safetensors")
    case("vit5", m, m, save, rename=lambda grads: {**grads, **{k: v for k, v in load_file(out / "families/vit5/model.safetensors").items() if k.endswith("freqs")}},
         layout="timm", options=dict(numHeads=2), told="imgSize: [12,12]")


def meta_dinov3():
    """With the buffers that its files hold; timm's own loader is the judge, and splits the biases, of which keys have none."""
    for gated in (False, True):
        state = {"cls_token": torch.randn(1, 1, 16), "storage_tokens": torch.randn(1, 2, 16), "mask_token": torch.randn(1, 16),
                 **layer("patch_embed.proj", 16, 3), **norms("norm")}
        state["patch_embed.proj.weight"] = 0.2 * torch.randn(16, 3, 4, 4)
        buffers = {"rope_embed.periods": 100 ** (torch.arange(2) / 2)}
        for i in range(2):
            b = f"blocks.{i}"
            mlp = {**layer(f"{b}.mlp.w1", 24, 16), **layer(f"{b}.mlp.w2", 24, 16), **layer(f"{b}.mlp.w3", 16, 24)} if gated else {**layer(f"{b}.mlp.fc1", 24, 16), **layer(f"{b}.mlp.fc2", 16, 24)}
            state |= {**norms(f"{b}.norm1"), **layer(f"{b}.attn.qkv", 48, 16), **layer(f"{b}.attn.proj", 16, 16), f"{b}.ls1.gamma": torch.randn(16),
                      **norms(f"{b}.norm2"), **mlp, f"{b}.ls2.gamma": torch.randn(16)}
            state[f"{b}.attn.qkv.bias"][16:32] = 0
            buffers[f"{b}.attn.qkv.bias_mask"] = torch.cat([torch.ones(16), torch.zeros(16), torch.ones(16)])
        name = "vit_small_plus_patch16_dinov3_qkvb" if gated else "vit_small_patch16_dinov3_qkvb"
        m = timm.create_model(name, img_size=12, patch_size=4, embed_dim=16, depth=2, num_heads=2, num_classes=0, mlp_ratio=1.5, num_reg_tokens=2,
                              global_pool="token", use_fc_norm=False, dynamic_img_size=False).eval()
        by_timm("meta-dinov3" + "-swiglu" * gated, m, state, buffers=buffers, layout="meta", options=dict(numHeads=2, imgSize=12))


# Swin Transformers: a grid of 8, 4 and 2 tokens, whose last stage is one window.
SWIN = dict(embed_dim=4, depths=[2, 2, 1], num_heads=[1, 1, 2], mlp_ratio=1.5)
SWIN2 = {**SWIN, "depths": [2, 1], "num_heads": [1, 2]}  # its networks of distances, 512 wide, make files large


def hf_swin():
    m = SwinForImageClassification(SwinConfig(**SWIN, image_size=16, patch_size=2, window_size=2, num_labels=3))
    hugging_face("hf-swin", m, lambda x: m(x).logits, size=(16, 16))
    n = Swinv2Model(Swinv2Config(**SWIN2, image_size=16, patch_size=2, window_size=4, pretrained_window_sizes=[3, 0]))
    hugging_face("hf-swinv2", n, lambda x: n(x).pooler_output, size=(16, 16))


def timm_swin():
    of_timm("timm-swin", "swin_tiny_patch4_window7_224", size=(16, 16), img_size=16, patch_size=2, depth=None, **SWIN, window_size=4)
    of_timm("timm-swinv2", "swinv2_tiny_window8_256", size=(16, 16), img_size=16, patch_size=2, depth=None, **SWIN2, window_size=4)


def microsoft_swin():
    """As Microsoft's code names them, with the buffers that its files hold: timm's own loader is the judge."""
    from timm.models import swin_transformer, swin_transformer_v2
    for name, module, cls, args in [
        ("microsoft-swin", swin_transformer, swin_transformer.SwinTransformer, dict(**SWIN, window_size=2)),
        ("microsoft-swinv2", swin_transformer_v2, swin_transformer_v2.SwinTransformerV2, dict(**SWIN2, window_size=4, pretrained_window_sizes=(3, 2))),
    ]:
        m = draw(cls(img_size=16, patch_size=2, num_classes=3, **args))
        state = {}
        for key, value in m.state_dict().items():
            stage, _, rest = key.removeprefix("layers.").partition(".")
            moved = f"layers.{int(stage) - 1}.{rest}" if ".downsample." in key else key
            state[moved.replace("head.fc.", "head.")] = value.clone()
        buffers = {n: b for n, b in m.named_buffers() if n.endswith(("relative_position_index", "relative_coords_table", "attn_mask"))}
        by_timm(name, m, state, layout="microsoft", size=(16, 16), convert=module.checkpoint_filter_fn, buffers=buffers)


hf(); timm_cases(); openai(); meta(); eva_authors(); vit5()
torch.manual_seed(16)
hf_swin(); timm_swin(); microsoft_swin()
torch.manual_seed(17)
meta_dinov3()
save_file(tensors, out / "families.safetensors")
(out / "families.json").write_text(json.dumps({"torch": torch.__version__, "cases": cases}, indent=1) + "\n")
print(len(cases), "cases")
