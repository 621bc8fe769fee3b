"""Writes modules.{json,safetensors}: norms, poolings and an embedding as PyTorch computes them, with gradients and with
what training leaves in their buffers.

Run: python generate_modules.py [out_dir]   (needs torch and safetensors)
"""
import json, pathlib, sys
import torch
import torch.nn as nn
from safetensors.torch import save_file

out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
torch.set_num_threads(1)
torch.manual_seed(12)
tensors, cases = {}, []


def case(name, args, options, module, x, training=True):
    """Two forward passes, of which the second has a backward: the first leaves its mark in the buffers."""
    module.train(training)
    for p in module.parameters():
        nn.init.normal_(p, 0.5, 0.5)
    for b_name, b in module.named_buffers():
        if b.dtype == torch.float32:
            nn.init.uniform_(b, 0.5, 1.5)
    before = {f"s.{k}": v.clone() for k, v in module.state_dict().items()}
    wanted = x.dtype == torch.float32
    module(x)
    if wanted:
        x.requires_grad_()
    y = module(x)
    gy = torch.randn_like(y)
    if y.requires_grad:
        y.backward(gy)
    named = {"x": x, "y": y, "gy": gy, **before}
    if wanted:
        named["gx"] = x.grad
    named |= {f"g.{k}": p.grad for k, p in module.named_parameters()}
    named |= {f"b.{k}": b for k, b in module.named_buffers()}
    for key, value in named.items():
        tensors[f"{len(cases)}.{key}"] = value.detach().contiguous().clone()
    cases.append({"case": len(cases), "module": name, "args": args, "options": options, "training": training})


for training in (True, False):
    case("BatchNorm2d", [3], {}, nn.BatchNorm2d(3), torch.randn(4, 3, 5, 6) * 3 + 2, training)
    case("BatchNorm2d", [3], {"affine": False, "momentum": 0.3}, nn.BatchNorm2d(3, affine=False, momentum=0.3), torch.randn(1, 3, 2, 2), training)
    case("BatchNorm2d", [2], {"trackRunningStats": False, "eps": 0.1}, nn.BatchNorm2d(2, track_running_stats=False, eps=0.1), torch.randn(2, 2, 3, 1), training)
    case("BatchNorm1d", [5], {}, nn.BatchNorm1d(5), torch.randn(7, 5), training)
    case("BatchNorm1d", [4], {}, nn.BatchNorm1d(4), torch.randn(3, 4, 9), training)
case("AvgPool2d", [{"kernelSize": 2}], None, nn.AvgPool2d(2), torch.randn(2, 3, 6, 8))
case("AvgPool2d", [{"kernelSize": 2}], None, nn.AvgPool2d(2), torch.randn(1, 2, 5, 7))
case("AvgPool2d", [{"kernelSize": [3, 2], "stride": [2, 1], "padding": [1, 1]}], None, nn.AvgPool2d((3, 2), (2, 1), (1, 1)), torch.randn(2, 2, 6, 5))
case("AvgPool2d", [{"kernelSize": 3, "stride": 2, "padding": 1, "countIncludePad": False}], None, nn.AvgPool2d(3, 2, 1, count_include_pad=False), torch.randn(1, 2, 6, 7))
case("MaxPool2d", [{"kernelSize": 3, "stride": 2, "padding": 1}], None, nn.MaxPool2d(3, 2, 1), torch.randn(2, 2, 6, 7))
case("RMSNorm", [6], {}, nn.RMSNorm(6), torch.randn(3, 4, 6))
case("RMSNorm", [[4, 6]], {"eps": 0.01}, nn.RMSNorm((4, 6), eps=0.01), torch.randn(3, 4, 6))
case("RMSNorm", [6], {"elementwiseAffine": False}, nn.RMSNorm(6, elementwise_affine=False), torch.randn(3, 6))
case("LayerNorm", [[4, 6]], {}, nn.LayerNorm((4, 6)), torch.randn(3, 4, 6))
case("LayerNorm", [[2, 3, 4]], {"bias": False}, nn.LayerNorm((2, 3, 4), bias=False), torch.randn(2, 3, 4))
case("Flatten", [], None, nn.Flatten(), torch.randn(2, 3, 4, 5))
case("Flatten", [0, 1], None, nn.Flatten(0, 1), torch.randn(2, 3, 4))
case("Identity", [], None, nn.Identity(), torch.randn(2, 3))
case("Embedding", [5, 3], None, nn.Embedding(5, 3), torch.tensor([[0, 4, 4], [2, 0, 1]]))
save_file(tensors, out / "modules.safetensors")
(out / "modules.json").write_text(json.dumps({"torch": torch.__version__, "cases": cases}, indent=1) + "\n")
