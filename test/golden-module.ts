import assert from 'node:assert/strict';
import { type nn, scope } from '../lib/index.js';
import type { GoldenCase } from './golden.js';
import { assertNear, fromRef } from './native-op.js';
import type { Ref } from './reference/array.js';

type Tensors = GoldenCase<unknown>['tensors'];

/** The tensors whose names begin with `prefix`, without it. */
export function withPrefix(tensors: Tensors, prefix: string): Map<string, Ref> {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, x]) => [name.slice(prefix.length), x]));
}

/** Loads a fixture's parameters; every one of the module's own must be there, and no other. */
export function loadParameters(module: nn.Module, tensors: Tensors, prefix: string): void {
  scope(() => {
    module.loadStateDict(new Map([...withPrefix(tensors, prefix)].map(([name, x]) => [name, fromRef(x)])));
  });
}

/** Asserts the gradients of all the parameters that the fixture has any for. */
export function checkGradients(module: nn.Module, tensors: Tensors, prefix: string, bound?: number): void {
  const parameters = module.namedParameters();
  const expected = withPrefix(tensors, prefix);
  assert.notEqual(expected.size, 0, `no gradients under ${prefix}`);
  for (const [name, gradient] of expected) {
    assertNear(parameters.get(name)?.grad ?? null, gradient, `gradient of ${name}`, bound);
  }
}
