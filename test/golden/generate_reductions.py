"""Writes reductions.safetensors and .json: what PyTorch's reductions give, with their gradients, ties, zeros, infinities and NaN.

Run: python generate_reductions.py [out_dir]   (needs torch, safetensors)
"""
import json, pathlib, sys
import torch
from safetensors.torch import save_file

out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
torch.set_num_threads(1)
INF, NAN = float("inf"), float("nan")
tensors, cases = {}, []


def case(op, x, options, run):
    i = len(cases)
    cases.append({"case": i, "op": op, "options": options})
    x = x.clone().requires_grad_()
    y = run(x)
    tensors[f"{i}.x"] = x.detach().contiguous()
    tensors[f"{i}.y"] = y.detach().float().contiguous()
    if y.requires_grad:
        dy = torch.arange(1.0, y.numel() + 1).reshape(y.shape)
        y.backward(dy)
        if x.grad is not None:
            tensors[f"{i}.dx"] = x.grad.contiguous()


g = torch.Generator().manual_seed(1)
plain = torch.randn(3, 4, 5, generator=g)
ties = torch.tensor([[1.0, 3.0, 3.0, 2.0], [0.0, -0.0, 0.0, 0.0], [-1.0, -1.0, -2.0, -2.0]])
zeros = torch.tensor([[1.0, 0.0, 3.0, 2.0], [0.0, 0.0, 2.0, 3.0], [2.0, 3.0, 4.0, 5.0]])
edges = torch.tensor([[INF, 1.0, 2.0], [-INF, 1.0, 2.0], [-INF, -INF, -INF], [NAN, 1.0, 2.0], [1.0, NAN, INF], [1e4, 1e4, -1e4]])
DIMS = [{"dim": 0}, {"dim": 1, "keepDim": True}, {"dim": [0, 2]}, {"dim": [1, 2], "keepDim": True}]


def kwargs(options):
    return {"dim": options["dim"], "keepdim": options.get("keepDim", False)} if "dim" in options else {}


MULTI = {
    "amax": torch.amax, "amin": torch.amin, "logsumexp": torch.logsumexp, "var": torch.var, "std": torch.std,
    "norm": lambda x, **k: torch.linalg.vector_norm(x, **k),
}
for op, function in MULTI.items():
    for options in DIMS:
        case(op, plain, options, lambda x: function(x, **kwargs(options)))
    for x in (ties, zeros) + (() if op in ("var", "std") else (edges,)):
        case(op, x, {"dim": 1}, lambda x: function(x, dim=1))
for correction in (0, 2, 1.5):
    case("var", plain, {"dim": 1, "correction": correction}, lambda x: torch.var(x, dim=1, correction=correction))
    case("std", plain, {"correction": correction}, lambda x: torch.std(x, correction=correction))
for p in (1, 3, 0.5, 1.5, INF, -INF, 0, -1):
    for x in (plain, zeros):
        case("norm", x, {"dim": 1, "p": str(p)}, lambda x: torch.linalg.vector_norm(x, ord=p, dim=1))
for name in ("max", "min"):
    case(name, ties, {}, getattr(torch, name))
    for x in (ties, plain, edges):
        case(name, x, {"dim": 1}, lambda x: getattr(torch, name)(x, dim=1).values)
        case(f"arg{name}", x, {"dim": 1}, lambda x: getattr(torch, f"arg{name}")(x, dim=1))
        case(f"arg{name}", x, {}, getattr(torch, f"arg{name}"))
for x in (zeros, plain[0], ties):
    for options in ({}, {"dim": 1}, {"dim": 0, "keepDim": True}):
        case("prod", x, options, lambda x: torch.prod(x, **kwargs(options)))
for x in (zeros, edges):
    for name in ("any", "all"):
        case(name, x, {"dim": 1}, lambda x: getattr(torch, name)(x, dim=1))
        case(name, x, {}, getattr(torch, name))
for x in (plain, edges, 1e4 + plain):
    for dim in (0, 1, -1):
        case("logSoftmax", x, {"dim": dim}, lambda x: torch.log_softmax(x, dim))

save_file(tensors, out / "reductions.safetensors")
(out / "reductions.json").write_text(json.dumps({"torch": torch.__version__, "cases": cases}, indent=1) + "\n")
