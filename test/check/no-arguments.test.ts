import assert from 'node:assert/strict';
import * as vitrine from '../../lib/index.js';
import { returnsMemory } from '../native-op.js';

// clearCache removes the cache of whoever runs the tests; the two errors are made by the library alone.
const LEFT_OUT = ['clearCache', 'NonFiniteLossError', 'StreamError'];

type Callable = ((...args: unknown[]) => unknown) & (new (...args: unknown[]) => unknown);

/** Every function and class that the package exports, by its name. */
function* exported(): Generator<[name: string, callable: Callable]> {
  for (const [name, value] of Object.entries(vitrine) as [string, unknown][]) {
    const within = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    for (const [inner, callable] of [[name, value] as const, ...within]) {
      if (typeof callable === 'function' && !LEFT_OUT.includes(inner)) yield [inner, callable as Callable];
    }
  }
}

describe('a call without its arguments, or with null', () => {
  returnsMemory();

  it('is told what was expected, or needs none', async () => {
    const wrong: string[] = [];
    for (const [name, callable] of exported()) {
      for (const args of [[], [null]]) {
        try {
          const made = /^[A-Z]\w/.test(name) ? new callable(...args) : callable(...args);
          const result = (await made) as { dispose?: () => unknown } | null | undefined;
          await result?.dispose?.();
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          if (!/^(.*: )?Expected /.test(message)) wrong.push(`${name}: ${message}`);
        }
      }
    }
    assert.deepEqual(wrong, []);
  });
});
