"""timm's ViT from the sizes that the runner sends."""

import torch

# A torchvision built for another torch cannot register its operators; timm needs only its Python part.
_register = torch.library.register_fake
torch.library.register_fake = (
    lambda op, *a, **k: (lambda f: f) if str(op).startswith("torchvision::") else _register(op, *a, **k)
)


def vision_transformer(sizes):
    from timm.models.vision_transformer import VisionTransformer

    return VisionTransformer(
        img_size=sizes["imgSize"],
        patch_size=sizes["patchSize"],
        in_chans=sizes["inChans"],
        num_classes=sizes["numClasses"],
        embed_dim=sizes["embedDim"],
        depth=sizes["depth"],
        num_heads=sizes["numHeads"],
        mlp_ratio=sizes["mlpRatio"],
    )


def images(sizes, batch):
    return torch.randn(batch, sizes["inChans"], sizes["imgSize"], sizes["imgSize"])
