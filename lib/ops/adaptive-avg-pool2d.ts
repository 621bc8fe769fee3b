import { checkPair, expected, type Pair } from '../check.js';
import { autocast } from '../precision.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { constant } from './constant.js';
import { matmul } from './matmul.js';
import { reshape } from './reshape.js';
import { wide } from './wide.js';

/**
 * The means of an image's parts, as many as are asked for: of parts that overlap by a row where they do not come out even.
 *
 * @param x (N,C,H,W)
 * @param outputSize (height, width) of the result
 * @returns (N,C,OH,OW)
 * @throws TypeError for an empty image
 * @see `torch.nn.functional.adaptive_avg_pool2d`
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: Pair): Tensor {
  const [rows, columns] = checkPair(outputSize, 'adaptiveAvgPool2d outputSize', 1);
  checkTensor(x, 'adaptiveAvgPool2d input', { rank: 4, letters: '(N,C,H,W)' });
  const [n, c, h, w] = x.shape as [number, number, number, number]; // four axes
  if (h === 0 || w === 0) throw expected('an image with pixels', 'adaptiveAvgPool2d input', x);
  return scope(() =>
    // Means, whatever products are: a third in bfloat16 is 0.334, and all of an image of ones would be 1.004.
    autocast('fp32', () => {
      const across = matmul(wide(reshape(x, [n * c, h, w])), parts(w, columns), { transposeB: true }); // (N*C,H,OW)
      return reshape(matmul(parts(h, rows), across), [n, c, rows, columns]);
    }),
  );
}

/** Means of `count` parts of an axis as a matrix (count,size). */
function parts(size: number, count: number): Tensor {
  const weights = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const [begin, end] = [Math.floor((i * size) / count), Math.ceil(((i + 1) * size) / count)];
    weights.fill(1 / (end - begin), i * size + begin, i * size + end);
  }
  return constant(weights, [count, size]);
}
