"""Writes optim.safetensors and .json: steps of PyTorch's and timm's optimizers, learning rates of their schedulers, and timm's
average of weights.

Run: python generate_optim.py [out_dir]   (needs torch, timm, safetensors)
"""
import json, pathlib, sys
import torch
# Lets a torchvision whose compiled operators do not fit this torch be imported, as timm does; nothing of it is used.
_register_fake = torch.library.register_fake
torch.library.register_fake = lambda op, *a, **k: (lambda f: f) if str(op).startswith("torchvision::") else _register_fake(op, *a, **k)
from timm.optim import Lamb, Lion
from timm.scheduler import CosineLRScheduler, PolyLRScheduler, StepLRScheduler
from timm.utils.model_ema import ModelEmaV3
from torch.optim import lr_scheduler as S
from safetensors.torch import save_file

out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
torch.set_num_threads(1)
torch.manual_seed(0)
SHAPES, STEPS = [(7,), (3, 5), (1,)], 5
tensors, cases = {}, []


def optimizer_case(name, make, options, groups=None):
    i = len(cases)
    cases.append({"case": i, "kind": "optimizer", "optimizer": name, "options": options, "groups": groups or []})
    parameters = [torch.randn(shape, requires_grad=True) for shape in SHAPES]
    named = {k: v for k, v in options.items()}
    given = [{"params": [p], **g} for p, g in zip(parameters, groups)] if groups else parameters
    optimizer = make(given, **named)
    for j, p in enumerate(parameters):
        tensors[f"{i}.p{j}"] = p.detach().clone()
    for step in range(STEPS):
        for j, p in enumerate(parameters):
            p.grad = torch.randn(p.shape) * (3 if step == 2 else 0.3)
            tensors[f"{i}.g{step}.{j}"] = p.grad.clone()
        optimizer.step()
        for j, p in enumerate(parameters):
            tensors[f"{i}.p{step}.{j}"] = p.detach().clone()


for options in ({"lr": 0.1}, {"lr": 0.1, "weight_decay": 0.3}, {"lr": 0.05, "betas": [0.5, 0.9], "eps": 0.01}):
    optimizer_case("Adam", torch.optim.Adam, options)
optimizer_case("Adam", torch.optim.Adam, {"lr": 0.1}, [{"lr": 0.3}, {}, {"lr": 0.01, "weight_decay": 0.5}])
for options in ({"lr": 0.1}, {"lr": 0.1, "weight_decay": 0.3, "betas": [0.5, 0.9]}):
    optimizer_case("Lion", Lion, options)
for options in ({"lr": 0.1}, {"lr": 0.1, "weight_decay": 0.0}, {"lr": 0.1, "weight_decay": 0.0, "always_adapt": True},
                {"lr": 0.1, "max_grad_norm": None, "trust_clip": True, "eps": 0.01},
                {"lr": 0.1, "bias_correction": False, "grad_averaging": False, "betas": [0.5, 0.9]}):
    optimizer_case("Lamb", Lamb, options)
optimizer_case("Lamb", Lamb, {"lr": 0.1}, [{"lr": 0.3}, {"weight_decay": 0.0}, {"lr": 0.01, "weight_decay": 0.5}])


def sgd(lr=0.4):
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)


def schedule_case(name, options, lrs):
    cases.append({"case": len(cases), "kind": "schedule", "schedule": name, "options": {"lr": 0.4, **options}, "lrs": lrs})


def torch_rates(make, steps):
    optimizer = sgd()
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def timm_rates(make, steps):
    scheduler = make(sgd())
    return [scheduler._get_lr(t)[0] for t in range(steps)]


WARM = {"warmup_t": 5, "warmup_lr_init": 0.01, "warmup_prefix": True}
warm = {"warmupSteps": 5, "warmupLr": 0.01}
schedule_case("step", {"stepSize": 3, "gamma": 0.5}, torch_rates(lambda o: S.StepLR(o, 3, 0.5), 12))
schedule_case("step", {"stepSize": 3, "gamma": 0.5, **warm}, timm_rates(lambda o: StepLRScheduler(o, 3, 0.5, **WARM), 15))
schedule_case("multiStep", {"milestones": [2, 5, 6], "gamma": 0.3}, torch_rates(lambda o: S.MultiStepLR(o, [2, 5, 6], 0.3), 10))
schedule_case("linear", {"totalSteps": 9, "minLr": 0.1}, torch_rates(lambda o: S.LinearLR(o, 1.0, 0.25, 9), 12))
schedule_case("poly", {"totalSteps": 9, "power": 2.5}, torch_rates(lambda o: S.PolynomialLR(o, 9, 2.5), 12))
schedule_case("poly", {"totalSteps": 15, "power": 0.5, "minLr": 0.02, **warm},
              timm_rates(lambda o: PolyLRScheduler(o, 10, 0.5, 0.02, **WARM), 15))
schedule_case("cosine", {"totalSteps": 15, "minLr": 0.02, **warm}, timm_rates(lambda o: CosineLRScheduler(o, 10, 0.02, **WARM), 18))
schedule_case("cosine", {"totalSteps": 35, "minLr": 0.02, "cycles": 3, "cycleDecay": 0.5, **warm},
              timm_rates(lambda o: CosineLRScheduler(o, 10, 0.02, cycle_limit=3, cycle_decay=0.5, **WARM), 38))
schedule_case("cosine", {"totalSteps": 70, "cycles": 3, "cycleMul": 2},
              timm_rates(lambda o: CosineLRScheduler(o, 10, cycle_limit=3, cycle_mul=2.0), 70))
for options in ({}, {"pct_start": 0.5, "anneal_strategy": "linear", "div_factor": 10.0, "final_div_factor": 100.0}, {"three_phase": True}):
    ours = {{"pct_start": "pctStart", "anneal_strategy": "annealStrategy", "div_factor": "divFactor",
             "final_div_factor": "finalDivFactor", "three_phase": "threePhase"}[k]: v for k, v in options.items()}
    schedule_case("oneCycle", {"totalSteps": 20, **ours},
                  torch_rates(lambda o: S.OneCycleLR(o, 0.4, 20, cycle_momentum=False, **options), 20))

METRICS = [1.0, 0.9, 0.9, 0.95, 0.89999, 0.9, 0.7, 0.7, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9, float("nan"), 0.9, 0.1, 0.2, 0.2, 0.2, 0.2]
for ours, options in (({"patience": 1}, {"patience": 1}), ({"patience": 0, "cooldown": 2, "factor": 0.5}, {"patience": 0, "cooldown": 2, "factor": 0.5}),
                      ({"mode": "max", "patience": 2, "minLr": 0.03, "thresholdMode": "abs", "threshold": 0.05},
                       {"mode": "max", "patience": 2, "min_lr": 0.03, "threshold_mode": "abs", "threshold": 0.05})):
    optimizer = sgd()
    scheduler = S.ReduceLROnPlateau(optimizer, **options)
    lrs = []
    for metric in METRICS:
        scheduler.step(metric)
        lrs.append(optimizer.param_groups[0]["lr"])
    told = [None if m != m else m for m in METRICS]
    cases.append({"case": len(cases), "kind": "plateau", "options": {"lr": 0.4, **ours}, "metrics": told, "lrs": lrs})

for options in ({"decay": 0.9}, {"decay": 0.99, "use_warmup": True}, {"decay": 0.9, "update_after_step": 2, "min_decay": 0.3, "use_warmup": True,
                                                                      "warmup_gamma": 2.0, "warmup_power": 0.75}):
    i = len(cases)
    model = torch.nn.Linear(3, 2)
    tensors[f"{i}.w"] = model.weight.detach().clone()
    ema = ModelEmaV3(model, **options)
    decays = []
    for step in range(6):
        with torch.no_grad():
            model.weight.copy_(torch.randn(2, 3))
        tensors[f"{i}.w{step}"] = model.weight.detach().clone()
        ema.update(model, step=step)
        decays.append(ema.get_decay(step))
        tensors[f"{i}.e{step}"] = ema.module.weight.detach().clone()
    cases.append({"case": i, "kind": "ema", "options": options, "decays": decays})

save_file(tensors, out / "optim.safetensors")
(out / "optim.json").write_text(json.dumps({"torch": torch.__version__, "cases": cases}) + "\n")
