import assert from 'node:assert/strict';
import { grad, manualSeed, memory, scope, synchronize, type Tensor, tensor } from '../lib/index.js';
import { map, type Ref } from './reference/array.js';
import { assertClose, type Values } from './reference/assert-close.js';
import type { Gradients } from './reference/finite-difference.js';

/** DESIGN's figure for float32, relative to a tensor's largest value. */
export const FLOAT32 = 1e-5;
/** The figure where more than 1,000 terms are summed. */
export const LONG_SUM = 1e-4;

/** A float32 tensor of the reference's values. */
export function fromRef(x: Ref, options: { requiresGrad?: boolean } = {}): Tensor {
  return tensor(Float32Array.from(x.data), x.shape, options);
}

/** An int32 tensor of the reference's values: labels, indices, masks. */
export function intsFromRef(x: Ref): Tensor {
  return tensor(Int32Array.from(x.data), x.shape);
}

/** A tensor's shape and elements; blocks. */
export function valuesOf(x: Tensor): Values {
  return { shape: x.shape, data: x.dataSync() };
}

/**
 * Asserts that no element differs by more than `bound` times the expected tensor's largest.
 *
 * @param least what the largest is taken for where it is smaller: the size of terms that cancel to 0
 */
export function assertNear(
  actual: Tensor | null,
  expected: Values,
  what: string,
  bound: number = FLOAT32,
  least = 0,
): void {
  assert.ok(actual !== null, `there is no ${what}`);
  let largest = least;
  for (let i = 0; i < expected.data.length; i++) {
    const size = Math.abs(expected.data[i]);
    if (Number.isFinite(size)) largest = Math.max(largest, size);
  }
  assertClose(valuesOf(actual), expected, { relative: 0, absolute: bound * largest }, what);
}

/** Asserts that both hold the same numbers, bit for bit. */
export function assertSameBits(actual: Tensor, expected: Tensor, what: string): void {
  assert.deepEqual([...actual.shape], [...expected.shape], `shape of ${what}`);
  assert.deepEqual(actual.dataSync(), expected.dataSync(), what);
}

/** What an op is measured by: its float64 counterpart's numbers. */
export interface OpCase<Name extends string> {
  /** What it is differentiated by. */
  inputs: Record<Name, Ref>;
  run: (tensors: Record<Name, Tensor>) => Tensor;
  y: Ref;
  dy: Ref;
  gradients: Gradients<NoInfer<Name>>;
  /** Of the largest value; 1e-5 unless the case sums more than 1,000 terms. */
  bound?: number;
  /** Inputs whose gradient is 0 because its terms, about 1 in size, cancel. */
  cancels?: readonly NoInfer<Name>[];
}

/**
 * Asserts forward and gradients: without recording; with a gradient for every input, twice, so that the second adds to
 * the first; once more by `grad` over a graph that was walked before; and with a gradient for one input alone, each in turn.
 */
export function checkOp<Name extends string>(operation: OpCase<Name>): void {
  const { inputs, run, y, dy, bound = FLOAT32 } = operation;
  const gradients = operation.gradients as Record<string, Ref>; // its type says that every name is there
  const names = Object.keys(inputs) as Name[]; // the record's own keys
  const checkGradient = (name: Name, { grad }: Tensor, times: number, what = `d${name}`): void => {
    const expected = map(gradients[`d${name}`], (value) => times * value);
    assertNear(grad, expected, what, bound, operation.cancels?.includes(name) ? 1 : 0);
  };
  const make = (wanted: readonly Name[]): Record<Name, Tensor> => {
    const entries = names.map((name) => [name, fromRef(inputs[name], { requiresGrad: wanted.includes(name) })]);
    return Object.fromEntries(entries) as Record<Name, Tensor>; // one tensor a name
  };
  const forwardBackward = (tensors: Record<Name, Tensor>): void => {
    const output = run(tensors);
    assertNear(output, y, 'result', bound);
    output.backward(fromRef(dy));
  };
  scope(() => {
    const output = run(make([]));
    assertNear(output, y, 'result without gradients', bound);
    assert.equal(output.requiresGrad, false);
  });
  scope(() => {
    const tensors = make(names);
    forwardBackward(tensors);
    for (const name of names) checkGradient(name, tensors[name], 1);
    forwardBackward(tensors);
    for (const name of names) checkGradient(name, tensors[name], 2, `d${name} added to itself`);
  });
  scope(() => {
    const tensors = make(names);
    const output = run(tensors);
    output.backward({ gradient: fromRef(dy), retainGraph: true });
    const again = grad(
      output,
      names.map((name) => tensors[name]),
      { gradOutputs: fromRef(dy), allowUnused: true },
    );
    for (const [i, name] of names.entries()) {
      const first = tensors[name].grad;
      if (again[i] === null || first === null) assert.equal(again[i], first, `d${name} by grad`);
      else assertSameBits(again[i], first, `d${name} by grad, of a graph that was retained`);
    }
  });
  if (names.length === 1) return;
  for (const name of names) {
    scope(() => {
      const tensors = make([name]);
      forwardBackward(tensors);
      checkGradient(name, tensors[name], 1, `d${name} alone`);
      for (const other of names) if (other !== name) assert.equal(tensors[other].grad, null, `d${other} is not wanted`);
    });
  }
}

/** Asserts that `fn` throws the one sentence of a bad argument, what was expected and what was received, as `says`. */
export function assertBadInput(fn: () => unknown, says: RegExp): void {
  assert.throws(
    () => scope(fn),
    (error) => {
      assert.ok(error instanceof TypeError, `not a TypeError: ${error}`);
      assert.match(error.message, /^Expected .+ but received .+[.?]$/);
      assert.match(error.message, says);
      return true;
    },
  );
}

/** Makes the enclosing `describe` fail if its tests leave native memory behind. */
export function returnsMemory(): void {
  let before = 0;
  const live = (): number => {
    synchronize();
    return memory().live;
  };
  beforeEach(() => {
    manualSeed(1); // makes the generator's state, which stays
    before = live();
  });
  afterEach(() => {
    // Less, where the garbage collector gave back meanwhile what an earlier test had forgotten.
    const after = live();
    assert.ok(
      after <= before,
      `Expected at most ${before} bytes of native memory after the test but there are ${after}.`,
    );
  });
}
