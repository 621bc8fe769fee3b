"""PyTorch's counterparts of bench/kernels, under the same names: each gives (inputs with a gradient, function)."""

import torch
import torch.nn.functional as F


def input(*shape):
    return torch.randn(*shape, requires_grad=True)


def on(function, *inputs):
    return list(inputs), lambda: function(*inputs)


def linear(p):
    return input(p["rows"], p["inFeatures"]), input(p["outFeatures"], p["inFeatures"]), input(p["outFeatures"])


def layer_norm(x, weight, bias):
    return F.layer_norm(x, x.shape[-1:], weight, bias, 1e-6)


def heads(p):
    return tuple(input(p["batch"], p["heads"], p["tokens"], p["width"]) for _ in range(3))


def attention_qkv(p):
    b, h, t, d = p["batch"], p["heads"], p["tokens"], p["width"]

    def attend(qkv):
        q, k, v = qkv.reshape(b, t, 3, h, d).permute(2, 0, 3, 1, 4)
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, t, h * d)

    return on(attend, input(b, t, 3 * h * d))


def matmul(p):
    leading = [] if p["batch"] == 1 else [p["batch"]]
    a = input(*leading, p["k"], p["m"]) if p["transposeA"] else input(*leading, p["m"], p["k"])
    b = input(*leading, p["n"], p["k"]) if p["transposeB"] else input(*leading, p["k"], p["n"])
    mt = lambda x, transposed: x.mT if transposed else x
    return on(lambda a, b: mt(a, p["transposeA"]) @ mt(b, p["transposeB"]), a, b)


def image(p):
    return torch.randn(p["batch"], p["channels"], p["img"], p["img"])


def conv2d(p):
    x, weight = image(p), input(p["outChannels"], p["channels"], 3, 3)
    return on(lambda w, b: F.conv2d(x, w, b, padding=1), weight, input(p["outChannels"]))


def image2emb_naive(p):
    x, weight = image(p), input(p["channels"] * p["patch"] ** 2, p["dim"])
    return on(lambda w: F.unfold(x, p["patch"], stride=p["patch"]).transpose(-1, -2) @ w, weight)


def image2emb_conv(p):
    x, weight = image(p), input(p["dim"], p["channels"], p["patch"], p["patch"])
    return on(lambda w: F.conv2d(x, w, stride=p["patch"]).flatten(2).transpose(-1, -2), weight)


def cross_entropy(p):
    labels = torch.randint(0, p["classes"], (p["rows"],))
    return on(lambda logits: F.cross_entropy(logits, labels), input(p["rows"], p["classes"]))


def drop_path(p):
    def drop(x):
        kept = x.new_empty(x.shape[0], 1).bernoulli_(0.9).div_(0.9)
        return x * kept

    return on(drop, input(p["batch"], p["size"]))


def embedding(p):
    index = torch.randint(0, p["entries"], (p["count"],))
    return on(lambda table: F.embedding(index, table), input(p["entries"], p["dim"]))


def tokens(p, count):
    return input(p["batch"], count, p["heads"] * p["width"])


def fold(p):
    columns = input(p["batch"], p["channels"] * p["patch"] ** 2, (p["img"] // p["patch"]) ** 2)
    return on(lambda x: F.fold(x, p["img"], p["patch"], stride=p["patch"]), columns)


def pair(p):
    return [], (lambda a, b: lambda: a + b)(torch.randn(p["count"]), torch.randn(p["count"]))


def update(p, optimizer, **options):
    parameter = input(p["count"])
    parameter.grad = torch.randn(p["count"])
    return [], optimizer([parameter], lr=1e-3, **options).step


OPS = {
    "linear": lambda p: on(F.linear, *linear(p)),
    "linear-gelu": lambda p: on(lambda x, w, b: F.gelu(F.linear(x, w, b)), *linear(p)),
    "linear-residual": lambda p: on(
        lambda x, w, b, r: F.linear(x, w, b) + r, *linear(p), input(p["rows"], p["outFeatures"])
    ),
    "attention": lambda p: on(F.scaled_dot_product_attention, *heads(p)),
    "attention-qkv": attention_qkv,
    "matmul": matmul,
    "conv2d": conv2d,
    "image2emb-naive": image2emb_naive,
    "image2emb-conv": image2emb_conv,
    "layer-norm": lambda p: on(layer_norm, input(p["rows"], p["width"]), input(p["width"]), input(p["width"])),
    "add-layer-norm": lambda p: on(
        lambda x, r, w, b: layer_norm(x + r, w, b),
        input(p["rows"], p["width"]),
        input(p["rows"], p["width"]),
        input(p["width"]),
        input(p["width"]),
    ),
    "gelu": lambda p: on(F.gelu, input(p["count"])),
    "relu": lambda p: on(F.relu, input(p["count"])),
    "softmax": lambda p: on(lambda x: F.softmax(x, -1), input(p["rows"], p["width"])),
    "cross-entropy": cross_entropy,
    "dropout": lambda p: on(lambda x: F.dropout(x, 0.1), input(p["batch"], p["size"])),
    "drop-path": drop_path,
    "add": pair,
    "mul": lambda p: on(lambda a, b: a * b, input(p["count"]), input(p["count"])),
    "add-memory": pair,
    "mean": lambda p: on(lambda x: x.mean(1), input(p["batch"], p["tokens"], p["dim"])),
    "transpose": lambda p: on(
        lambda x: x.transpose(1, 2).contiguous(), input(p["batch"], p["tokens"], p["heads"], p["width"])
    ),
    "cat": lambda p: on(lambda a, b: torch.cat([a, b], 1), tokens(p, 1), tokens(p, p["tokens"] - 1)),
    "slice": lambda p: on(lambda x: x[:, 1:].contiguous(), tokens(p, p["tokens"])),
    "embedding": embedding,
    "unfold": lambda p: on(lambda x: F.unfold(x, p["patch"], stride=p["patch"]), image(p).requires_grad_()),
    "fold": fold,
    "sgd": lambda p: update(p, torch.optim.SGD, momentum=0.9),
    "adamw": lambda p: update(p, torch.optim.AdamW),
}
