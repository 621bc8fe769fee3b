"""Checks by hand that what vitrine saves loads strictly in the library whose layout it has, and gives the same logits.

Run: python check_saved.py   (needs node and a built vitrine; torch, torchvision, timm, transformers, safetensors)
"""
import functools, json, pathlib, subprocess, tempfile, warnings
import torch
import torch.nn as nn
from safetensors.torch import load_file

# A torchvision built for another torch cannot register its operators; only its Python part is needed.
_register = torch.library.register_fake
torch.library.register_fake = lambda op, *a, **k: (lambda f: f) if str(op).startswith("torchvision::") else _register(op, *a, **k)

import transformers
from timm.layers import StdConv2dSame
from timm.models.deit import VisionTransformerDistilled
from timm.models.resnetv2 import create_resnetv2_stem
from timm.models.vision_transformer import VisionTransformer
from timm.models.vision_transformer_hybrid import HybridEmbed
from torchvision.models.vision_transformer import VisionTransformer as TorchvisionViT

transformers.logging.set_verbosity_error(); transformers.logging.disable_progress_bar(); warnings.filterwarnings("ignore"); torch.set_num_threads(1)
pair = lambda size: size if isinstance(size, int) else tuple(size)
first = lambda size: size if isinstance(size, int) else size[0]


def timm_model(c):
    args = dict(img_size=pair(c["imgSize"]), patch_size=pair(c["patchSize"]), in_chans=c["inChans"], num_classes=c["numClasses"],
                global_pool=c["globalPool"], embed_dim=c["embedDim"], depth=c["depth"], num_heads=c["numHeads"], mlp_ratio=c["mlpRatio"],
                qkv_bias=c["qkvBias"], qk_norm=c["qkNorm"], proj_bias=c["projBias"], init_values=c.get("initValues"),
                class_token=c["classToken"], pos_embed={"learned1d": "learn", "none": "none"}[c["posEmbed"]],
                no_embed_class=c["noEmbedClass"], reg_tokens=c["regTokens"], pre_norm=c["preNorm"], final_norm=c["finalNorm"],
                fc_norm=c.get("fcNorm"), dynamic_img_size=c["dynamicImgSize"], dynamic_img_pad=c["dynamicImgPad"],
                norm_layer=functools.partial(nn.LayerNorm, eps=c["normEps"]), act_layer=c["act"])
    if c.get("resnetLayers") is not None:
        stem = create_resnetv2_stem(c["inChans"], stem_type="same", preact=False, conv_layer=functools.partial(StdConv2dSame, eps=1e-8))
        args["embed_layer"] = functools.partial(HybridEmbed, backbone=stem)
    return (VisionTransformerDistilled if c["distilled"] else VisionTransformer)(**args)


def torchvision_model(c):
    return TorchvisionViT(image_size=first(c["imgSize"]), patch_size=first(c["patchSize"]), num_layers=c["depth"], num_heads=c["numHeads"],
                          hidden_dim=c["embedDim"], mlp_dim=int(c["embedDim"] * c["mlpRatio"]), num_classes=c["numClasses"],
                          representation_size=c.get("representationSize"))


def hf_logits(path, c, x):
    (name,) = json.loads((pathlib.Path(path) / "config.json").read_text())["architectures"]
    extra = {} if c["numClasses"] else {"add_pooling_layer": False}
    model, info = getattr(transformers, name).from_pretrained(path, output_loading_info=True, **extra)
    assert not any(info[k] for k in ("missing_keys", "unexpected_keys", "mismatched_keys")), info
    out = model.eval()(x)
    if c["numClasses"]: return out.logits
    return out.last_hidden_state[:, :2].mean(1) if c["distilled"] else out.last_hidden_state[:, 0]


def logits(case, x):
    c = case["config"]
    if case["layout"] == "hf": return hf_logits(case["path"], c, x)
    model = (timm_model if case["layout"] == "timm" else torchvision_model)(c).eval()
    model.load_state_dict(load_file(case["path"]), strict=True)
    return model(x)


with tempfile.TemporaryDirectory() as folder, torch.no_grad():
    subprocess.run(["node", str(pathlib.Path(__file__).parent / "save-models.mjs"), folder], check=True)
    tensors, cases = load_file(f"{folder}/tensors.safetensors"), json.loads(pathlib.Path(f"{folder}/cases.json").read_text())
    bad, worst = 0, 0.0
    for i, case in enumerate(cases):
        want = tensors[f"{i}.logits"]
        try:
            got = logits(case, tensors[f"{i}.x"])
            assert got.shape == want.shape, (got.shape, want.shape)
            difference = ((got - want).abs().max() / want.abs().max()).item()
            assert difference < 1e-4, f"logits off by {difference:.1e}"
            worst = max(worst, difference)
        except Exception as error:
            bad += 1
            print("BAD", case["layout"], case["options"], str(error).replace("\n", " ")[:200])
    print(f"{len(cases)} saved, {bad} bad, logits off by {worst:.1e} at most")
