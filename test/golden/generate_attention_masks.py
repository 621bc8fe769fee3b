"""Writes attention-masks.{json,safetensors}: attention with masks, and modules with masks and further keys, as PyTorch
computes them.

Run: python generate_attention_masks.py [out_dir]   (needs torch and safetensors)
"""
import json, pathlib, sys
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file

out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
torch.set_num_threads(1)
torch.manual_seed(11)
tensors, cases = {}, []


def case(params, **named):
    for name, value in named.items():
        tensors[f"{len(cases)}.{name}"] = value.detach().contiguous().clone()
    cases.append({"case": len(cases), **params})


def leaf(*shape, scale=1.0):
    return (torch.randn(*shape) * scale).requires_grad_()


def seeing(*shape):
    """A boolean mask with a key for every query."""
    mask = torch.rand(*shape) < 0.6
    mask[..., 0] = True
    return mask


def sdpa():
    for q_shape, m, e, mask_shape, kind, causal, scale in [
        ((2, 3, 5, 4), 7, 4, (5, 7), "float", False, None),
        ((2, 3, 5, 4), 7, 4, (2, 1, 1, 7), "float", False, 0.3),
        ((2, 3, 5, 4), 7, 4, (3, 5, 7), "float", False, None),
        ((2, 3, 5, 4), 7, 4, (2, 3, 5, 7), "float", False, None),
        ((2, 3, 5, 4), 7, 4, (2, 1, 5, 7), "boolean", False, None),
        ((2, 3, 5, 4), 7, 6, (5, 7), "float", False, None),
        ((3, 5, 4), 7, 4, (5, 7), "boolean", False, None),
        ((3, 5, 4), 7, 4, (3, 5, 7), "float", False, None),
        ((5, 4), 5, 4, None, "none", True, None),
    ]:
        q, k, v = leaf(*q_shape), leaf(*q_shape[:-2], m, q_shape[-1]), leaf(*q_shape[:-2], m, e)
        mask = None if mask_shape is None else leaf(*mask_shape) if kind == "float" else seeing(*mask_shape)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal, scale=scale)
        gy = torch.randn_like(y)
        wanted = [q, k, v] + ([mask] if kind == "float" else [])
        gradients = torch.autograd.grad(y, wanted, gy)
        named = dict(q=q, k=k, v=v, y=y, gy=gy, gq=gradients[0], gk=gradients[1], gv=gradients[2])
        if kind == "float":
            named |= dict(mask=mask, gmask=gradients[3])
        elif kind == "boolean":
            named |= dict(mask=mask.to(torch.uint8))
        case(dict(op="sdpa", mask=kind, isCausal=causal, scale=scale), **named)


def module_case(params, module, inputs, y, extra):
    gy = torch.randn_like(y)
    y.backward(gy)
    named = {"y": y, "gy": gy, **extra}
    for name, x in inputs.items():
        named |= {name: x, f"g.{name}": x.grad}
    named |= {f"p.{name}": p for name, p in module.named_parameters()}
    named |= {f"gp.{name}": p.grad for name, p in module.named_parameters()}
    case(params, **named)


def multihead():
    b, t, m, e, h = 2, 5, 7, 12, 3
    for options, mask_shape, kind, padded, causal in [
        (dict(kdim=9, vdim=10), (t, m), "float", False, False),
        (dict(kdim=9), (t, m), "boolean", True, False),
        (dict(add_bias_kv=True), (t, m), "float", True, False),
        (dict(add_zero_attn=True), (b * h, t, m), "boolean", False, False),
        (dict(add_bias_kv=True, add_zero_attn=True, vdim=10, bias=False), None, "none", True, False),
        (dict(add_bias_kv=True, batch_first=False), (t, m), "boolean", False, True),
        (dict(), (b * h, t, m), "float", False, False),
    ]:
        options = {"batch_first": True, **options}
        module = nn.MultiheadAttention(e, h, **options)
        for p in module.parameters():
            nn.init.normal_(p, std=0.4)
        turn = (lambda x: x) if options["batch_first"] else (lambda x: x.transpose(0, 1).contiguous())
        q, k, v = (turn(torch.randn(b, n, d)).requires_grad_() for n, d in
                   [(t, e), (m, options.get("kdim", e)), (m, options.get("vdim", e))])
        mask = None if mask_shape is None else torch.randn(mask_shape) if kind == "float" else ~seeing(*mask_shape)
        if causal:
            mask = torch.ones(t, m, dtype=torch.bool).triu(1)
        padding = None
        if padded:
            padding = torch.zeros(b, m, dtype=torch.bool)
            padding[0, 5:] = True
        y, weights = module(q, k, v, attn_mask=mask, key_padding_mask=padding)
        _, each = module(q, k, v, attn_mask=mask, key_padding_mask=padding, average_attn_weights=False)
        extra = dict(weights=weights, each=each)
        if mask is not None and not causal:
            extra["mask"] = mask if kind == "float" else mask.to(torch.uint8)
        if padding is not None:
            extra["padding"] = padding.to(torch.uint8)
        module_case(dict(op="multihead", options=options, mask=kind, causal=causal), module, dict(q=q, k=k, v=v), y, extra)


def transformer():
    b, s, t, e, h = 2, 5, 4, 8, 2
    model = nn.Transformer(e, h, 1, 1, 12, dropout=0.0, batch_first=True)
    for p in model.parameters():
        nn.init.normal_(p, std=0.4)
    src, tgt = torch.randn(b, s, e).requires_grad_(), torch.randn(b, t, e).requires_grad_()
    masks = dict(src_mask=torch.randn(s, s), tgt_mask=~seeing(t, t), memory_mask=torch.randn(t, s))
    y = model(src, tgt, **masks)
    extra = {name: mask if mask.dtype == torch.float32 else mask.to(torch.uint8) for name, mask in masks.items()}
    module_case(dict(op="transformer"), model, dict(src=src, tgt=tgt), y, extra)


sdpa()
multihead()
transformer()
save_file(tensors, out / "attention-masks.safetensors")
(out / "attention-masks.json").write_text(json.dumps({"torch": torch.__version__, "cases": cases}, indent=1) + "\n")
