"""Writes indexing.safetensors and .json: what PyTorch gives where elements are chosen, sorted, summed up and contracted.

Run: python generate_indexing.py [out_dir]   (needs torch, safetensors)
"""
import json, pathlib, re, sys
import torch
from safetensors.torch import save_file

out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
torch.set_num_threads(1)
torch.manual_seed(11)
INF, NAN = float("inf"), float("nan")
tensors, cases = {}, []


def case(params, inputs, run, **constants):
    """Result, indices if there are any, and the gradients of result * weights."""
    i = len(cases)
    cases.append({"case": i, **params})
    inputs = {k: v.clone().requires_grad_() for k, v in inputs.items()}
    y = run(**inputs, **constants)
    if isinstance(y, tuple):
        y, index = y
        tensors[f"{i}.index"] = index.contiguous()
    tensors[f"{i}.y"] = y.detach().contiguous().clone()
    dy = torch.randn(y.shape)
    tensors[f"{i}.dy"] = dy
    y.backward(dy)
    for k, v in inputs.items():
        tensors[f"{i}.{k}"] = v.detach().contiguous()
        tensors[f"{i}.d{k}"] = v.grad.contiguous()
    for k, v in constants.items():
        tensors[f"{i}.{k}"] = v


# Items are as x.index() takes them; a list of numbers is an index, of booleans a mask.
def item(one):
    if one is None or isinstance(one, (int, list)):
        return torch.tensor(one) if isinstance(one, list) else one
    if one == "...":
        return Ellipsis
    return slice(*[int(part) if part else None for part in one.split(":")])


x = torch.randn(3, 4, 5)
for items in [
    [0], [-1, "1:3"], ["...", 2], [":", "::2", "-3:"], [None, "...", None], ["2:1"], ["-9:9"], [":", ":", "4:99:3"],
    [[2, 0, -1, 2]], [":", [1, 1]], [[0, 2], [1, 3]], [[0, 2], ":", [4, 4]], [0, ":", [0, 1]], [[0, 1], ":", 3],
    ["...", [[0, 1], [2, -5]]], [[[0], [2]], [1, 3]], [[[0], [2]], ":", [1, 3]], [None, [1, 2]], [":", None, [3, 0]],
    [[1], None, [2]], [[True, False, True]], [":", [True, False, False, True], 1], ["...", [False] * 5],
    [[[True, False, False, False], [False] * 4, [False, True, True, False]]], [[1, 2], "1:", [0, -1]],
]:
    case({"op": "index", "items": items}, {"x": x}, lambda x: x[tuple(item(one) for one in items)])
case({"op": "index", "items": [[]]}, {"x": x}, lambda x: x[torch.tensor([], dtype=torch.long)])
case({"op": "index", "items": []}, {"x": torch.randn(2)}, lambda x: x[()])
case({"op": "index", "items": [None, "..."]}, {"x": torch.randn(())}, lambda x: x[None, ...])

for shape, dim, at in [((3, 4), 0, (2, 4)), ((3, 4), 1, (3, 6)), ((3, 4), -1, (2, 3)), ((2, 3, 4), 1, (2, 5, 3)), ((5,), 0, (7,)), ((), 0, ()), ((3, 4), 0, (0, 4))]:
    x = torch.randn(shape)
    size = shape[dim] if shape else 1
    index = torch.randint(0, size, at)
    case({"op": "gather", "dim": dim}, {"x": x}, lambda x, at: torch.gather(x, dim, at), at=index)
    src = torch.randn(at)  # PyTorch has no gradient for a longer one
    case({"op": "scatterAdd", "dim": dim}, {"x": x, "source": src}, lambda x, source, at: x.scatter_add(dim, at, source), at=index)
# Each place once, so that PyTorch's result and gradient are defined.
index = torch.stack([torch.randperm(4)[:3] for _ in range(2)])
case({"op": "scatter", "dim": 1}, {"x": torch.randn(3, 4), "source": torch.randn(2, 5)[:, :3].contiguous()}, lambda x, source, at: x.scatter(1, at, source), at=index)
case({"op": "scatter", "dim": 1, "value": 2.5}, {"x": torch.randn(3, 4)}, lambda x, at: x.scatter(1, at, 2.5), at=index)
case({"op": "indexSelect", "dim": -2}, {"x": torch.randn(2, 3, 4)}, lambda x, at: x.index_select(-2, at), at=torch.tensor([2, 0, 2, 2]))

edges = torch.tensor([1.0, NAN, -INF, 0.0, -0.0, INF, 1.0, -2.0, NAN, 3.0])
for name, x, dim in [("edges", edges, 0), ("rows", torch.randint(0, 3, (3, 7)).float(), -1), ("columns", torch.randn(4, 3, 2), 0), ("scalar", torch.tensor(3.0), 0), ("nothing", torch.randn(0, 3), 0)]:
    for descending in (False, True):
        case({"op": "sort", "name": name, "options": {"dim": dim, "descending": descending}}, {"x": x}, lambda x: tuple(torch.sort(x, dim=dim, descending=descending, stable=True)))
        if name in ("edges", "columns"):
            # Without ties, whose order is PyTorch's own affair here.
            unique = x if name == "columns" else torch.tensor([1.0, NAN, -INF, 0.0, INF, -2.0, 3.0])
            case({"op": "topk", "k": 3, "options": {"dim": dim, "largest": descending}}, {"x": unique}, lambda x: tuple(torch.topk(x, 3, dim=dim, largest=descending)))

for shape, dim in [((7,), 0), ((3, 5), 0), ((3, 5), -1), ((2, 3, 4), 1), ((), 0), ((0, 3), 0), ((2, 0), 0)]:
    case({"op": "cumsum", "dim": dim}, {"x": torch.randn(shape)}, lambda x: torch.cumsum(x, dim))

for equation, *shapes in [
    ("ij,jk->ik", (3, 4), (4, 5)), ("ij,jk", (3, 4), (4, 5)), ("ba,cb", (3, 4), (5, 3)), ("ij,kj->ki", (3, 4), (5, 4)),
    ("ji,jk->ik", (4, 3), (4, 5)), ("bhqd,bhkd->bhqk", (2, 3, 4, 5), (2, 3, 6, 5)), ("bqhd,bkhd->bhqk", (2, 4, 3, 5), (2, 6, 3, 5)),
    ("bhqk,bkhd->bqhd", (2, 3, 4, 6), (2, 6, 3, 5)), ("...ij,...jk->...ik", (2, 1, 3, 4), (5, 4, 2)), ("...i,i->...", (2, 3, 4), (4,)),
    ("ii->i", (3, 3)), ("ii->", (3, 3)), ("ii", (3, 3)), ("bii->b", (2, 3, 3)), ("ij->ji", (3, 4)), ("ij->", (3, 4)), ("ijk->k", (2, 3, 4)),
    ("i,j->ij", (3,), (4,)), ("i,i->", (3,), (3,)), ("bi,bi->b", (2, 3), (2, 3)), ("bi,bi->bi", (2, 3), (2, 3)), ("ij,j->ij", (3, 4), (4,)),
    ("ij,jk,kl->il", (2, 3), (3, 4), (4, 5)), ("i,j,k->kji", (2,), (3,), (4,)), ("ijk,il->l", (2, 3, 4), (2, 5)), (",ij->ij", (), (2, 3)),
    ("iij,jk->ik", (3, 3, 4), (4, 2)), ("ij,jk->ik", (0, 4), (4, 5)), ("ij,jk->ik", (3, 0), (0, 5)), ("bij,bjk->bik", (1, 3, 4), (2, 4, 5)),
    (" b c , c d -> d b ", (3, 4), (4, 5)), ("a...,b...->ab...", (2, 3), (4, 3)), ("...", (2, 3)), ("B...a,a...->...B", (2, 5, 3), (3, 5)),
]:
    names = [f"x{n}" for n in range(len(shapes))]
    inputs = {name: torch.randn(shape) for name, shape in zip(names, shapes)}
    case({"op": "einsum", "equation": equation, "operands": len(shapes)}, inputs, lambda **xs: torch.einsum(equation, *[xs[name] for name in names]))

save_file({name: x.detach().clone() for name, x in tensors.items()}, out / "indexing.safetensors")
text = json.dumps({"torch": torch.__version__, "cases": cases}, indent=1)
(out / "indexing.json").write_text(re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m.group(1)) + "]", text) + "\n")
