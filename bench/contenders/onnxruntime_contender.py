"""ONNX Runtime as a contender, on timm's model as torch.onnx exports it; see protocol.py."""

import os
import sys
import tempfile
import warnings

import protocol

try:
    import onnx  # noqa: F401: torch.onnx needs it
    import onnxruntime
    import torch
except ImportError as error:
    protocol.send(unavailable=str(error))
    sys.exit()

import torch_model

warnings.filterwarnings("ignore")


def prepare(work, threads):
    model = torch_model.vision_transformer(work["model"]).eval()
    x = torch_model.images(work["model"], work["batch"])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        # The exporter that needs no package beside onnx.
        torch.onnx.export(model, (x,), path, dynamo=False, input_names=["images"])
        del model
        protocol.begin_memory()  # not the export's
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feed = {"images": x.numpy()}
    return lambda: session.run(None, feed)


protocol.serve(f"ONNX Runtime {onnxruntime.__version__}", prepare)
