"""Writes the golden fixtures of image files: the pixels that timm, torchvision, Transformers and Pillow make of them.

pixels/ holds the files; pixels.json says for each case which file goes through what; pixels.safetensors holds what comes
out, as bytes before normalising (CASE.bytes) or, where a case is about the values, as float32 (CASE.values).
Run: python generate_pixels.py [out_dir]   (needs torch, torchvision, timm, transformers, Pillow, numpy, safetensors)
"""
import json, pathlib, shutil, struct, sys, warnings, zlib
import numpy as np
import torch
from safetensors.torch import save_file

# A torchvision built for another torch cannot register its operators; only its Python transforms are used.
_register = torch.library.register_fake
torch.library.register_fake = lambda op, *a, **k: (lambda f: f) if str(op).startswith("torchvision::") else _register(op, *a, **k)

import timm, torchvision, transformers, PIL
from PIL import Image, ImageOps
from timm.data import create_transform, resolve_data_config
from timm.models import PretrainedCfg
from torchvision.transforms import InterpolationMode
from torchvision.transforms._presets import ImageClassification

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
torch.set_num_threads(1)
out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
folder = out / "pixels"
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir()
rng = np.random.default_rng(10)
cases, tensors = [], {}


def photo(height, width, channels=3):
    """Smooth colours, hard edges, some noise."""
    coarse = rng.integers(0, 256, (5, 6, channels)).astype(np.uint8)
    planes = [np.asarray(Image.fromarray(coarse[..., c]).resize((width, height), Image.BICUBIC)) for c in range(channels)]
    image = np.stack(planes, -1).astype(np.float64)
    for _ in range(6):
        y, x = rng.integers(0, height), rng.integers(0, width)
        image[y : y + height // 3 + 1, x : x + width // 3 + 1] += rng.normal(0, 60, channels)
    return np.clip(image + rng.normal(0, 6, image.shape), 0, 255).round().astype(np.uint8)


def save(file, image, **options):
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(folder / file, **options)
    return file


def opened(file, channels):
    """As a user of these libraries opens a file, upright."""
    return ImageOps.exif_transpose(Image.open(folder / file)).convert("L" if channels == 1 else "RGB")


def record(name, file, values, case, channels, tolerance, mean, std, rescale=1 / 255, exact=False):
    values = values.float().contiguous()
    shape = (-1, 1, 1)
    if exact:
        tensors[f"{len(cases)}.values"] = values
    else:
        bytes_ = (values.double() * torch.tensor(std).double().view(shape) + torch.tensor(mean).double().view(shape)) / rescale
        assert (bytes_ - bytes_.round()).abs().max() < 1e-2, name
        tensors[f"{len(cases)}.bytes"] = bytes_.round().to(torch.uint8).contiguous()
    cases.append(dict(case=len(cases), name=name, file=file, channels=channels, tolerance=tolerance, **case))


def with_timm(file, size, channels=3, tolerance=1, exact=False, image=None, **config):
    """`config` is a pretrained_cfg; timm adds its defaults."""
    size = (size, size) if isinstance(size, int) else size
    full = resolve_data_config(pretrained_cfg=PretrainedCfg(input_size=(channels, *size), **config).to_dict())
    if channels == 1:
        config = dict(mean=[0.5], std=[0.5]) | config
        full |= dict(mean=config["mean"], std=config["std"])
    transform = create_transform(**full)
    values = transform(image or opened(file, channels))
    name = f"timm, {file}, {size[0]} x {size[1]}, {json.dumps(config)}"
    record(name, file, values, dict(library="timm", size=size, config=config), channels, tolerance, full["mean"], full["std"], exact=exact)


def with_torchvision(file, crop, resize, interpolation="bilinear", tolerance=1):
    zero, one = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    transform = ImageClassification(crop_size=crop, resize_size=resize, mean=zero, std=one, interpolation=InterpolationMode(interpolation))
    config = dict(resize=resize, crop=[crop, crop], interpolation=interpolation, mean=zero, std=one)
    name = f"torchvision, {file}, {resize} to {crop}, {interpolation}"
    record(name, file, transform(opened(file, 3)), dict(library="torchvision", size=(crop, crop), config=config), 3, tolerance, zero, one)


def with_transformers(processor, file, tolerance=1, exact=False, only=(), **options):
    """`only`: the fields that the case's config keeps of the file that the processor writes, if not all."""
    made = getattr(transformers, processor)(**options)
    values = torch.as_tensor(np.asarray(made(opened(file, 3))["pixel_values"][0]))
    config = json.loads(made.to_json_string())
    if only:
        config = {key: config[key] for key in ("image_processor_type", *only) if key in config}
    one = lambda value, otherwise: ([value] * 3 if isinstance(value, float) else list(value)) if made.do_normalize else [otherwise] * 3
    rescale = made.rescale_factor if made.do_rescale else 1
    name = f"{processor}, {file}, {json.dumps(options)}"
    case = dict(library="hf", size=tuple(values.shape[1:]), config=config)
    record(name, file, values, case, 3, tolerance, one(made.image_mean, 0.0), one(made.image_std, 1.0), rescale, exact)


def png16(path, image):
    """A PNG of 16 bits a sample, red, green, blue, which Pillow does not write."""
    height, width, _ = image.shape
    rows = b"".join(b"\0" + image[y].astype(">u2").tobytes() for y in range(height))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def inner_gif(file):
    """The same GIF with its picture at (3,2) of a larger canvas, which Pillow does not write."""
    data = bytearray((folder / file).read_bytes())
    width, height = struct.unpack("<HH", data[6:10])
    data[6:10] = struct.pack("<HH", width + 7, height + 4)
    picture = data.index(b"," + struct.pack("<HHHH", 0, 0, width, height))
    data[picture + 1 : picture + 5] = struct.pack("<HH", 3, 2)
    (folder / file).write_bytes(data)
    return file


def wide_profile():
    """A colour profile whose primaries are far from sRGB's: red, green and blue change places."""
    fixed = lambda value: struct.pack(">i", round(value * 65536))
    xyz = lambda *values: b"XYZ \0\0\0\0" + b"".join(map(fixed, values))
    curve = b"curv\0\0\0\0" + struct.pack(">IHxx", 1, round(2.2 * 256))
    description = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"wide\0" + b"\0" * 80
    description += b"\0" * (-len(description) % 4)
    primaries = [(0.14307, 0.06061, 0.71410), (0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708)]
    tags = [(b"desc", description), (b"cprt", b"text\0\0\0\0none\0\0\0\0"), (b"wtpt", xyz(0.9642, 1, 0.8249))]
    tags += [(name + b"XYZ", xyz(*primary)) for name, primary in zip((b"r", b"g", b"b"), primaries)]
    tags += [(name + b"TRC", curve) for name in (b"r", b"g", b"b")]
    start, table, body = 128 + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for tag, data in tags:
        table += tag + struct.pack(">II", start + len(body), len(data))
        body += data
    head = struct.pack(">I4xI", 128 + len(table) + len(body), 0x02400000) + b"mntrRGB XYZ "
    head += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + fixed(0.9642) + fixed(1) + fixed(0.8249)
    return head.ljust(128, b"\0") + table + body


def kinds_of_files():
    """Every mode that Pillow writes, in every format that is read, as red, green, blue and as grey."""
    base, alpha = photo(23, 19), photo(23, 19, 4)
    rgb, rgba = Image.fromarray(base), Image.fromarray(alpha)
    grey = rgb.convert("L")
    modes = dict(one=grey.point(lambda v: 255 * (v > 120), "1"), L=grey, LA=rgba.convert("LA"), P=rgb.quantize(17), RGB=rgb, RGBA=rgba)
    lossless = dict(lossless=True, exact=True)
    files = [save(f"{mode}.png", image) for mode, image in modes.items()]
    files += [save(f"{mode}.tif", image) for mode, image in modes.items()]
    files += [save(f"{mode}.gif", image) for mode, image in modes.items()]
    files += [save(f"{mode}.webp", image, **lossless) for mode, image in modes.items() if mode in ("L", "RGB", "RGBA")]
    files += [save(f"P-{len(key)}.png", rgb.quantize(17), transparency=key) for key in (b"\0\x80", b"\0" * 17)]
    files += [save("RGB-key.png", rgb, transparency=tuple(map(int, base[3, 4]))), save("L-key.png", grey, transparency=int(np.asarray(grey)[3, 4]))]
    files += [save("P-key.gif", rgb.quantize(17), transparency=3), save("CMYK.tif", rgb.convert("CMYK"))]
    files += [save("I.tif", Image.fromarray(np.asarray(grey).astype(np.int32) * 3 - 200)), save("F.tif", Image.fromarray(np.asarray(grey).astype(np.float32) * 1.5 - 40))]
    files += [save(f"{kind}.tif", rgb, compression=f"tiff_{kind}") for kind in ("lzw", "adobe_deflate")]
    files += [save("group4.tif", modes["one"], compression="group4"), save("profile.png", rgb, icc_profile=wide_profile())]
    for key in (None, 3):
        files.append(inner_gif(save(f"inner-{key}.gif", rgb.quantize(9), **({} if key is None else dict(transparency=key)))))
    frames = [Image.fromarray(np.roll(base, 5 * k, 1)) for k in range(3)]
    files += [save("animated.gif", frames[0], save_all=True, append_images=frames[1:]), save("animated.webp", frames[0], save_all=True, append_images=frames[1:], **lossless)]
    png16(folder / "RGB16.png", base.astype(np.uint16) * 256 + rng.integers(0, 256, base.shape))
    for file in files + ["RGB16.png"]:
        with_timm(file, 16, crop_pct=0.9)
    for file in ("P.png", "RGBA.png", "RGB.tif", "P-key.gif", "CMYK.tif", "RGB16.png", "profile.png"):
        with_timm(file, 16, channels=1, crop_pct=0.9)
    # Pillow would clip these to white; they are read as colours of 16 bits are, by their high 8.
    deep = np.asarray(grey).astype(np.uint16) * 256 + 77
    for file in (save("I16.png", deep), save("I16.tif", deep)):
        with_timm(file, 16, crop_pct=0.9, image=grey.convert("RGB"))
        with_timm(file, 16, channels=1, crop_pct=0.9, image=grey)
    jpegs = [save(f"{name}.jpg", rgb, quality=quality, subsampling=kind) for name, kind, quality in (("444", 0, 90), ("422", 1, 75), ("420", 2, 60))]
    jpegs += [save("L.jpg", grey, quality=80), save("progressive.jpg", rgb, progressive=True), save("keep-rgb.jpg", rgb, keep_rgb=True)]
    jpegs += [save("CMYK.jpg", rgb.convert("CMYK"), quality=90), save("profile.jpg", rgb, icc_profile=wide_profile()), save("lossy.webp", rgb, quality=60)]
    jpegs += [save("large.jpg", photo(150, 200), quality=60)]
    for file in jpegs:
        with_timm(file, 16, crop_pct=0.9, tolerance=3)
    with_timm("CMYK.jpg", 16, channels=1, tolerance=3)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        with_timm(save(f"upright-{orientation}.jpg", rgb, quality=90, exif=exif), 16, tolerance=3)
    exif[0x0112] = 6
    for file in (save("upright.png", rgb, exif=exif), save("upright.webp", rgb, exif=exif, **lossless), save("upright.tif", rgb, exif=exif)):
        with_timm(file, 16)


def options_of_timm():
    for interpolation in ("nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"):
        with_timm("odd.png", 17, interpolation=interpolation, crop_pct=0.9)
        with_timm("tiny.png", 24, interpolation=interpolation, crop_pct=1.0)
    for mode in ("center", "squash", "border"):
        for size in ((16, 16), (12, 21), (25, 14)):
            with_timm("odd.png", size, crop_mode=mode, crop_pct=0.875)
            with_timm("tall.png", size, crop_mode=mode, crop_pct=1.0)
    with_timm("odd.png", 16)  # all defaults
    with_timm("tall.png", (12, 21), channels=1, crop_pct=0.95)
    with_timm("tiny.png", 7, exact=True, mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3))


def options_of_torchvision():
    for file in ("odd.png", "tall.png", "tiny.png"):
        for crop, resize in ((16, 18), (15, 18), (16, 19), (17, 17), (20, 14), (15, 12)):
            with_torchvision(file, crop, resize)
    with_torchvision("odd.png", 16, 18, "bicubic")


def options_of_transformers():
    vit, deit = "ViTImageProcessor", "DeiTImageProcessor"
    for resample in range(6):
        kind = vit if resample < 4 else "ViTImageProcessorPil"  # torch has neither box nor hamming
        with_transformers(kind, "odd.png", size=dict(height=14, width=19), resample=resample)
        with_transformers(kind, "tiny.png", size=dict(height=21, width=17), resample=resample)
    for size in (18, dict(shortest_edge=18), dict(shortest_edge=15, longest_edge=22), dict(max_height=15, max_width=24)):
        for file in ("odd.png", "tall.png"):
            with_transformers(deit, file, size=size, crop_size=13)
    for crop in (16, 15, dict(height=24, width=12), dict(height=21, width=30)):
        with_transformers(deit, "odd.png", size=dict(height=20, width=18), crop_size=crop)
    with_transformers(deit, "odd.png", do_resize=False, crop_size=15)
    with_transformers("CLIPImageProcessor", "odd.png", size=16, crop_size=16)
    with_transformers("CLIPImageProcessor", "tall.png", size=dict(shortest_edge=15), crop_size=15, only=("size", "crop_size"))
    with_transformers("BitImageProcessor", "tall.png", size=dict(shortest_edge=16), crop_size=15, only=("size", "crop_size"))
    with_transformers("SiglipImageProcessor", "odd.png", size=dict(height=16, width=16), only=("size",))
    with_transformers("BeitImageProcessor", "odd.png", size=dict(height=16, width=15), only=("size",))
    with_transformers("ConvNextImageProcessor", "tall.png", size=dict(shortest_edge=15))
    with_transformers("ConvNextImageProcessor", "tall.png", size=dict(shortest_edge=15), crop_pct=0.7)
    with_transformers(vit, "odd.png", size=16, only=("size",))
    small = dict(size=dict(height=6, width=5), exact=True)
    with_transformers(vit, "odd.png", do_rescale=False, **small)
    with_transformers(vit, "odd.png", do_normalize=False, **small)
    with_transformers(vit, "odd.png", do_normalize=False, do_rescale=False, **small)
    with_transformers(vit, "odd.png", rescale_factor=1 / 127.5, image_mean=[1.0, 0.9, 0.8], **small)
    with_transformers(vit, "odd.png", image_mean=0.3, image_std=0.7, **small)


save("odd.png", photo(29, 37))
save("tall.png", photo(41, 22))
save("tiny.png", photo(9, 11))
kinds_of_files()
options_of_timm()
options_of_torchvision()
options_of_transformers()
versions = {m.__name__: m.__version__ for m in (torch, torchvision, timm, transformers, PIL)}
(out / "pixels.json").write_text(json.dumps({"versions": versions, "cases": cases}) + "\n")
save_file(tensors, out / "pixels.safetensors")
size = sum(file.stat().st_size for file in folder.iterdir()) + (out / "pixels.safetensors").stat().st_size + (out / "pixels.json").stat().st_size
print(len(cases), "cases,", len(list(folder.iterdir())), "files,", size, "bytes")
