import assert from 'node:assert/strict';
import { expected } from '../../../lib/check.js';
import { fileErrorFrom } from '../../../lib/io/formats/file-error.js';

describe('the error of a file', () => {
  it('tells what the system said', () => {
    const { message } = fileErrorFrom(new Error('ENOENT: gone\nand more'), 'a file', 'a.json', 'Check the path.');
    assert.equal(message, 'Expected a file for a.json but received ENOENT: gone. Check the path.');
  });

  it('is no sentence within a sentence', () => {
    const named = fileErrorFrom(expected('a readable file', 'a.json', 3), 'settings', 'a.json', 'Check the path.');
    assert.equal(named.message, 'Expected a readable file for a.json but received 3. Check the path.');
    const unnamed = fileErrorFrom(expected('a whole number', 'depth', 1.5), 'options', 'a.json');
    assert.equal(unnamed.message, 'a.json: Expected a whole number for depth but received 1.5.');
    assert.ok(unnamed instanceof TypeError);
  });
});
