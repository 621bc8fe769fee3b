"""Writes losses.json: what PyTorch's and timm's losses, and DeiT's distillation as its repository writes it, give with
their gradients; the cases with `mixed` are of timm's mixed labels.

Run: python generate_losses.py [out_dir]   (needs torch and timm)
"""
import json, pathlib, sys
import torch
import torch.nn.functional as F

# Lets a torchvision whose compiled operators do not fit this torch be imported; only timm's Python is used.
_register_fake = torch.library.register_fake
torch.library.register_fake = lambda op, *a, **k: (lambda f: f) if str(op).startswith("torchvision::") else _register_fake(op, *a, **k)
import timm
from timm.data.mixup import mixup_target
from timm.loss import BinaryCrossEntropy, SoftTargetCrossEntropy

out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
torch.set_num_threads(1)
torch.manual_seed(0)
N, C = 6, 4
labels = torch.tensor([0, 1, 1, 2, 3, 0])
one_hot = F.one_hot(labels, C).float()
logits, teacher = torch.randn(N, C) * 3, torch.randn(N, C) * 3
weights = torch.tensor([0.5, 2.0, 1.0, 0.25])
cases = []


def case(name, options, run, **more):
    x = logits.clone().requires_grad_()
    loss = run(x)
    loss.backward()
    cases.append({"loss": name, "options": options, "value": loss.item(), "gradient": x.grad.flatten().tolist(), **more})


for smoothing in (0.0, 0.2):
    case("crossEntropy", {"labelSmoothing": smoothing}, lambda x: F.cross_entropy(x, labels, label_smoothing=smoothing))
    case("crossEntropy", {"labelSmoothing": smoothing, "classWeights": weights.tolist()},
         lambda x: F.cross_entropy(x, labels, weights, label_smoothing=smoothing))
    target = one_hot * (1 - smoothing) + smoothing / C
    case("binaryCrossEntropy", {"labelSmoothing": smoothing}, lambda x: F.binary_cross_entropy_with_logits(x, target))
    case("binaryCrossEntropy", {"labelSmoothing": smoothing, "posWeight": weights.tolist()},
         lambda x: F.binary_cross_entropy_with_logits(x, target, pos_weight=weights))
for gamma in (0.0, 2.0):
    def focal(x, w):
        nll = F.cross_entropy(x, labels, reduction="none")
        return (w * (1 - torch.exp(-nll)) ** gamma * nll).mean()
    case("focal", {"gamma": gamma}, lambda x: focal(x, 1.0))
    case("focal", {"gamma": gamma, "classWeights": weights.tolist()}, lambda x: focal(x, weights[labels]))
case("distillation", {"kind": "hard", "alpha": 0.3},
     lambda x: F.cross_entropy(x, labels) * 0.7 + F.cross_entropy(x, teacher.argmax(1)) * 0.3)
for T in (1.0, 3.0):
    case("distillation", {"kind": "soft", "alpha": 0.5, "tau": T}, lambda x: F.cross_entropy(x, labels) * 0.5 + 0.5 * F.kl_div(
        F.log_softmax(x / T, 1), F.log_softmax(teacher / T, 1), reduction="sum", log_target=True) * (T * T) / x.numel())

mixed = mixup_target(labels, C, 0.3, 0.1)
soft = {"mixed": True}
case("crossEntropy", {}, lambda x: SoftTargetCrossEntropy()(x, mixed), **soft)
for smoothing in (0.0, 0.2):
    options = {"labelSmoothing": smoothing, "classWeights": weights.tolist()}
    case("crossEntropy", options, lambda x: F.cross_entropy(x, mixed, weights, label_smoothing=smoothing), **soft)
case("binaryCrossEntropy", {}, lambda x: BinaryCrossEntropy(smoothing=0.1)(x, mixed), **soft)
case("binaryCrossEntropy", {"posWeight": weights.tolist()},
     lambda x: BinaryCrossEntropy(smoothing=0.0, pos_weight=weights)(x, mixed), **soft)

inputs = {"labels": labels.tolist(), "classes": C, "logits": logits.flatten().tolist(), "teacher": teacher.flatten().tolist(),
          "mixed": mixed.flatten().tolist()}
(out / "losses.json").write_text(json.dumps({"torch": torch.__version__, "timm": timm.__version__, **inputs, "cases": cases}) + "\n")
