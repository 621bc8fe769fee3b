import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { transformSync } from 'esbuild';
import { packageRoot } from '../../lib/package-root.js';

const { resetErrors } = (await import(
  pathToFileURL(join(packageRoot, 'scripts/bundle-library/disposal.mjs')).href
)) as {
  resetErrors(text: string): string;
};

const LOOP = `
  const told = [];
  for (let i = 0; i < 4; i++) {
    try {
      using one = { [Symbol.dispose]() {} };
      using two = { [Symbol.dispose]() { if (i === 2) throw 'at the end'; } };
      if (i === 1) throw 'in the middle';
      told.push(i);
    } catch (error) {
      told.push(error);
    }
  }
  told.join();`;

describe('what the bundler makes of using', () => {
  it('throws an error of one round of a loop in that round alone', () => {
    const { code } = transformSync(LOOP, { target: 'node20', loader: 'ts' });
    assert.equal(runInNewContext(resetErrors(code), { Symbol }), '0,in the middle,2,at the end,3');
  });

  it('is refused where it looks otherwise', () => {
    assert.throws(() => resetErrors('var _stack = []; other(_stack);'), /Expected a call of __callDispose for _stack/);
  });
});
