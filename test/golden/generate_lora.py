"""Writes lora.safetensors and the folder lora/: adapters of a timm ViT as Hugging Face's PEFT saves them, and the model's
weights, logits and gradients with them, in evaluation mode.

Run: python generate_lora.py [out_dir]   (needs torch, timm and peft)
"""
import pathlib, sys
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from timm.models.vision_transformer import VisionTransformer

out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
torch.set_num_threads(1)
torch.manual_seed(13)

model = VisionTransformer(img_size=8, patch_size=4, in_chans=1, num_classes=3, embed_dim=8, depth=2, num_heads=2)
for p in model.parameters():
    torch.nn.init.normal_(p, 0, 0.3)
weights = {f"model.{k}": v.clone() for k, v in model.state_dict().items()}
config = LoraConfig(r=3, lora_alpha=6, lora_dropout=0.1, target_modules=["qkv", "proj", "mlp.fc1"], exclude_modules="patch_embed.*", modules_to_save=["head"])
adapted = get_peft_model(model, config)
for name, p in adapted.named_parameters():
    if p.requires_grad:
        torch.nn.init.normal_(p, 0, 0.3)
adapted.eval()
x = torch.randn(2, 1, 8, 8)
logits = adapted(x)
gy = torch.randn_like(logits)
logits.backward(gy)
adapted.save_pretrained(out / "lora")
(out / "lora" / "README.md").unlink(missing_ok=True)

tensors = {"x": x, "logits": logits, "gy": gy, **weights}
for name, p in adapted.named_parameters():
    if not p.requires_grad:
        continue
    plain = name.removeprefix("base_model.model.").replace(".default", "").replace(".modules_to_save", "")
    tensors[f"grad.{plain}"] = p.grad
save_file({k: v.detach().contiguous().clone() for k, v in tensors.items()}, out / "lora.safetensors")
