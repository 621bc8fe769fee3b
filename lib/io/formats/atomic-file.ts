import { type FileHandle, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { late } from '../../late.js';
import { fileError, fileErrorFrom } from './file-error.js';
import { syncFolder } from './sync-folder.js';

// A writer touches its file all the time: one untouched for an hour, from whatever machine, belongs to a dead one.
const abandonedMs = 3_600_000;

/**
 * Writes a file whole or not at all: beside the target, flushed to disk, then renamed over it.
 *
 * On any error, and if the process or machine dies, the file that was there stays as it was. The unfinished file is
 * removed on an error, and that of a killed process by the next write to the same path. Throws if the folder cannot be
 * written.
 *
 * @param head asked for at the end: bytes in the place of the first ones, for formats that begin with how much they hold
 */
export async function writeFileAtomically(
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  head?: () => Uint8Array,
): Promise<void> {
  // A symbolic link (latest.safetensors) stays one: what it points at is replaced.
  const target = await realpath(path).catch(() => path);
  if ((await stat(target).catch(() => undefined))?.isDirectory()) {
    throw fileError('a path for a file', path, 'a folder', 'Name a file in it.');
  }
  await removeAbandoned(target);
  const temporary = `${temporaryPrefix(target)}${hostname()}.${process.pid}.${late.crypto.randomBytes(6).toString('hex')}.tmp`;
  const file = await orUnwritable(path, open(temporary, 'wx'));
  try {
    try {
      for await (const chunk of chunks) await orUnwritable(path, writeFully(file, chunk));
      if (head !== undefined) await orUnwritable(path, writeFully(file, head(), 0));
      await orUnwritable(path, file.sync());
    } finally {
      await file.close();
    }
    await orUnwritable(path, rename(temporary, target));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(target));
}

/** Pieces of a text as bytes, each made when it is to be written: the event loop has turns between. */
export function* textChunks(pieces: Iterable<string>): Generator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}

function temporaryPrefix(target: string): string {
  return join(dirname(target), `.${basename(target)}.`);
}

/** Writes all of a chunk, behind what was written last or from a place on. */
async function writeFully(file: FileHandle, chunk: Uint8Array, at?: number): Promise<void> {
  // One write call takes at most 2^31 - 1 bytes, and may write fewer than asked.
  const mostBytes = 1 << 30;
  for (let done = 0; done < chunk.byteLength; ) {
    const { bytesWritten } = await file.write(
      chunk,
      done,
      Math.min(chunk.byteLength - done, mostBytes),
      at === undefined ? null : at + done,
    );
    done += bytesWritten;
  }
}

async function removeAbandoned(target: string): Promise<void> {
  const directory = dirname(target);
  const prefix = basename(temporaryPrefix(target));
  const names = await readdir(directory).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(prefix)) continue;
    const match = /^(.*)\.(\d+)\.[0-9a-f]{12}\.tmp$/.exec(name.slice(prefix.length));
    if (match === null) continue;
    const leftBehind = join(directory, name);
    const ownerDied = match[1] === hostname() && !isRunning(Number(match[2]));
    if (ownerDied || (await isOld(leftBehind))) {
      await rm(leftBehind).catch(() => undefined); // Another writer may be as quick, or another user own it.
    }
  }
}

async function isOld(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined); // Another writer may just have renamed it.
  return stats !== undefined && Date.now() - stats.mtimeMs > abandonedMs;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

async function orUnwritable<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const advice = 'Check that its folder exists, may be written and has room; the file that was there is unchanged.';
    throw fileErrorFrom(cause, 'a writable file', path, advice);
  }
}
