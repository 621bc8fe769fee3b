import { checkPair, type Pair, sizeOf } from '../check.js';
import type { Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { conv2d, patchEmbed } from './conv2d.js';
import { matmul } from './matmul.js';
import { reshape } from './reshape.js';
import { transpose } from './transpose.js';
import { unfold } from './unfold.js';

/**
 * Image to patch embeddings, the naive route: unfold the patches, then one matrix product.
 *
 * @param image (N,C,H,W)
 * @param patchSize side of a patch in pixels, or a (height, width) pair
 * @param weight (C*kh*kw, D)
 * @returns (N,L,D)
 * @throws TypeError when the sizes do not go together
 * @see Dosovitskiy et al. 2021, section 3.1
 */
export function image2embNaive(image: Tensor, patchSize: Pair, weight: Tensor): Tensor {
  const size = checkPair(patchSize, 'image2embNaive patchSize', 1);
  const patches = unfold(image, { kernelSize: size, stride: size }); // (N, C*kh*kw, L)
  // patches^T weight: the product reads the columns as they lie.
  return matmul(patches, weight, { transposeA: true });
}

/**
 * Image to patch embeddings as a convolution. With `stride` the kernel's own size, and `kernel` the naive route's
 * weight, transposed and reshaped to (D,C,kh,kw), the result equals the naive route's.
 *
 * @param image (N,C,H,W)
 * @param kernel (D,C,kh,kw)
 * @param stride distance of the patches. Default: the kernel's size.
 * @returns (N,L,D)
 * @throws TypeError when the sizes do not go together
 * @see Dosovitskiy et al. 2021, section 3.1
 */
export function image2embConv(image: Tensor, kernel: Tensor, stride?: Pair): Tensor {
  checkTensor(kernel, 'image2embConv kernel', { rank: 4, letters: '(D,C,kh,kw)' });
  const size = kernel.shape.slice(2) as [number, number]; // four axes
  const step = stride === undefined ? size : checkPair(stride, 'image2embConv stride', 1);
  if (step[0] === size[0] && step[1] === size[1]) return patchEmbed(image, kernel);
  const y = conv2d(image, kernel, undefined, { stride: step }); // (N,D,OH,OW)
  const [n, d] = y.shape as [number, number, number, number]; // four axes
  return transpose(reshape(y, [n, d, sizeOf(y.shape.slice(2))]), 1, 2);
}
