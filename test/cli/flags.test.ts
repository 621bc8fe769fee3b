import assert from 'node:assert/strict';
import { nonEmpty, number, oneOf, wholeNumber } from '../../lib/cli/flags.js';

describe('the values of flags', () => {
  it('become numbers', () => {
    assert.equal(wholeNumber('--epochs', 1)('12'), 12);
    assert.equal(number('--lr', 0)('1e-3'), 0.001);
    assert.equal(number('--lr', 0)('0'), 0);
    assert.equal(oneOf('--optimizer', ['sgd', 'adamw'])('adamw'), 'adamw');
    assert.equal(nonEmpty('--data', 'a folder')('here'), 'here');
  });

  const wrong: readonly (readonly [run: () => unknown, sentence: string])[] = [
    [() => wholeNumber('--n', 1)('0'), 'Expected a whole number of at least 1 for --n but received 0.'],
    [() => wholeNumber('--n', 1)('1.5'), 'Expected a whole number of at least 1 for --n but received 1.5.'],
    [() => wholeNumber('--n', 1)('many'), "Expected a whole number of at least 1 for --n but received 'many'."],
    [() => wholeNumber('--n', 0)(''), "Expected a whole number of at least 0 for --n but received ''."],
    [() => wholeNumber('--n', 0)(' '), "Expected a whole number of at least 0 for --n but received ' '."],
    [() => number('--x', 0)('Infinity'), 'Expected a finite number of at least 0 for --x but received Infinity.'],
    [() => number('--x', 0)('-1'), 'Expected a finite number of at least 0 for --x but received -1.'],
    [() => number('--x', 0)('NaN'), "Expected a finite number of at least 0 for --x but received 'NaN'."],
    [() => number('--x', 0, 1)('5'), 'Expected a finite number from 0 to 1 for --x but received 5.'],
    [() => oneOf('--o', ['a', 'b'])('c'), "Expected one of 'a', 'b' for --o but received 'c'."],
    [() => nonEmpty('--data', 'a folder')(''), "Expected a folder for --data but received ''."],
  ];
  for (const [run, message] of wrong) it(`are refused: ${message}`, () => assert.throws(run, { message }));
});
