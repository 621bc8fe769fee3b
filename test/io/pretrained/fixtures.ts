import { fileURLToPath } from 'node:url';

// From dist/test/io to the root of the repository.
const root = new URL('../../../../', import.meta.url);

/** Path of a fixture in test/golden. */
export function goldenPath(name: string): string {
  return fileURLToPath(new URL(`test/golden/${name}`, root));
}

/** Path of a file in data/digits. */
export function digitsPath(name: string): string {
  return fileURLToPath(new URL(`data/digits/${name}`, root));
}
