"""timm's ViT or Swin from the sizes that the runner sends."""

import torch

# A torchvision built for another torch cannot register its operators; timm needs only its Python part.
_register = torch.library.register_fake
torch.library.register_fake = (
    lambda op, *a, **k: (lambda f: f) if str(op).startswith("torchvision::") else _register(op, *a, **k)
)


def model(sizes):
    common = {
        "img_size": sizes["imgSize"],
        "patch_size": sizes["patchSize"],
        "in_chans": sizes["inChans"],
        "num_classes": sizes["numClasses"],
        "embed_dim": sizes["embedDim"],
        "num_heads": sizes["numHeads"],
        "mlp_ratio": sizes["mlpRatio"],
    }
    if "depths" in sizes:
        from timm.models.swin_transformer import SwinTransformer

        # Nothing is dropped at random, as by the others.
        return SwinTransformer(depths=sizes["depths"], window_size=sizes["windowSize"], drop_path_rate=0.0, **common)
    from timm.models.vision_transformer import VisionTransformer

    return VisionTransformer(depth=sizes["depth"], init_values=sizes.get("initValues"), **common)


def images(sizes, batch):
    return torch.randn(batch, sizes["inChans"], sizes["imgSize"], sizes["imgSize"])
