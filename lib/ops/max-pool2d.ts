import { record } from '../autograd.js';
import { checkPair, expected } from '../check.js';
import { checkOptions } from '../check-options.js';
import { native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { checkWindow, WINDOW_OPTIONS, type WindowOptions } from './unfold.js';

/**
 * The largest element of each window of an image; the gradient goes to the first of equals.
 *
 * @param x (N,C,H,W)
 * @param options `padding` counts as less than any number and is at most half the kernel. The default stride is the
 *   kernel's size.
 * @returns (N,C,OH,OW)
 * @throws TypeError as `unfold`, and for more padding
 * @see `torch.nn.functional.max_pool2d`
 */
export function maxPool2d(x: Tensor, options: WindowOptions): Tensor {
  checkOptions(options, WINDOW_OPTIONS, 'maxPool2d');
  checkTensor(x, 'maxPool2d input', { rank: 4, letters: '(N,C,H,W)' });
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const stride = options?.stride ?? options?.kernelSize;
  const { window, positions } = checkWindow({ ...options, stride }, [h, w], 'maxPool2d');
  const [kh, kw] = checkPair(options.kernelSize, 'maxPool2d kernelSize', 1);
  const [ph, pw] = checkPair(options.padding ?? 0, 'maxPool2d padding', 0);
  if (2 * ph > kh || 2 * pw > kw) throw expected('padding of at most half the kernel', 'maxPool2d', options.padding);
  const y = empty([n, c, ...positions]);
  const index = empty(y.shape, 'int32');
  native.maxPool2dForward({ y, index, x, planes: n * c, height: h, width: w, window });
  record('maxPool2d', y, [x], [index], (dy, grads, [from]) => {
    const dx = empty([n, c, h, w]);
    const sizes = { planes: n * c, planeSize: h * w, positions: positions[0] * positions[1] };
    native.maxPool2dBackward({ dx, dy, index: from, ...sizes });
    grads.pass(0, dx);
    dx.dispose();
  });
  index.dispose();
  return y;
}
