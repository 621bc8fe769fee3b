import { record } from '../autograd.js';
import { checkOptions } from '../check-options.js';
import { native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { checkGenerator, type Generator, type RandomOptions } from './generator.js';
import { checkDropProbability, RANDOM_OPTIONS } from './random.js';

function drop(name: string, x: Tensor, p: number, groups: number, generator: Generator): Tensor {
  if (p === 0 || x.size === 0) return x;
  const size = x.size / groups;
  const y = empty(x.shape, x.dtype);
  const drawn = empty([4], 'int32');
  native.dropoutForward({ y, drawn, state: generator.operand, x, groups, size, p });
  record(name, y, [x], [drawn], (dy, grads, [saved]) => {
    const dx = empty(dy.shape, dy.dtype);
    native.dropoutBackward({ dx, drawn: saved, dy, groups, size, p });
    grads.pass(0, dx);
    dx.dispose();
  });
  drawn.dispose();
  return y;
}

/**
 * Zeroes elements with probability `p` and scales the rest by 1 / (1 - p).
 *
 * @throws TypeError unless p is in [0, 1]
 * @see Srivastava et al. 2014
 * @see `torch.nn.functional.dropout` in training
 */
export function dropout(x: Tensor, p: number, options: RandomOptions = {}): Tensor {
  checkTensor(x, 'dropout input');
  checkOptions(options, RANDOM_OPTIONS, 'dropout');
  return drop('dropout', x, checkDropProbability(p, 'dropout p'), x.size, checkGenerator(options.generator, 'dropout'));
}

/**
 * Stochastic depth: zeroes whole samples with probability `p` and scales the rest by 1 / (1 - p).
 *
 * @param x (B, ...)
 * @throws TypeError unless p is in [0, 1]
 * @see Huang et al. 2016
 * @see timm's `drop_path` in training
 */
export function dropPath(x: Tensor, p: number, options: RandomOptions = {}): Tensor {
  checkTensor(x, 'dropPath input', { minRank: 1 });
  checkOptions(options, RANDOM_OPTIONS, 'dropPath');
  const generator = checkGenerator(options.generator, 'dropPath');
  return drop('dropPath', x, checkDropProbability(p, 'dropPath p'), x.shape[0], generator);
}
