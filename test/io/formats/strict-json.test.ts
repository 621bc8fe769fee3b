import assert from 'node:assert/strict';
import { parseStrictJson } from '../../../lib/io/formats/strict-json.js';

describe('parseStrictJson', () => {
  it('parses what JSON.parse parses', () => {
    const texts = [
      '{}',
      '[1, "a:b", {"x": [true, null]}]',
      '"\\"{"',
      '{"a":{"k":1},"b":{"k":1}}',
      '{"a\\\\":1,"a":"a"}',
      '1',
    ];
    for (const text of texts) assert.deepEqual(parseStrictJson(text, 'x'), JSON.parse(text));
  });

  it('refuses what is not JSON', () => {
    for (const text of ['', '{', '}', '{"a":1,}', '"open', '{"\\q":1}', '[1}', '{"a" 1}']) {
      assert.throws(() => parseStrictJson(text, 'file x'), /Expected JSON for file x/, text);
    }
  });

  it('refuses a repeated key, escaped or not, and allows one in different objects', () => {
    for (const text of [
      '{"a":1,"a":1}',
      '{"a":{"b":1},"a" : 2}',
      '[{"a":1,"\\u0061":2}]',
      '{"__proto__":1,"__proto__":2}',
    ]) {
      assert.throws(() => parseStrictJson(text, 'x'), /every key once.*twice/, text);
    }
  });

  it('refuses nesting and sizes that would exhaust the stack or the heap', () => {
    assert.throws(() => parseStrictJson('['.repeat(1e6), 'x'), /at most 100 levels/);
    assert.throws(() => parseStrictJson(`[${'[],'.repeat(2e6)}1]`, 'x'), /at most 2000000 values/);
  });
});
