import assert from 'node:assert/strict';
import { checkOptions } from '../../lib/check-options.js';

interface Options {
  labelSmoothing?: number;
  reduction?: string;
}
const names = { labelSmoothing: true, reduction: true } as const;
const check = (options: unknown): void => checkOptions(options as Options | undefined, names, 'F.crossEntropy');

describe('checkOptions', () => {
  it('takes known options, and none', () => {
    check({ labelSmoothing: 0.1 });
    check({});
    check(undefined);
  });

  it('names the nearest option, in whatever spelling', () => {
    const message =
      "Expected an option among labelSmoothing, reduction for F.crossEntropy but received 'label_smoothing'. Did you mean labelSmoothing?";
    assert.throws(() => check({ label_smoothing: 0.1 }), new TypeError(message));
  });

  it('refuses an option that is near to none', () => {
    assert.throws(() => check({ weight: 1 }), /but received 'weight'\.$/);
  });

  it('refuses what is no object of options', () => {
    for (const options of [null, 3, 'mean', [], true]) {
      assert.throws(() => check(options), /^TypeError: Expected an object of options for F\.crossEntropy but received/);
    }
  });
});
