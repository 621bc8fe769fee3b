import { basename, extname } from 'node:path';

/** What a file is that this library does not read, and how to turn it into one that it reads. */
export interface ForeignFormat {
  what: string;
  advice: string;
}

/** Bytes from the start of a file that `foreignFormat` wants to see. */
export const foreignHeadBytes = 256;

/** Names the format of a file by its first bytes, or returns undefined; loads and runs nothing. */
export function foreignFormat(head: Uint8Array, path: string): ForeignFormat | undefined {
  const text = Buffer.from(head).toString('latin1');
  const [first, second, third] = head;
  if (text.startsWith('PK\x03\x04')) return text.includes('.npy') ? npz() : torchPickle(path);
  // Pickle protocols 2 to 5 open with PROTO; torch.save wrote bare pickles before version 1.6.
  if (first === 0x80 && second >= 2 && second <= 5) return torchPickle(path);
  // ModelProto: field 1 (ir_version) as a small varint, then field 2 or 3 or 7 (producer name, version, graph).
  if (first === 0x08 && second < 0x20 && [0x12, 0x1a, 0x3a].includes(third)) return onnx(path);
  if (text.startsWith('\x89HDF\r\n\x1a\n')) {
    return { what: 'an HDF5 file (Keras)', advice: 'Save its weights with safetensors.numpy.save_file in Python.' };
  }
  if (text.startsWith('version https://git-lfs')) {
    return { what: 'a Git LFS pointer, not the weights', advice: 'Run "git lfs pull", or download the file itself.' };
  }
  if (/^\s*<(!doctype|html)/i.test(text)) {
    return { what: 'an HTML page', advice: 'The download gave a web page; download the file itself.' };
  }
  return undefined;
}

// Where training scripts put the weights, averages before what they are of; a file of nothing else is a state dict.
const stateKeys = ['model_ema', 'state_dict_ema', 'ema', 'teacher', 'state_dict', 'model', 'module', 'net', 'encoder'];

/** The same for the PyTorch files that are zip archives and were opened as an .npz. */
export function torchPickle(path: string): ForeignFormat {
  return {
    what: 'a PyTorch pickle (torch.save)',
    advice:
      `Loading a pickle can run any code, so it is not read. Convert it once in Python: ${pickleRecipe(path)} ` +
      'If torch refuses what else is in it, such as a whole module, and you trust whoever made it, use weights_only=False.',
  };
}

/** One line of Python; test/golden/check_pickle_recipe.py proves it on all that such files hold. */
function pickleRecipe(path: string): string {
  const { source, target } = conversionNames(path);
  const keys = stateKeys.map((key) => `"${key}"`).join(', ');
  return [
    'import argparse, torch, safetensors.torch as s',
    'torch.serialization.add_safe_globals([argparse.Namespace])',
    'd = lambda x: getattr(x, "state_dict", lambda: x)()',
    `w = d(torch.load(${source}, map_location="cpu", weights_only=True))`,
    `w = d(next((w[k] for k in (${keys}) if isinstance(w.get(k), (dict, torch.nn.Module))), w))`,
    `s.save_file({k: v.clone().contiguous() for k, v in w.items() if torch.is_tensor(v)}, ${target})`,
  ].join('; ');
}

function npz(): ForeignFormat {
  return { what: 'a NumPy .npz archive', advice: 'Name it with the extension .npz and read it as one.' };
}

function onnx(path: string): ForeignFormat {
  const { source, target } = conversionNames(path);
  return {
    what: 'an ONNX model',
    advice:
      'Extract its weights once in Python: import onnx, onnx.numpy_helper as h, safetensors.numpy as s; ' +
      `s.save_file({i.name: h.to_array(i) for i in onnx.load(${source}).graph.initializer}, ${target}).`,
  };
}

/** Names of files as strings of Python, whose escapes JSON's are: a name is whatever somebody called a file. */
function conversionNames(path: string): { source: string; target: string } {
  const source = basename(path);
  const target = `${basename(source, extname(source))}.safetensors`;
  return { source: JSON.stringify(source), target: JSON.stringify(target) };
}
