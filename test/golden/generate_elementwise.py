"""Writes elementwise.safetensors and .json: what PyTorch gives at the edges of elementwise functions, and their gradients there.

Run: python generate_elementwise.py [out_dir]   (needs torch, safetensors)
"""
import json, pathlib, sys
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
torch.set_num_threads(1)
INF, NAN = float("inf"), float("nan")
EDGES = [0.0, -0.0, INF, -INF, NAN, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, 88.5, 89.0, -89.0, -104.0, 1e-40, 3e38, -3e38, 1e5]

UNARY = {
    "neg": torch.neg, "exp": torch.exp, "log": torch.log, "log1p": torch.log1p, "sqrt": torch.sqrt, "rsqrt": torch.rsqrt,
    "abs": torch.abs, "sign": torch.sign, "sin": torch.sin, "cos": torch.cos, "sigmoid": torch.sigmoid, "silu": F.silu,
    "square": torch.square, "logSigmoid": F.logsigmoid,
}
POWERS = [0.0, 1.0, 2.0, 3.0, -1.0, -2.0, 0.5, -0.5, 1.5, -1.5]
CLAMPS = [{"min": -1.0, "max": 1.0}, {"min": 0.0}, {"max": 0.0}, {"min": 1.0, "max": -1.0}]

tensors, cases = {}, []


def case(params, inputs, run):
    i = len(cases)
    cases.append({"case": i, **params})
    inputs = {k: v.clone().requires_grad_() for k, v in inputs.items()}
    y = run(**inputs)
    tensors[f"{i}.y"] = y.detach().float().contiguous()
    if y.requires_grad:
        y.backward(torch.ones_like(y))
    for k, v in inputs.items():
        tensors[f"{i}.{k}"] = v.detach().contiguous()
        if v.grad is not None:
            tensors[f"{i}.d{k}"] = v.grad.contiguous()


x = torch.tensor(EDGES)
for name, function in UNARY.items():
    # Near float32's smallest numbers PyTorch's own are 0: its edge, as e^89 is infinite, not sigmoid's.
    edges = x[~((x.abs() > 80) & (x.abs() < 200))] if name in ("sigmoid", "silu", "logSigmoid") else x
    case({"op": name}, {"x": edges}, lambda x: function(x))
for exponent in POWERS:
    case({"op": "pow", "exponent": exponent}, {"x": x}, lambda x: torch.pow(x, exponent))
for bounds in CLAMPS:
    case({"op": "clamp", "bounds": bounds}, {"x": x}, lambda x: torch.clamp(x, **bounds))

# Every pair of edges.
pairs = torch.tensor([0.0, -0.0, INF, -INF, NAN, 1.0, -1.0, 0.5, 2.0, -2.0, 3.0, -3.0])
a, b = (part.reshape(-1) for part in torch.meshgrid(pairs, pairs, indexing="ij"))
for name in ("sub", "div", "minimum", "maximum", "pow", "xlogy", "eq", "ne", "lt", "le", "gt", "ge"):
    case({"op": name, "pairs": True}, {"a": a, "b": b}, lambda a, b: getattr(torch, name)(a, b))

save_file(tensors, out / "elementwise.safetensors")
(out / "elementwise.json").write_text(json.dumps({"torch": torch.__version__, "cases": cases}, indent=1) + "\n")
