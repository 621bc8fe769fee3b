"""Writes losses.json: what PyTorch's losses, and DeiT's distillation as its repository writes it, give with their gradients.

Run: python generate_losses.py [out_dir]   (needs torch)
"""
import json, pathlib, sys
import torch
import torch.nn.functional as F

out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
torch.set_num_threads(1)
torch.manual_seed(0)
N, C = 6, 4
labels = torch.tensor([0, 1, 1, 2, 3, 0])
one_hot = F.one_hot(labels, C).float()
logits, teacher = torch.randn(N, C) * 3, torch.randn(N, C) * 3
weights = torch.tensor([0.5, 2.0, 1.0, 0.25])
cases = []


def case(name, options, run):
    x = logits.clone().requires_grad_()
    loss = run(x)
    loss.backward()
    cases.append({"loss": name, "options": options, "value": loss.item(), "gradient": x.grad.flatten().tolist()})


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

inputs = {"labels": labels.tolist(), "classes": C, "logits": logits.flatten().tolist(), "teacher": teacher.flatten().tolist()}
(out / "losses.json").write_text(json.dumps({"torch": torch.__version__, **inputs, "cases": cases}) + "\n")
