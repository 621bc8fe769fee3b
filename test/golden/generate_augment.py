"""Writes the golden fixtures of augmentations: what Pillow, timm and torchvision make of an image, each given its parameters.

augment.json says for each case which step with which values; augment.safetensors holds what comes out, bytes (H,W,C); the
first two cases are the images themselves. Run: python generate_augment.py [out_dir]   (needs torch, torchvision, timm, Pillow, numpy, safetensors)
"""
import json, math, pathlib, sys
import numpy as np
import torch
from safetensors.torch import save_file

_register = torch.library.register_fake
torch.library.register_fake = lambda op, *a, **k: (lambda f: f) if str(op).startswith("torchvision::") else _register(op, *a, **k)

from PIL import Image, ImageFilter
from timm.data import auto_augment as aa
from timm.data.mixup import mixup_target, rand_bbox
from torchvision.transforms import functional as TF, InterpolationMode

out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
rng = np.random.default_rng(3)
H, W = 19, 23
coarse = rng.integers(0, 256, (4, 5, 3)).astype(np.uint8)
photo = np.asarray(Image.fromarray(coarse).resize((W, H), Image.BICUBIC)).astype(np.float64)
photo = np.clip(photo * 0.7 + 20 + rng.normal(0, 9, photo.shape), 0, 255).round().astype(np.uint8)
photo[2:5, 3:9] = (7, 7, 7)  # grey, and no hue
images = {"rgb": Image.fromarray(photo), "l": Image.fromarray(photo[..., 0])}
tensors, cases = {}, []


def case(name, values, fn, modes=("rgb", "l"), **more):
    for mode in modes:
        result = np.array(fn(images[mode]))
        tensors[f"{len(cases)}.pixels"] = torch.from_numpy(result.reshape(H, W, -1).copy())
        cases.append({"image": mode, "name": name, "values": values, **more})


case("none", [], lambda image: image)
case("flipHorizontal", [], TF.hflip)
case("flipVertical", [], TF.vflip)
case("autoContrast", [], aa.auto_contrast)
case("equalize", [], aa.equalize)
case("invert", [], aa.invert)
for bits in (0, 1, 4, 7):
    case("posterize", [bits], lambda image: aa.posterize(image, bits))
for threshold in (0, 26, 128, 256):
    case("solarize", [threshold], lambda image: aa.solarize(image, threshold))
case("solarize", [127.5], lambda image: TF.solarize(image, 127.5))
for add in (0, 99, 128):
    case("solarizeAdd", [add], lambda image: aa.solarize_add(image, add))
for factor in (0.1, 0.63, 1.0, 1.37, 1.9):
    case("brightness", [factor], lambda image: aa.brightness(image, factor))
    case("contrast", [factor], lambda image: aa.contrast(image, factor))
    case("color", [factor], lambda image: aa.color(image, factor))
    case("sharpness", [factor], lambda image: aa.sharpness(image, factor))
for turn in (-0.5, -0.13, 0.0, 0.07, 0.5):
    case("hue", [turn], lambda image: TF.adjust_hue(image, turn))
for deviation in (0.1, 0.5, 0.77, 1.0, 1.9, 2.0, 9.5, 60.0):
    case("gaussianBlur", [deviation], lambda image: image.filter(ImageFilter.GaussianBlur(deviation)))
case("color", [0], lambda image: TF.to_grayscale(image, num_output_channels=3), ("rgb",))
fills = {"rgb": (124, 116, 104), "l": 124}
for filter, resample in (("bilinear", Image.BILINEAR), ("bicubic", Image.BICUBIC)):
    for mode, fill in fills.items():
        options = {"fillcolor": fill, "resample": resample}
        moves = {
            "ShearX": (0.27, aa.shear_x), "ShearY": (-0.3, aa.shear_y), "TranslateXRel": (0.31, aa.translate_x_rel),
            "TranslateYRel": (-0.4, aa.translate_y_rel), "Rotate": (23.5, aa.rotate),
        }
        for name, (value, fn) in moves.items():
            case(name, [value], lambda image: fn(image, value, **dict(options)), (mode,), filter=filter)
nearest = InterpolationMode.NEAREST
for mode in images:
    case("Rotate", [-87.75], lambda image: TF.rotate(image, -87.75, interpolation=nearest), (mode,), filter="nearest")
    shear = [math.degrees(math.atan(0.66)), 0.0]
    affine = lambda image: TF.affine(image, 0.0, [0, 0], 1.0, shear, interpolation=nearest, center=[0, 0])
    case("ShearX", [0.66], affine, (mode,), filter="nearest")

labels = torch.tensor([2, 0, 1, 1])
shares = torch.tensor([0.3, 1.0, 0.75, 0.3]).unsqueeze(1)
targets = mixup_target(labels, 3, shares, 0.1)
tensors[f"{len(cases)}.targets"] = targets.contiguous()
cases.append({"image": "rgb", "name": "targets", "values": []})
save_file(tensors, str(out / "augment.safetensors"))
(out / "augment.json").write_text(json.dumps({"cases": cases}) + "\n")
