"""ONNX Runtime as a contender: python onnxruntime_contender.py <node> <export-model.js>, on what vitrine exports; see protocol.py."""

import json
import os
import subprocess
import sys
import tempfile

import protocol

try:
    import numpy
    import onnxruntime
except ImportError as error:
    protocol.send(unavailable=str(error))
    sys.exit()

EXPORT = sys.argv[1:]


def prepare(work, threads):
    sizes = work["model"]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        subprocess.run([*EXPORT, json.dumps(sizes), path], check=True)
        protocol.begin_memory()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    shape = (work["batch"], sizes["inChans"], sizes["imgSize"], sizes["imgSize"])
    feed = {session.get_inputs()[0].name: numpy.random.default_rng(0).standard_normal(shape, numpy.float32)}
    return lambda: session.run(None, feed)


protocol.serve(f"ONNX Runtime {onnxruntime.__version__}", prepare)
