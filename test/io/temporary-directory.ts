import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory for the tests of the enclosing `describe`, removed after them; returns a function from name to path. */
export function temporaryDirectory(): (name: string) => string {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'vitrine-test-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));
  return (name) => join(directory, name);
}
