"""Writes the golden fixtures of data sets in archives: shards/*.parquet by Hugging Face's datasets, shards/*.tar by Python's tarfile.

shards.json says what is in them: for each image its label and the pixel at (0,0). Run: python generate_shards.py [out_dir]
(needs datasets, pyarrow, Pillow, numpy)
"""
import io, json, pathlib, sys, tarfile
import datasets, numpy as np, pyarrow as pa, pyarrow.parquet as pq
from PIL import Image

out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
shards = out / "shards"
shards.mkdir(exist_ok=True)
NAMES = ["cat", "dog", "a long, \u00fc name"]
COUNT = 10
rng = np.random.default_rng(12)
colours = rng.integers(0, 256, (COUNT, 3)).tolist()
labels = [int(label) for label in rng.integers(0, 3, COUNT)]


def png(i):
    file = io.BytesIO()
    Image.new("RGB", (5 + i, 4), tuple(colours[i])).save(file, "PNG")
    return file.getvalue()


images = [{"bytes": png(i), "path": f"{i}.png"} for i in range(COUNT)]

# As save_to_parquet and push_to_hub write them: two shards of a part, another part beside it, small row groups.
features = datasets.Features({"img": datasets.Image(), "label": datasets.ClassLabel(names=NAMES)})
whole = datasets.Dataset.from_dict({"img": images, "label": labels}, features=features)
whole.select(range(6)).to_parquet(shards / "train-00000-of-00002.parquet", batch_size=4)
whole.select(range(6, 10)).to_parquet(shards / "train-00001-of-00002.parquet", batch_size=4)
whole.select(range(2)).to_parquet(shards / "test-00000-of-00001.parquet")

# Several classes an image; none; two columns of classes.
several = datasets.Features({"image": datasets.Image(), "labels": datasets.Sequence(datasets.ClassLabel(names=NAMES))})
tags = [[label, (label + 1) % 3] if i % 2 else [] for i, label in enumerate(labels)]
datasets.Dataset.from_dict({"image": images, "labels": tags}, features=several).to_parquet(shards / "several.parquet")
two = datasets.Features({"image": datasets.Image(), "fine": datasets.ClassLabel(names=NAMES), "coarse": datasets.ClassLabel(names=["x", "y"])})
coarse = [label // 2 for label in labels]
datasets.Dataset.from_dict({"image": images, "fine": labels, "coarse": coarse}, features=two).to_parquet(shards / "two.parquet")

# Without Hugging Face's metadata: bytes and names, in every compression.
plain = pa.table({"image": [image["bytes"] for image in images[:3]], "label": [NAMES[label] for label in labels[:3]]})
for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
    pq.write_table(plain, shards / f"plain-{codec}.parquet", compression=codec)
soft = pa.table({"image": [image["bytes"] for image in images[:2]], "label": [[0.25, 0.75], [1.0, 0.0]]})
pq.write_table(soft, shards / "soft.parquet")
unlabelled = pa.table({"image": [images[0]["bytes"]], "label": pa.array([-1], pa.int64())})
pq.write_table(unlabelled, shards / "unlabelled.parquet")


def archive(name, files, format=tarfile.USTAR_FORMAT):
    with tarfile.open(shards / name, "w", format=format) as tar:
        folder = tarfile.TarInfo("photos")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for path, content in files:
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))


def members(i, name="photos/{:04}"):
    return [(f"{name.format(i)}.PNG", images[i]["bytes"]), (f"{name.format(i)}.cls", f"{labels[i]}\n".encode())]


archive("web-000.tar", [("README", b"no sample"), *(file for i in range(6) for file in members(i))])
archive("web-001.tar", [file for i in range(6, 10) for file in members(i)])
LONG = "photos/" + "very-" * 40 + "long-{:04}"
for format, name in [(tarfile.PAX_FORMAT, "pax"), (tarfile.GNU_FORMAT, "gnu")]:
    archive(f"{name}.tar", [file for i in range(2) for file in members(i, LONG)], format)
detail = lambda i: json.dumps({"label": NAMES[labels[i]], "tags": [NAMES[0], NAMES[labels[i]]], "soft": [0.5, 0.25, 0.25]}).encode()
archive("json.tar", [file for i in range(4) for file in [(f"{i}.seg.png", b"no image"), (f"{i}.png", images[i]["bytes"]), (f"{i}.json", detail(i))]])

(out / "shards.json").write_text(json.dumps({"names": NAMES, "labels": labels, "colours": colours, "tags": tags, "coarse": coarse}))
