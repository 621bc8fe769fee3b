// Prints, as a line of JSON for each number of threads that it is given, a digest of the bits of every op's result and
// gradients, and of a short training run, each large enough for several tiles. The digests must be equal.
import { createHash } from 'node:crypto';
import {
  autocast,
  F,
  info,
  manualSeed,
  multinomial,
  nn,
  optim,
  rand,
  randint,
  randn,
  randperm,
  scope,
  setThreads,
  type Tensor,
  ViT,
} from '../lib/index.js';
import { ByteImage } from '../lib/ops/byte-image.js';
import { imageResize } from '../lib/ops/image-resize.js';

/** What op-bits prints. */
export interface OpBits {
  isa: string;
  threads: number;
  digests: Record<string, string>;
}

function digestOf(tensors: readonly Tensor[]): string {
  const hash = createHash('sha256');
  for (const tensor of tensors) {
    const { buffer, byteOffset, byteLength } = tensor.dataSync();
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex').slice(0, 16);
}

/** The bits of `run` on normal numbers of the given shapes, and of its gradients. */
function ofOp(shapes: readonly number[][], run: (...inputs: Tensor[]) => Tensor): string {
  return scope(() => {
    manualSeed(1);
    const inputs = shapes.map((shape) => randn(shape, { requiresGrad: true }));
    const y = run(...inputs);
    y.backward(randn(y.shape));
    return digestOf([y, ...inputs.flatMap(({ grad }) => grad ?? [])]);
  });
}

const MASK = { causal: true };
const WINDOW = { kernelSize: 3, padding: 1, dilation: 2, stride: 2 };

const OPS: Record<string, () => string> = {
  add: () =>
    ofOp(
      [
        [3, 211, 197],
        [211, 1],
      ],
      F.add,
    ),
  attention: () =>
    ofOp(
      [
        [2, 3, 211, 16],
        [2, 3, 197, 16],
        [2, 3, 197, 16],
      ],
      (q, k, v) => F.attention(q, k, v, MASK),
    ),
  attentionMask: () =>
    ofOp(
      [
        [5, 7, 61, 16],
        [5, 7, 97, 16],
        [5, 7, 97, 16],
        [61, 97],
      ],
      (q, k, v, attnMask) => F.attention(q, k, v, { attnMask }),
    ),
  attentionQkv: () => ofOp([[2, 197, 144]], (qkv) => F.attentionQkv(qkv, 3)),
  attentionShort: () => ofOp([[61, 17, 144]], (qkv) => F.attentionQkv(qkv, 3)),
  cat: () =>
    ofOp(
      [
        [211, 197],
        [311, 197],
      ],
      (a, b) => F.cat([a, b]),
    ),
  conv2d: () => ofOp([[5, 6, 37, 41], [8, 3, 3, 3], [8]], (x, w, b) => F.conv2d(x, w, b, { groups: 2, padding: 1 })),
  crossEntropy: () => ofOp([[311, 197]], (x) => F.crossEntropy(x, randint(0, 197, [311]), { labelSmoothing: 0.1 })),
  crossEntropyWeighted: () =>
    ofOp([[311, 197]], (x) => {
      const weight = rand([197]);
      return F.crossEntropy(x, randint(0, 197, [311]), { labelSmoothing: 0.1, weight });
    }),
  cumsum: () => ofOp([[7, 411, 97]], (x) => F.cumsum(x, 1)),
  dropout: () => ofOp([[317, 211]], (x) => F.dropout(x, 0.3)),
  dropPath: () => ofOp([[317, 211]], (x) => F.dropPath(x, 0.3)),
  embedding: () => ofOp([[97, 211]], (table) => F.embedding(randint(0, 97, [1311]), table)),
  fold: () => ofOp([[3, 45, 324]], (x) => F.fold(x, { ...WINDOW, outputSize: 37 })),
  gather: () => ofOp([[311, 97]], (x) => F.gather(x, 1, randint(0, 97, [311, 131]))),
  gelu: () => ofOp([[211, 317]], (x) => F.gelu(x)),
  index: () => ofOp([[101, 211]], (x) => F.index(x, [randint(0, 101, [1311])])),
  layerNorm: () => ofOp([[1311, 197], [197], [197]], (x, w, b) => F.layerNorm(x, w, b)),
  linear: () =>
    ofOp([[611, 197], [389, 197], [389], [611, 389]], (x, w, b, residual) =>
      F.linear(x, w, b, { activation: 'gelu', residual }),
    ),
  // Its weight's gradient is summed in more than two parts.
  linearDeep: () => ofOp([[2311, 197], [205, 197], [205]], (x, w, b) => F.linear(x, w, b)),
  linearWide: () => ofOp([[197, 211], [1031, 211], [1031]], (x, w, b) => F.linear(x, w, b)),
  matmul: () =>
    ofOp(
      [
        [7, 197, 131],
        [131, 261],
      ],
      (a, b) => F.matmul(a, b),
    ),
  mean: () => ofOp([[317, 411]], (x) => F.mean(x, { dim: 0 })),
  mul: () =>
    ofOp(
      [
        [3, 211, 197],
        [211, 1],
      ],
      F.mul,
    ),
  patchEmbed: () => ofOp([[9, 3, 64, 64], [97, 3, 8, 8], [97]], (x, w, b) => F.patchEmbed(x, w, b)),
  permute: () => ofOp([[31, 37, 41]], (x) => F.permute(x, [2, 0, 1])),
  relu: () => ofOp([[211, 317]], F.relu),
  scatterAdd: () =>
    ofOp(
      [
        [97, 211],
        [411, 211],
      ],
      (x, source) => F.scatterAdd(x, 0, randint(0, 97, [411, 211]), source),
    ),
  sort: () => ofOp([[211, 197]], (x) => F.sort(x, { dim: 0 }).values),
  softmax: () => ofOp([[611, 197]], (x) => F.softmax(x)),
  sum: () => ofOp([[411, 317]], (x) => F.sum(x)),
  inPlace: () => ofOp([[211, 317], [317]], (x, b) => x.mul(1).mul_(b).sub_(x).clamp_({ min: -1 })),
  tile: () => ofOp([[1, 197]], (x) => F.tile(x, [511, 1])),
  unfold: () => ofOp([[3, 5, 37, 37]], (x) => F.unfold(x, WINDOW)),
};

/** The parameters of a small ViT after some steps with dropout and clipping. */
function training(make: (parameters: Tensor[]) => optim.Optimizer): string {
  manualSeed(2);
  const sizes = { imgSize: 16, patchSize: 4, inChans: 1, numClasses: 10, embedDim: 48, depth: 2, numHeads: 3 };
  using model = new ViT({ ...sizes, projDropRate: 0.1, attnDropRate: 0.1, dropPathRate: 0.1 });
  const optimizer = make(model.parameters());
  const criterion = new nn.CrossEntropyLoss({ labelSmoothing: 0.1 });
  for (let step = 0; step < 5; step++) {
    optimizer.zeroGrad();
    scope(() => {
      const loss = criterion.forward(model.forward(randn([32, 1, 16, 16])), randint(0, 10, [32]));
      loss.backward();
      optim.clipGradNorm(optimizer.parameters, 1);
      optimizer.step();
    });
  }
  const digest = digestOf(model.parameters());
  optimizer.dispose();
  return digest;
}

// On every instruction set: where the CPU has no bfloat16 products, rounded numbers are multiplied as float32.
OPS.attentionBf16 = () => ofOp([[2, 197, 144]], (qkv) => autocast('bf16', () => F.attentionQkv(qkv, 3)));
OPS.linearBf16 = () => ofOp([[611, 197], [311, 197], [311]], (x, w, b) => autocast('bf16', () => F.linear(x, w, b)));
OPS.mlpBf16 = () =>
  ofOp(
    [
      [611, 64],
      [197, 64],
      [64, 197],
    ],
    (x, w, v) =>
      autocast('bf16', () =>
        F.linear(
          F.linear(F.layerNorm(x, undefined, undefined, { dtype: 'bfloat16' }), w, undefined, { activation: 'gelu' }),
          v,
          undefined,
          { residual: x },
        ),
      ),
  );

/** The bits of what is drawn. */
function ofDraws(draw: () => Tensor): string {
  manualSeed(1);
  return scope(() => digestOf([draw()]));
}

/** The bits of an image that is resized along both sides, in several tiles each. */
function ofImage(): string {
  const pixels = Uint8Array.from({ length: 301 * 257 * 3 }, (_, i) => (i * i) % 251);
  using image = ByteImage.from(pixels, 301, 257, 3);
  using y = imageResize(image, { size: [240, 280], interpolation: 'bicubic' });
  return createHash('sha256').update(y.bytesSync()).digest('hex').slice(0, 16);
}

function allDigests(): Record<string, string> {
  const digests = Object.fromEntries(Object.entries(OPS).map(([name, run]) => [name, run()]));
  digests.imageResize = ofImage();
  digests.multinomial = ofDraws(() => multinomial(rand([611, 197]), 50));
  digests.randperm = ofDraws(() => randperm(50_000));
  digests.sgd = training((parameters) => new optim.SGD(parameters, { lr: 0.1, momentum: 0.9, weightDecay: 1e-3 }));
  digests.adamw = training((parameters) => new optim.AdamW(parameters, { lr: 1e-3 }));
  return digests;
}

for (const threads of process.argv.slice(2).map(Number)) {
  setThreads(threads);
  const bits: OpBits = { isa: info().isa, threads, digests: allDigests() };
  console.log(JSON.stringify(bits));
}
