// Whether a built thing is what its sources say: a stamp beside it holds a fingerprint of what it was built from.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The files under `path` (itself, if a file; none, if absent) that `accept` takes, in a fixed order. */
export function listFiles(path, accept = () => true) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return accept(path) ? [path] : [];
  return readdirSync(path)
    .sort()
    .flatMap((name) => listFiles(join(path, name), accept));
}

/** A digest of names, sizes and times of change, and of `context`: cheap enough (under 10 ms) for every start. */
export function fingerprint(files, context) {
  const hash = createHash('sha256').update(JSON.stringify(context));
  for (const file of files) {
    const { mtimeMs, size } = statSync(file);
    hash.update(`${file}\0${mtimeMs}\0${size}\n`);
  }
  return hash.digest('hex');
}

/** What an addon is made of: C++, headers, their list, and how they are built. */
export function nativeSources() {
  const ours = (file) => /\.(h|cpp)$/.test(file) && !/^native.tests/.test(file);
  return [
    ...listFiles('native', ours),
    ...['exports.map', 'sources.txt', 'vitrine.gypi'].map((file) => `native/${file}`),
  ];
}

/** A digest of names and contents: what is made on one machine is known on another by it. */
export function contentOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file.replaceAll('\\', '/')}\0${readFileSync(file)}\0`);
  return hash.digest('hex');
}

export function readStamp(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

export function writeStamp(file, stamp) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, stamp);
}
