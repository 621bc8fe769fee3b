"""PyTorch and timm as a contender: python torch_contender.py fp32|bf16, then requests; see protocol.py."""

import sys

import protocol

try:
    import torch
except ImportError as error:
    protocol.send(unavailable=str(error))
    sys.exit()

import torch.nn.functional as F
import torch_feed
import torch_model
import torch_ops

PRECISION = sys.argv[1]


def autocast():
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=PRECISION == "bf16")


def kernel(work):
    inputs, run = torch_ops.OPS[work["op"]](work["params"])

    def forward():
        with torch.no_grad(), autocast():
            run()

    if not work["backward"]:
        return forward
    with autocast():
        dy = torch.randn_like(run())

    def both():
        for x in inputs:
            x.grad = None
        with autocast():
            y = run()
        y.backward(dy)

    return both


def train(work):
    sizes, batch = work["model"], work["batch"]
    model = torch_model.model(sizes).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    x, y = torch_model.images(sizes, batch), torch.randint(0, sizes["numClasses"], (batch,))

    def step():
        optimizer.zero_grad(set_to_none=True)
        with autocast():
            loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()

    return step


def infer(work):
    model = torch_model.model(work["model"]).eval()
    x = torch_model.images(work["model"], work["batch"])

    def step():
        with torch.inference_mode(), autocast():
            model(x)

    return step


def prepare(work, threads):
    torch.set_num_threads(threads)
    return {"kernel": kernel, "train": train, "infer": infer, "feed": lambda work: torch_feed.feed(work, autocast)}[work["kind"]](work)


protocol.serve(f"PyTorch {torch.__version__}", prepare)
