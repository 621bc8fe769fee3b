"""Writes cross-entropy.safetensors and .json: PyTorch's cross-entropy with class weights, smoothing, ignored labels and
logits of any rank, and the gradients.

Run: python generate_cross_entropy.py [out_dir]   (needs torch, safetensors)
"""
import itertools, json, pathlib, sys
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
torch.set_num_threads(1)
g = torch.Generator().manual_seed(12)
tensors, cases = {}, []


def case(logits, target, weight, smoothing, reduction, ignore=None):
    i = len(cases)
    options = {"labelSmoothing": smoothing, "reduction": reduction}
    more = {} if ignore is None else {"ignore_index": ignore}
    if ignore is not None:
        options["ignoreIndex"] = ignore
    cases.append({"case": i, "options": options, "soft": target.is_floating_point()})
    x = logits.clone().requires_grad_()
    y = F.cross_entropy(x, target, weight=weight, label_smoothing=smoothing, reduction=reduction, **more)
    (y * torch.arange(1.0, y.numel() + 1).reshape(y.shape)).sum().backward()
    named = {"logits": x, "target": target, "weight": weight, "y": y, "dlogits": x.grad}
    tensors.update({f"{i}.{k}": v.detach().clone().contiguous() for k, v in named.items() if v is not None})


weight = torch.tensor([0.5, 2.0, 0.0, 1.25, 3.0])
rows, deep, one = (3 * torch.randn(shape, generator=g) for shape in ((4, 5), (2, 5, 3, 2), (5,)))
labels = {rows: torch.tensor([4, -100, 0, 2]), deep: torch.randint(0, 5, (2, 3, 2), generator=g), one: torch.tensor(3)}
for logits, smoothing, reduction in itertools.product((rows, deep, one), (0.0, 0.2), ("mean", "sum", "none")):
    for w in (None, weight):
        if w is not None or logits is not rows:
            case(logits, labels[logits], w, smoothing, reduction)
            case(logits, torch.softmax(torch.randn(logits.shape, generator=g), -1), w, smoothing, reduction)
    if logits is not one:
        case(logits, labels[logits].clamp(min=0), weight, smoothing, reduction, ignore=0)

save_file(tensors, out / "cross-entropy.safetensors")
(out / "cross-entropy.json").write_text(json.dumps({"torch": torch.__version__, "cases": cases}, indent=1) + "\n")
