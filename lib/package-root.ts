import './node-version.js';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** vitrine's own version; a test holds it against package.json's, which is another program's where vitrine is bundled. */
export const VERSION = '0.1.0';

/** The folder that holds package.json: two levels above dist/lib and dist/package. No addon is loaded to know it. */
export const packageRoot = findPackage();

function findPackage(): string {
  const above = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
  if (isOurs(above)) return above;
  // Bundled into another file: the package itself, with its binaries and data, may be installed beside that.
  try {
    return dirname(createRequire(import.meta.url).resolve('vitrine/package.json'));
  } catch {
    return above;
  }
}

function isOurs(folder: string): boolean {
  try {
    const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown };
    return name === 'vitrine';
  } catch (error) {
    // Under --permission it may not be read: not to be told from its own.
    return error instanceof Error && 'code' in error && error.code === 'ERR_ACCESS_DENIED';
  }
}
