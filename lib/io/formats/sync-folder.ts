import { open } from 'node:fs/promises';

/** Puts renames within a folder on the disk. Windows and some network file systems refuse; the files are whole all the same. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
