"""Writes in-place.safetensors and .json: what PyTorch's in-place ops leave, and the gradients of what went in.

Run: python generate_in_place.py [out_dir]   (needs torch, safetensors)
"""
import json, pathlib, sys
import torch
from safetensors.torch import save_file

out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
torch.set_num_threads(1)
g = torch.Generator().manual_seed(11)
tensors, cases = {}, []


def case(program, run, a, b):
    i = len(cases)
    cases.append({"case": i, "program": program})
    a, b = a.clone().requires_grad_(), b.clone().requires_grad_()
    y = run(a, b)
    (y * torch.arange(1.0, y.numel() + 1).reshape(y.shape)).sum().backward()
    named = {"a": a, "b": b, "y": y, "da": a.grad, "db": b.grad}
    tensors.update({f"{i}.{k}": v.detach().contiguous() for k, v in named.items() if v is not None})


a = torch.randn(3, 4, generator=g)
for op in ("add", "sub", "mul", "div", "copy"):
    for shape in ((3, 4), (4,), (3, 1), (1, 1), ()):
        b = 0.5 + torch.rand(shape, generator=g)
        case(f"{op}_", lambda a, b: getattr(a * 1.5, f"{op}_")(b), a, b)
        case(f"{op}_ into a constant", lambda a, b: getattr(torch.ones(3, 4), f"{op}_")(b) * a, a, b)
b = 0.5 + torch.rand(3, 4, generator=g)
for op in ("add", "sub", "mul", "div", "fill"):
    case(f"{op}_ a number", lambda a, b: getattr(a * 1.5, f"{op}_")(-1.75) * b, a, b)
case("fill_", lambda a, b: (a * 1.5).fill_(b.sum()) * b, a, b)
case("zero_", lambda a, b: (a * 1.5).zero_() + b, a, b)
case("clamp_", lambda a, b: (a * 1.5).clamp_(-0.5, 1) * b, a, b)
case("clamp_ from below", lambda a, b: (a * 1.5).clamp_(min=-0.5) * b, a, b)


def chain(a, b):
    x = a * a
    return x.add_(b).mul_(b).clamp_(-1, 2).div_(b).sub_(a)


def of_itself(a, b):
    x = a * b
    return x.add_(x).sub_(x * 0.25)


def view_changed(a, b):
    x = a * 2
    x.reshape(-1).mul_(b.reshape(-1))
    return x


def base_changed(a, b):
    x = a * 2
    v = x.reshape(2, 6)
    x.mul_(b)
    return v * v


def both_changed(a, b):
    x = a * 2
    v, w = x.reshape(-1), x.unsqueeze(0)
    v.add_(b.reshape(-1))
    x.mul_(b)
    w.div_(3)
    v.mul_(2)
    return w + x


def view_of_view(a, b):
    x = a * 2
    x.reshape(-1).unsqueeze(0).reshape(4, 3).mul_(b.reshape(4, 3))
    return x + a


def constant_changed(a, b):
    x = torch.zeros(3, 4)
    v = x.reshape(-1)
    v.add_(a.reshape(-1))
    x.mul_(b)
    return x + v.reshape(3, 4)


def buffer(a, b):
    x = torch.zeros(3, 4)
    x.copy_(a)
    y = x * 3
    x.fill_(2)
    return y + x * b


def detached(a, b):
    x = a * 2
    x.detach().add_(1)
    return x * b


for run in (chain, of_itself, view_changed, base_changed, both_changed, view_of_view, constant_changed, buffer, detached):
    case(run.__name__, run, a, b)

save_file(tensors, out / "in-place.safetensors")
(out / "in-place.json").write_text(json.dumps({"torch": torch.__version__, "cases": cases}, indent=1) + "\n")
