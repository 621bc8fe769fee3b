"""Writes elementary-losses.safetensors and .json: PyTorch's losses with their gradients.

Run: python generate_elementary_losses.py [out_dir]   (needs torch, safetensors)
"""
import json, pathlib, sys
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
torch.set_num_threads(1)
g = torch.Generator().manual_seed(1)
tensors, cases = {}, []


def case(op, options, a, b, run, **more):
    i = len(cases)
    cases.append({"case": i, "op": op, "options": options})
    a = a.clone().requires_grad_()
    b = b.clone().requires_grad_() if b.is_floating_point() else b
    y = run(a, b, **more)
    (y * torch.arange(1.0, y.numel() + 1).reshape(y.shape)).sum().backward()
    named = {"a": a, "b": b, "y": y, "da": a.grad, "db": b.grad if b.is_floating_point() else None, **more}
    tensors.update({f"{i}.{k}": v.detach().contiguous() for k, v in named.items() if v is not None})


a, b = 2 * torch.randn(3, 4, generator=g), torch.rand(3, 4, generator=g)
b[0, 0], b[0, 1], b[1, 1] = 0.0, 1.0, a[1, 1]
for reduction in ("mean", "sum", "none"):
    o = {"reduction": reduction}
    case("mseLoss", o, a, b, lambda a, b: F.mse_loss(a, b, **o))
    case("l1Loss", o, a, b, lambda a, b: F.l1_loss(a, b, **o))
    for beta in (0, 0.5, 1):
        case("smoothL1Loss", {**o, "beta": beta}, a, b, lambda a, b: F.smooth_l1_loss(a, b, beta=beta, **o))
    for delta in (0.5, 2):
        case("huberLoss", {**o, "delta": delta}, a, b, lambda a, b: F.huber_loss(a, b, delta=delta, **o))
    bce = F.binary_cross_entropy_with_logits
    case("binaryCrossEntropyWithLogits", o, 30 * a, b, lambda a, b: bce(a, b, **o))
    weights = {"weight": torch.rand(4, generator=g), "posWeight": 3 * torch.rand(4, generator=g)}
    case("binaryCrossEntropyWithLogits", o, a, b, lambda a, b, weight, posWeight: bce(a, b, weight=weight, pos_weight=posWeight, **o), **weights)
    logs = torch.log_softmax(a, 1)
    case("nllLoss", o, logs, torch.tensor([3, -100, 0]), lambda a, b: F.nll_loss(a, b, **o))
    deep = torch.randn(2, 3, 2, 2, generator=g)
    labels = torch.tensor([[[0, 1], [2, 1]], [[1, 1], [0, 2]]])
    weight = {"weight": torch.tensor([0.5, 2.0, 0.0])}
    case("nllLoss", {**o, "ignoreIndex": 1}, deep, labels, lambda a, b, weight: F.nll_loss(a, b, weight, ignore_index=1, **o), **weight)
    case("nllLoss", o, deep[0, :, 0, 0], torch.tensor(2), lambda a, b: F.nll_loss(a, b, **o))
for reduction in ("mean", "sum", "none", "batchmean"):
    for log_target in (False, True):
        o = {"reduction": reduction, "logTarget": log_target}
        p = torch.softmax(b, 1)
        p[0, 0] = 0.0 if not log_target else p[0, 0]
        case("klDiv", o, torch.log_softmax(a, 1), p.log() if log_target else p, lambda a, b: F.kl_div(a, b, reduction=reduction, log_target=log_target))

save_file(tensors, out / "elementary-losses.safetensors")
(out / "elementary-losses.json").write_text(json.dumps({"torch": torch.__version__, "cases": cases}, indent=1) + "\n")
