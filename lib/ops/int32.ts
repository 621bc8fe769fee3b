import { scope } from '../scope.js';
import { empty, fill, type Tensor } from '../tensor.js';
import { binary, compare } from './binary.js';

/** Functions of one int32 tensor, made of those of two; they wrap around as these do: the negative of -2^31 is itself. */

/** @internal */
export function negInt32(x: Tensor): Tensor {
  return scope(() => binary('sub', fill(empty([], 'int32'), 0), x));
}

/** @internal */
export function absInt32(x: Tensor): Tensor {
  return scope(() => binary('maximum', x, negInt32(x)));
}

/** @internal */
export function signInt32(x: Tensor): Tensor {
  return scope(() => binary('sub', compare('gt', x, 0), compare('lt', x, 0)));
}

/** @internal */
export function squareInt32(x: Tensor): Tensor {
  return binary('mul', x, x);
}

/** @internal With bounds that are whole; infinite ones are none. Others promote, as numbers do. */
export function clampInt32(x: Tensor, low: number, high: number): Tensor {
  return scope(() => {
    const above = low === -Infinity ? x : binary('maximum', x, low);
    return high === Infinity ? above : binary('minimum', above, high);
  });
}
