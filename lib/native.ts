import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAddon } from './load-addon.js';
import { warnOnce } from './warning.js';

/** A storage as the addon knows it; 0 stands for an operand that is absent. */
export type Handle = number;

/** What went wrong on the stream; `site` is the number that the enqueuing call gave. */
export interface Fault {
  message: string;
  site: number;
}

/** One span of work on one thread, in microseconds; thread 0 is the stream's own. */
export interface TraceEvent {
  name: string;
  thread: number;
  start: number;
  end: number;
}

/** The number of a captured step. */
export type Graph = number;

/** Numbers shared with native/ops. */
export const ACTIVATION = { none: 0, gelu: 1, gelu_tanh: 2, relu: 3, tanh: 4 } as const;
export const REDUCTION = { none: 0, mean: 1, sum: 2 } as const;
export const BINARY = {
  ...{ add: 0, mul: 1, sub: 2, div: 3, minimum: 4, maximum: 5, pow: 6 },
  ...{ eq: 7, ne: 8, lt: 9, le: 10, gt: 11, ge: 12 },
} as const;
/** Of `ternary`: a choice, and a binary operation's gradient with respect to input 0 or 1. */
export const WHERE = 0;
export const gradientOf = (binary: number, input: 0 | 1): number => 1 + 2 * binary + input;
export const DISTRIBUTION = { uniform: 0, normal: 1, integer: 2, truncatedNormal: 3 } as const;

/** PIL.Image.Resampling, which Transformers' files go by too. */
export const IMAGE_FILTER = { nearest: 0, lanczos: 1, bilinear: 2, bicubic: 3, box: 4, hamming: 5 } as const;
export const IMAGE_CONVERSION = { greyFromRgb: 0, rgbFromCmyk: 1 } as const;

export type Activation = keyof typeof ACTIVATION;
export type Reduction = keyof typeof REDUCTION;

type Dims = readonly number[];
type Handles = readonly Handle[];
type Window = [kh: number, kw: number, dh: number, dw: number, ph: number, pw: number, sh: number, sw: number];
type ImageWindow = [top: number, left: number, height: number, width: number];
/** What all optimizers' steps go by; see native/ops/optimizer.h. */
export type StepInputs = [
  steps: Handle,
  gradients: Handles,
  learningRateScales: readonly number[],
  weightDecays: readonly number[],
  learningRates: Handle,
  members: Dims,
  groups: Dims,
  gradientScale: Handle,
];
type TypedArray = Float32Array | Int32Array | Uint8Array | BigInt64Array;

/**
 * The addon, whole. Ops only enqueue; arguments are in the order of `Fields` in native/ops/*.h: outputs first, then
 * inputs, then sizes.
 */
export interface Native {
  allocate(bytes: number): Handle;
  retain(handle: Handle): void;
  release(handle: Handle): void;
  write(handle: Handle, array: TypedArray, byteOffset: number): void;
  read(handle: Handle, array: TypedArray, byteOffset: number, done: (message?: string, site?: number) => void): void;
  readSync(handle: Handle, array: TypedArray, byteOffset: number): Fault | undefined;
  /** Reads if the stream has come past all that touches the storage; else gives false. Waits for nothing. */
  peek(handle: Handle, array: TypedArray, byteOffset: number): boolean;
  fence(done: (message?: string, site?: number) => void): void;
  synchronize(): Fault | undefined;
  reset(): void;
  abandon(): void;
  setBackground(on: boolean): void;
  beginCapture(): void;
  endCapture(): Graph;
  replay(graph: Graph): void;
  releaseGraph(graph: Graph): void;

  blas(): { name: string; core: string; warning: string };
  blasWarning(): string;
  whyNoBf16(): string;
  cpu(): { model: string; isa: string; isas: string[]; bf16: boolean; usable: number; memory: number };
  memory(): { live: number; peak: number; cached: number; pooled: number; storages: number };
  /** Whether this process now has the lock of an open file; it is given back when the file is closed or the process ends. */
  lockFile(descriptor: number): boolean;
  /** Whether two paths have changed places, in one step; false where the file system cannot. */
  exchangePaths(a: string, b: string): boolean;
  resetPeak(): void;
  trim(): void;
  startTrace(): void;
  stopTrace(): TraceEvent[];
  threads(): number;
  wantedThreads(): number;
  setThreads(threads: number): void;

  fill(y: Handle, count: number, bits: number): void;
  affine(y: Handle, x: Handle, count: number, a: number, b: number): void;
  binary(y: Handle, a: Handle, b: Handle, shape: Dims, stridesA: Dims, stridesB: Dims, operation: number): void;
  ternary(
    y: Handle,
    c: Handle,
    a: Handle,
    b: Handle,
    shape: Dims,
    stridesC: Dims,
    stridesA: Dims,
    stridesB: Dims,
    operation: number,
  ): void;
  stridedCopy(
    y: Handle,
    x: Handle,
    shape: Dims,
    stridesY: Dims,
    stridesX: Dims,
    offsetY: number,
    offsetX: number,
    accumulate: boolean,
  ): void;
  sum(y: Handle, x: Handle, shape: Dims, kept: Dims, scale: number, accumulate: boolean): void;
  activationForward(y: Handle, x: Handle, count: number, activation: number): void;
  activationBackward(dx: Handle, dy: Handle, x: Handle, count: number, activation: number): void;
  unaryForward(y: Handle, x: Handle, count: number, operation: number, p: number, q: number): void;
  unaryBackward(dx: Handle, dy: Handle, saved: Handle, count: number, operation: number, p: number, q: number): void;
  softmaxForward(y: Handle, x: Handle, rows: number, width: number): void;
  softmaxBackward(dx: Handle, dy: Handle, y: Handle, rows: number, width: number): void;
  matmul(
    c: Handle,
    a: Handle,
    b: Handle,
    batch: number,
    m: number,
    n: number,
    k: number,
    strideA: number,
    strideB: number,
    strideC: number,
    transposeA: boolean,
    transposeB: boolean,
    alpha: number,
    beta: number,
  ): void;
  linearForward(
    y: Handle,
    preactivation: Handle,
    x: Handle,
    weight: Handle,
    bias: Handle,
    residual: Handle,
    rows: number,
    inFeatures: number,
    outFeatures: number,
    activation: number,
    bf16: boolean,
  ): void;
  linearBackward(
    dx: Handle,
    dweight: Handle,
    dbias: Handle,
    dpreactivation: Handle,
    dy: Handle,
    x: Handle,
    weight: Handle,
    preactivation: Handle,
    rows: number,
    inFeatures: number,
    outFeatures: number,
    activation: number,
    accumulateDx: boolean,
    accumulateDweight: boolean,
    accumulateDbias: boolean,
    bf16: boolean,
  ): void;
  layerNormForward(
    y: Handle,
    sum: Handle,
    mean: Handle,
    rstd: Handle,
    x: Handle,
    residual: Handle,
    weight: Handle,
    bias: Handle,
    rows: number,
    width: number,
    eps: number,
  ): void;
  layerNormBackward(
    dx: Handle,
    dweight: Handle,
    dbias: Handle,
    dy: Handle,
    x: Handle,
    mean: Handle,
    rstd: Handle,
    weight: Handle,
    dsum: Handle,
    rows: number,
    width: number,
    accumulate: boolean,
  ): void;
  attentionForward(
    y: Handle,
    softmax: Handle,
    q: Handle,
    k: Handle,
    v: Handle,
    keyPadding: Handle,
    bias: Handle,
    layoutY: Dims,
    layoutQ: Dims,
    layoutK: Dims,
    layoutV: Dims,
    layoutBias: Dims,
    batch: number,
    heads: number,
    queries: number,
    keys: number,
    width: number,
    scale: number,
    causal: boolean,
    bf16: boolean,
  ): void;
  attentionBackward(
    dq: Handle,
    dk: Handle,
    dv: Handle,
    dbias: Handle,
    dy: Handle,
    y: Handle,
    q: Handle,
    k: Handle,
    v: Handle,
    softmax: Handle,
    keyPadding: Handle,
    bias: Handle,
    layoutY: Dims,
    layoutQ: Dims,
    layoutK: Dims,
    layoutV: Dims,
    layoutBias: Dims,
    batch: number,
    heads: number,
    queries: number,
    keys: number,
    width: number,
    parts: number,
    scale: number,
    causal: boolean,
    bf16: boolean,
  ): void;
  crossEntropyForward(
    loss: Handle,
    softmax: Handle,
    logits: Handle,
    labels: Handle,
    target: Handle,
    rows: number,
    classes: number,
    smoothing: number,
    ignoreIndex: number,
    reduction: number,
    site: number,
  ): void;
  crossEntropyBackward(
    dlogits: Handle,
    dloss: Handle,
    softmax: Handle,
    logits: Handle,
    labels: Handle,
    target: Handle,
    rows: number,
    classes: number,
    smoothing: number,
    ignoreIndex: number,
    reduction: number,
  ): void;
  embeddingForward(
    y: Handle,
    table: Handle,
    index: Handle,
    count: number,
    entries: number,
    width: number,
    site: number,
  ): void;
  embeddingBackward(
    dtable: Handle,
    dy: Handle,
    index: Handle,
    count: number,
    entries: number,
    width: number,
    accumulate: boolean,
  ): void;
  randomFill(y: Handle, state: Handle, count: number, distribution: number, low: number, high: number): void;
  dropoutForward(y: Handle, drawn: Handle, state: Handle, x: Handle, groups: number, size: number, p: number): void;
  dropoutBackward(dx: Handle, drawn: Handle, dy: Handle, groups: number, size: number, p: number): void;
  unfold(columns: Handle, image: Handle, n: number, c: number, h: number, w: number, ...window: Window): void;
  fold(image: Handle, columns: Handle, n: number, c: number, h: number, w: number, ...window: Window): void;
  conv2dForward(
    y: Handle,
    x: Handle,
    weight: Handle,
    bias: Handle,
    n: number,
    c: number,
    h: number,
    w: number,
    outChannels: number,
    groups: number,
    ...window: Window
  ): void;
  conv2dBackward(
    dx: Handle,
    dweight: Handle,
    dbias: Handle,
    dy: Handle,
    x: Handle,
    weight: Handle,
    n: number,
    c: number,
    h: number,
    w: number,
    outChannels: number,
    groups: number,
    ...windowThenAccumulate: [...Window, accumulateDweight: boolean, accumulateDbias: boolean]
  ): void;
  maxPool2dForward(y: Handle, index: Handle, x: Handle, planes: number, h: number, w: number, ...window: Window): void;
  maxPool2dBackward(dx: Handle, dy: Handle, index: Handle, planes: number, planeSize: number, positions: number): void;
  patchEmbedForward(
    y: Handle,
    x: Handle,
    weight: Handle,
    bias: Handle,
    n: number,
    c: number,
    h: number,
    w: number,
    kernelHeight: number,
    kernelWidth: number,
    outChannels: number,
    bf16: boolean,
  ): void;
  patchEmbedBackward(
    dx: Handle,
    dweight: Handle,
    dbias: Handle,
    dy: Handle,
    x: Handle,
    weight: Handle,
    n: number,
    c: number,
    h: number,
    w: number,
    kernelHeight: number,
    kernelWidth: number,
    outChannels: number,
    accumulateDweight: boolean,
    accumulateDbias: boolean,
    bf16: boolean,
  ): void;
  sgdStep(
    parameters: Handles,
    momentum: Handles,
    counts: Dims,
    ...inputsThenRest: [...StepInputs, momentumFactor: number, dampening: number, nesterov: boolean]
  ): void;
  adamStep(
    parameters: Handles,
    firstMoments: Handles,
    secondMoments: Handles,
    counts: Dims,
    ...inputsThenRest: [...StepInputs, beta1: number, beta2: number, eps: number, decoupled: boolean]
  ): void;
  lionStep(
    parameters: Handles,
    momentum: Handles,
    counts: Dims,
    ...inputsThenRest: [...StepInputs, beta1: number, beta2: number]
  ): void;
  lambStep(
    parameters: Handles,
    firstMoments: Handles,
    secondMoments: Handles,
    counts: Dims,
    ...inputsThenRest: [
      ...StepInputs,
      beta1: number,
      beta2: number,
      eps: number,
      maxGradNorm: number,
      biasCorrection: boolean,
      gradAveraging: boolean,
      trustClip: boolean,
      alwaysAdapt: boolean,
    ]
  ): void;
  gradientNorm(norm: Handle, scale: Handle, gradients: Handles, counts: Dims, maxNorm: number, apply: boolean): void;
  clampGradients(gradients: Handles, counts: Dims, limit: number): void;
  lerpStep(averages: Handles, values: Handles, counts: Dims, weight: Handle): void;
  imageConvert(y: Handle, x: Handle, pixels: number, conversion: number): void;
  imageResize(
    y: Handle,
    between: Handle,
    x: Handle,
    channels: number,
    height: number,
    width: number,
    ...windowsAndFilter: [
      ...window: ImageWindow,
      outHeight: number,
      outWidth: number,
      ...kept: ImageWindow,
      filter: number,
      antialias: boolean,
    ]
  ): void;
  imageNormalize(
    y: Handle,
    x: Handle,
    index: number,
    channels: number,
    height: number,
    width: number,
    xChannels: number,
    xHeight: number,
    xWidth: number,
    top: number,
    left: number,
    offset: readonly number[],
    divisor: readonly number[],
    fill: readonly number[],
    mirrored: boolean,
  ): void;
  peakFma(y: Handle, tiles: number, flopsPerTile: number, bf16: boolean): void;
}

/** The folder that holds package.json: two levels above dist/lib. */
export const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

// VITRINE_ADDON names another build of the addon, such as the one with sanitizers.
const addon = resolve(process.env.VITRINE_ADDON || join(packageRoot, 'build', 'Release', 'vitrine.node'));
export const native = loadAddon(addon) as Native; // the one place where the addon's word is taken for its types

// Loads BLAS now, so that a missing library is told here and not in the middle of an op, and so is an environment
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
