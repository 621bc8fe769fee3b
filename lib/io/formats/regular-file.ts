import type { Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { fileError, fileErrorFrom } from './file-error.js';

const accessAdvice = 'Check the path and its permissions.';

/** Size in bytes of the file at `path`; throws unless it is a regular file (opening a named pipe would hang). */
export async function regularFileSize(path: string): Promise<number> {
  let stats: Stats;
  try {
    stats = await stat(path);
  } catch (cause) {
    throw fileErrorFrom(cause, 'a readable file', path, accessAdvice);
  }
  if (!stats.isFile()) {
    const kind = stats.isDirectory() ? 'a directory' : 'something else';
    throw fileError('a regular file', path, kind, 'Give the path of the file itself.');
  }
  return stats.size;
}

/** Opens a regular file for reading; throws one clear error if that fails. */
export async function openRegularFile(path: string): Promise<{ handle: FileHandle; size: number }> {
  const size = await regularFileSize(path);
  try {
    return { handle: await open(path, 'r'), size };
  } catch (cause) {
    throw fileErrorFrom(cause, 'a readable file', path, accessAdvice);
  }
}

/** Fills `target` from the file's bytes at `position`; throws if the file ends before. */
export async function readFully(
  handle: FileHandle,
  target: Uint8Array,
  position: number,
  where: string,
): Promise<void> {
  // One read call takes at most 2^31 - 1 bytes.
  const mostBytes = 1 << 30;
  for (let done = 0; done < target.byteLength; ) {
    const length = Math.min(target.byteLength - done, mostBytes);
    const { bytesRead } = await handle.read(target, done, length, position + done);
    if (bytesRead === 0) {
      const what = `${target.byteLength} bytes at offset ${position}`;
      throw fileError(what, where, `only ${done}`, 'The file is truncated; fetch or save it again.');
    }
    done += bytesRead;
  }
}

/** The file's bytes from the start, some at a time. */
export async function* readChunks(handle: FileHandle): AsyncGenerator<Uint8Array> {
  const chunkBytes = 65_536; // As createReadStream, whose hold on the handle outlives an early end.
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(chunkBytes), 0, chunkBytes, position);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}
