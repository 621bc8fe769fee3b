import assert from 'node:assert/strict';
import { full, map, type Ref } from './array.js';
import { checkGradient } from './finite-difference.js';
import { generator, normal } from './random.js';

describe('checkGradient', () => {
  const random = generator(1);
  const x = normal([7], random);
  const dy = normal([7], random);
  const square = (inputs: { x: Ref }) => map(inputs.x, (value) => value * value);
  const dx = map(dy, (d, i) => 2 * x.data[i] * d);

  it('accepts the true gradient', () => {
    checkGradient(square, { x }, { dx }, { dy });
  });

  it('refuses a gradient wrong by one part in ten thousand', () => {
    const wrong = map(dx, (d) => d * 1.0001);
    assert.throws(() => checkGradient(square, { x }, { dx: wrong }, { dy }), /dx\[0\] is .*, central difference/);
  });

  it('refuses a gradient with one element left out', () => {
    const wrong = map(dx, (d, i) => (i === 3 ? 0 : d));
    assert.throws(() => checkGradient(square, { x }, { dx: wrong }, { dy }), /dx\[3\]/);
  });

  it('refuses NaN', () => {
    assert.throws(() => checkGradient(square, { x }, { dx: full([7], Number.NaN) }, { dy }), /NaN/);
  });

  it('refuses a gradient of another shape', () => {
    const wrong = { shape: [1, 7], data: dx.data };
    assert.throws(() => checkGradient(square, { x }, { dx: wrong }, { dy }), /dx is \(1, 7\)/);
  });

  it('adds up the outputs of a function that has several', () => {
    const both = (inputs: { x: Ref }) => [square(inputs), inputs.x];
    const sum = map(dx, (d, i) => d + dy.data[i]);
    checkGradient(both, { x }, { dx: sum }, { dy: [dy, dy] });
  });
});
