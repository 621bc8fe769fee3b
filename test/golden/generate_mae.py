"""Writes the golden fixtures of masked autoencoders: Transformers' ViTMAEForPreTraining as it saves itself (mae/), and its
loss, reconstruction and gradients (mae.json, mae.safetensors).

Run: python generate_mae.py [out_dir]   (needs torch, timm, transformers, numpy, safetensors)
"""
import pathlib, sys
import torch
from generate_more import Topic
from transformers import ViTMAEConfig, ViTMAEForPreTraining

out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)

t = Topic("mae"); torch.manual_seed(51)
config = ViTMAEConfig(
    hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12, image_size=12, patch_size=4, num_channels=2,
    decoder_hidden_size=12, decoder_num_hidden_layers=1, decoder_num_attention_heads=3, decoder_intermediate_size=20,
    mask_ratio=0.6, norm_pix_loss=True,
)
m = ViTMAEForPreTraining(config)
for name, p in m.named_parameters():
    if "pos_embed" not in name and "position_embeddings" not in name:
        torch.nn.init.normal_(p, 0.5 if name.endswith("norm.weight") else 0.0, 0.3)
m.save_pretrained(out / "mae")
x = torch.randn(2, 2, 12, 12); noise = torch.rand(2, 9)
r = m(x, noise=noise); r.loss.backward()
names = ["vit.embeddings.cls_token", "vit.embeddings.patch_embeddings.projection.weight", "decoder.mask_token", "decoder.decoder_embed.weight", "decoder.decoder_pred.bias", "decoder.decoder_norm.weight", "vit.layernorm.bias"]
p = dict(m.named_parameters())
t.case({}, x=x, noise=noise, loss=r.loss, logits=r.logits, mask=r.mask, **{f"g.{n}": p[n].grad for n in names})
t.save()
