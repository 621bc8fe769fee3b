import { type Gradients, record } from '../autograd.js';
import { checkInteger, expected, type Pair } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { keptWeight } from '../kept-weight.js';
import { native } from '../native.js';
import type { Convolution } from '../native-ops.js';
import { currentPrecision, productDtype } from '../precision.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { checkWindow } from './unfold.js';

/** Options of `conv2d`; pairs are (height, width). */
export interface Conv2dOptions {
  /** Default 1. */
  stride?: Pair;
  /** Zeros on each side. Default 0. */
  padding?: Pair;
  /** Default 1. */
  dilation?: Pair;
  /** Default 1. */
  groups?: number;
}

const OPTIONS: OptionNames<Conv2dOptions> = { stride: true, padding: true, dilation: true, groups: true };

/**
 * 2-D convolution (cross-correlation). Where the stride is the kernel's size, as in a patch embedding, each pixel is
 * read once.
 *
 * @param x (N,C,H,W)
 * @param weight (OC,C/groups,kh,kw)
 * @param bias (OC), or undefined
 * @returns (N,OC,OH,OW)
 * @throws TypeError as `unfold`, and when channels and groups do not go together
 * @see `torch.nn.functional.conv2d`
 * @example
 * const same = F.conv2d(image, kernel, undefined, { stride: 4 });
 */
export function conv2d(x: Tensor, weight: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor {
  checkOptions(options, OPTIONS, 'conv2d');
  checkTensor(x, 'conv2d input', { rank: 4, letters: '(N,C,H,W)' });
  checkTensor(weight, 'conv2d weight', { rank: 4, letters: '(OC,C/groups,kh,kw)' });
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [outChannels, channelsPerGroup, kh, kw] = weight.shape as [number, number, number, number];
  const groups = checkInteger(options.groups ?? 1, 'conv2d groups', 1);
  if (channelsPerGroup * groups !== c) {
    throw expected(
      `${channelsPerGroup * groups} channels (${groups} groups of ${channelsPerGroup})`,
      'conv2d input',
      x,
    );
  }
  if (outChannels % groups !== 0)
    throw expected(`output channels that ${groups} groups divide`, 'conv2d weight', weight);
  if (bias !== undefined) checkTensor(bias, 'conv2d bias', { shape: [outChannels] });
  const { window, positions } = checkWindow({ ...options, kernelSize: [kh, kw] }, [h, w], 'conv2d');
  const image = { batch: n, channels: c, height: h, width: w };
  const sizes = { ...image, outChannels, groups, window, tokens: false, bf16: currentPrecision() === 'bf16' };
  return convolve('conv2d', [n, outChannels, ...positions], [x, weight, bias], sizes);
}

/**
 * The convolution whose stride is its kernel's size, and its result as tokens.
 *
 * @param x (N,C,H,W); rows and columns past the last whole patch are not read
 * @param weight (D,C,kh,kw)
 * @param bias (D), or undefined
 * @returns (N,L,D), patches in row-major order
 * @throws TypeError when the channels differ or the image is smaller than a patch
 * @see Dosovitskiy et al. 2021, section 3.1
 */
export function patchEmbed(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  checkTensor(weight, 'patchEmbed weight', { rank: 4, letters: '(D,C,kh,kw)' });
  const [outChannels, channels, kh, kw] = weight.shape as [number, number, number, number];
  checkTensor(x, 'patchEmbed input', { shape: [null, channels, null, null] });
  const [n, c, h, w] = x.shape as [number, number, number, number];
  if (bias !== undefined) checkTensor(bias, 'patchEmbed bias', { shape: [outChannels] });
  const { window, positions } = checkWindow({ kernelSize: [kh, kw], stride: [kh, kw] }, [h, w], 'patchEmbed');
  const image = { batch: n, channels: c, height: h, width: w };
  const sizes = { ...image, outChannels, groups: 1, window, tokens: true, bf16: currentPrecision() === 'bf16' };
  return convolve('patchEmbed', [n, positions[0] * positions[1], outChannels], [x, weight, bias], sizes);
}

/** Enqueues what was checked, and its gradients. */
function convolve(
  name: string,
  shape: readonly number[],
  [x, weight, bias]: readonly [Tensor, Tensor, Tensor | undefined],
  sizes: Convolution,
): Tensor {
  const y = empty(shape, sizes.tokens ? 'float32' : productDtype());
  const { batch, outChannels, channels, tokens } = sizes;
  const [kh, kw] = weight.shape.slice(2) as [number, number]; // (OC,C,kh,kw)
  const product = { rows: batch * shape[1], out: outChannels, in: channels * kh * kw };
  const kept = tokens ? keptWeight(weight, [x, weight, bias], product, sizes.bf16 ? 'bf16' : 'fp32') : undefined;
  native.conv2dForward({ y, x, weight, bias, kept, sizes });
  return record(name, y, [x, weight, bias], [x, weight], (dy, grads, [savedX, savedWeight]) => {
    const { gradients, deliver } = gradientsOf(grads, savedX.shape);
    native.conv2dBackward({ ...gradients, dy, x: savedX, weight: savedWeight, sizes });
    deliver();
  });
}

/** Where the gradients of (image, weight, bias) go; `deliver` hands the image's on, which no product accumulates. */
function gradientsOf(grads: Gradients, imageShape: readonly number[]) {
  const dx = grads.wants(0) ? empty(imageShape) : undefined;
  const dweight = grads.wants(1) ? grads.target(1) : undefined;
  const dbias = grads.wants(2) ? grads.target(2) : undefined;
  return {
    gradients: {
      dx,
      dweight: dweight?.grad,
      dbias: dbias?.grad,
      accumulateDweight: dweight?.accumulate ?? false,
      accumulateDbias: dbias?.accumulate ?? false,
    },
    deliver: () => {
      if (dx !== undefined) grads.pass(0, dx);
      dx?.dispose();
    },
  };
}
