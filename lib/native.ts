import './node-version.js';
import { noteCopy } from './copies.js';
import { loadAddon } from './load-addon.js';
import { withFloats } from './native-floats.js';
import { type AddonOps, bindOps, type Handle, type NativeOps } from './native-ops.js';
import { packageRoot } from './package-root.js';
import { warnOnce } from './warning.js';

export type { Handle, ImageWindow, LambStep, Operand, StepInputs, Window } from './native-ops.js';

/** What went wrong on the stream; `site` is the number that the enqueuing call gave. */
export interface Fault {
  message: string;
  site: number;
}

/** One span of work on one thread, in microseconds; thread 0 is the stream's own. */
export interface TraceEvent {
  /** The command or the kernel. */
  name: string;
  /** 0 is the stream's own. */
  thread: number;
  /** Since the trace began. */
  start: number;
  /** Likewise. */
  end: number;
  /** Of a tile, where tiles are noted: which loop since the trace began. */
  loop?: number;
  /** Which of the ranges of tiles that the loop is made of. */
  range?: number;
  /** Which tile of that range. */
  tile?: number;
}

/** The number of a captured step. */
export type Graph = number;

/** Numbers shared with native/ops. */
export const ACTIVATION = { none: 0, gelu: 1, gelu_tanh: 2, relu: 3, tanh: 4, silu: 5, quick_gelu: 6 } as const;
export const PRECISION = { fp32: 0, bf16: 1, int8: 2 } as const;
export const REDUCTION = { none: 0, mean: 1, sum: 2 } as const;
/** Functions of one number, by their place in native/kernels/unary-inl.h. */
export const UNARY = {
  ...{ neg: 0, exp: 1, log: 2, log1p: 3, sqrt: 4, rsqrt: 5, abs: 6, sign: 7, sin: 8, cos: 9, sigmoid: 10 },
  ...{ silu: 11, square: 12, pow: 13, clamp: 14, logSigmoid: 15, toInt32: 16, toFloat32: 17 },
} as const;
export const BINARY = {
  ...{ add: 0, mul: 1, sub: 2, div: 3, minimum: 4, maximum: 5, pow: 6 },
  ...{ eq: 7, ne: 8, lt: 9, le: 10, gt: 11, ge: 12, xlogy: 13 },
} as const;
/** Those of integers. */
export const BINARY_INT32 = {
  ...{ add: 14, mul: 15, sub: 16, minimum: 17, maximum: 18 },
  ...{ eq: 19, ne: 20, lt: 21, le: 22, gt: 23, ge: 24 },
} as const;
/** Reductions of rows, by their place in native/ops/row_reduce.cpp. */
export const ROW_REDUCTION = {
  ...{ max: 0, min: 1, prod: 2, var: 3, std: 4, logsumexp: 5, norm: 6 },
  ...{ maxInt32: 7, minInt32: 8, sumInt32: 9, prodInt32: 10 },
} as const;
/** Of `ternary`: a choice, and a binary operation's gradient with respect to input 0 or 1. */
export const WHERE = 0;
export const gradientOf = (binary: number, input: 0 | 1): number => 1 + 2 * binary + input;
/** Whose indices are checked, and what `scatter` leaves. */
export const INDEXED = { gather: 0, scatter: 1, scatterAdd: 2, indexSelect: 3, index: 4 } as const;
export const SCATTER = { write: 0, add: 1, addIntegers: 2, number: 3 } as const;
export const DISTRIBUTION = { uniform: 0, normal: 1, integer: 2, truncatedNormal: 3 } as const;

/** PIL.Image.Resampling, which Transformers' files go by too. */
export const IMAGE_FILTER = { nearest: 0, lanczos: 1, bilinear: 2, bicubic: 3, box: 4, hamming: 5 } as const;
/** What an image may go through on its way into a batch. */
export const AUGMENTATION = {
  ...{ flipHorizontal: 0, flipVertical: 1, autoContrast: 2, equalize: 3, invert: 4, posterize: 5, solarize: 6 },
  ...{ solarizeAdd: 7, brightness: 8, contrast: 9, color: 10, sharpness: 11, hue: 12, gaussianBlur: 13, affine: 14 },
} as const;
export const ERASING = { const: 0, rand: 1, pixel: 2 } as const;
export const IMAGE_CONVERSION = { greyFromRgb: 0, rgbFromCmyk: 1 } as const;

export type Activation = keyof typeof ACTIVATION;
export type Reduction = keyof typeof REDUCTION;

type TypedArray = Float32Array | Int32Array | Uint8Array | Uint16Array | BigInt64Array;

/** What the addon offers besides ops. */
interface NativeSystem {
  allocate(bytes: number): Handle;
  retain(handle: Handle): void;
  release(handle: Handle): void;
  write(handle: Handle, array: TypedArray, byteOffset: number): void;
  /** On the stream, from the array itself, which must not change until `done` is called. */
  writeLater(handle: Handle, array: TypedArray, byteOffset: number, done: () => void): void;
  read(handle: Handle, array: TypedArray, byteOffset: number, done: (message?: string, site?: number) => void): void;
  readSync(handle: Handle, array: TypedArray, byteOffset: number): Fault | undefined;
  /** Reads if the stream has come past all that touches the storage; else gives false. Waits for nothing. */
  peek(handle: Handle, array: TypedArray, byteOffset: number): boolean;
  fence(done: (message?: string, site?: number) => void): void;
  synchronize(): Fault | undefined;
  reset(): void;
  abandon(): void;
  setBackground(on: boolean): void;
  /** How often a storage was written; -1 while the capture under way writes it. */
  writes(handle: Handle): number;
  beginCapture(): void;
  /** What comes next is no part of the capture under way, or is again. */
  pauseCapture(on: boolean): void;
  endCapture(): Graph;
  replay(graph: Graph): void;
  releaseGraph(graph: Graph): void;

  blas(): { name: string; core: string; warning: string };
  blasWarning(): string;
  whyNoBf16(): string;
  /** Floats of a weight (out,in) packed for products of so many rows in a `PRECISION`; 0 where that does not pay. */
  keptFloats(rows: number, out: number, inFeatures: number, precision: number): number;
  cpu(): { model: string; isa: string; isas: string[]; bf16: boolean; usable: number; memory: number };
  memory(): { live: number; peak: number; cached: number; pooled: number; storages: number };
  /** Whether this process now has the lock of an open file; it is given back when the file is closed or the process ends. */
  lockFile(descriptor: number): boolean;
  /** Whether two paths have changed places, in one step; false where the file system cannot. */
  exchangePaths(a: string, b: string): boolean;
  resetPeak(): void;
  trim(): void;
  spread(handle: Handle): void;
  startTrace(tiles: boolean): void;
  stopTrace(): TraceEvent[];
  threads(): number;
  wantedThreads(): number;
  setThreads(threads: number): void;
}

export { packageRoot };

const { addon, path } = loadAddon();
const loaded = addon as NativeSystem & AddonOps; // the one place where the addon's word is taken for its types
noteCopy();

/** The file that the addon was loaded from. */
export const addonPath = path;

/** The addon, whole: an op takes one object, whose fields are named as those of its struct in native/ops. */
export type Native = NativeSystem & NativeOps;
export const native: Native = { ...loaded, ...withFloats(bindOps(loaded), loaded) };

// Loads the library that VITRINE_GEMM names now, so that a missing one is told here and not in the middle of an op, and so is an environment
// (OPENBLAS_CORETYPE, often left in a shell's profile) that makes it run kernels of a slower CPU: where it is OpenBLAS
// that is used, and by the first environment of the process alone.
const warning = native.blasWarning();
if (warning !== '') warnOnce(warning);

/** Warns if the system started fewer threads than were asked for. Results are the same on any number. */
export function warnOfFewerThreads(): void {
  const [wanted, started] = [native.wantedThreads(), native.threads()];
  if (started >= wanted) return;
  warnOnce(
    `Expected ${wanted} threads but the system started ${started}: work takes longer. Raise the limit on threads (\`ulimit -u\`, a container's pids) or on address space (\`ulimit -v\`), or ask for fewer (VITRINE_THREADS, setThreads).`,
  );
}
warnOfFewerThreads();
