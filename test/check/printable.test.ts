import assert from 'node:assert/strict';
import { describe as describeValue, expected, Text } from '../../lib/check.js';
import { ViT } from '../../lib/index.js';
import { writeSafetensors } from '../../lib/io/formats/safetensors.js';
import { warnOnce } from '../../lib/warning.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { warningsOf } from '../io/warnings-of.js';

// Clear the screen (7-bit and 8-bit), ring, begin a line, turn the order of letters.
const hostile = '\u001b[2J \u009b2J \u0007 \r\n\u2028 \u202egnp.exe';
const escaped = String.raw`\u001b[2J \u009b2J \u0007 \u000d\u000a\u2028 \u202egnp.exe`;

describe('A message', () => {
  const path = temporaryDirectory();

  it('gives a terminal no control character, wherever it came from', async () => {
    for (const error of [
      expected(hostile, 'x', 1),
      expected('x', hostile, 1),
      expected('x', 'y', hostile),
      expected('x', 'y', new Text(hostile)),
      expected('x', 'y', 1, hostile),
    ]) {
      assert.ok(error.message.includes(escaped), error.message);
    }
    assert.deepEqual(await warningsOf(() => warnOnce(hostile)), [escaped]);
  });

  it('keeps letters of every language, quotes and emoji', () => {
    const text = 'Größe «日本語» "naïve" 👩‍💻';
    assert.ok(expected('x', text, 1).message.includes(text));
  });

  it('does not repeat a value of any length', () => {
    assert.ok(describeValue('x'.repeat(1e7)).length < 300);
  });

  it('escapes the names of a hostile file', async () => {
    const file = path('hostile.safetensors');
    await writeSafetensors(file, [[`blocks.0.${hostile}`, { dtype: 'F32', shape: [0], data: new Uint8Array(0) }]]);
    await assert.rejects(ViT.fromPretrained(file), ({ message }: Error) => {
      assert.doesNotMatch(message, /[\p{Cc}\p{Zl}\p{Bidi_Control}]/u);
      return true;
    });
  });
});
