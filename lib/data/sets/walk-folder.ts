import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { fileErrorFrom } from '../../io/formats/file-error.js';

const EXTENSIONS = ['.png', '.jpg', '.jpeg', '.jpe', '.jfif', '.webp', '.gif', '.tif', '.tiff'];
// What the systems leave in folders of pictures.
const SYSTEM_FILES = ['thumbs.db', 'desktop.ini', 'icon\r'];

/** What a folder holds, in code-unit order. */
export interface Entries {
  folders: string[];
  files: string[];
}

/** Looks into the folders of a data set, and keeps what was left out. */
export class FolderWalk {
  /** Paths below the root: hidden, the system's own, no images, or links that lead nowhere or in a circle. */
  readonly leftOut: string[] = [];

  constructor(readonly root: string) {}

  leaveOut(path: string): void {
    this.leftOut.push(relative(this.root, path) || path);
  }

  /** The entries of a folder that count; links are followed. */
  async entries(folder: string): Promise<Entries> {
    const found: Entries = { folders: [], files: [] };
    for (const entry of await list(folder)) {
      const path = join(folder, entry.name);
      const hidden = entry.name.startsWith('.') || entry.name === '__MACOSX';
      const kind = hidden ? 'hidden' : await kindOf(entry, path);
      if (kind === 'folder') found.folders.push(entry.name);
      else if (kind === 'file' && !SYSTEM_FILES.includes(entry.name.toLowerCase())) found.files.push(entry.name);
      else this.leaveOut(path);
    }
    return found;
  }

  /** The image files below a folder, its own first, and of so many floors of folders in it. */
  async images(folder: string, floors = Infinity, above: readonly string[] = []): Promise<string[]> {
    const real = await realpath(folder);
    if (above.some((path) => path === real || path.startsWith(join(real, sep)))) {
      this.leaveOut(folder); // a link back up, perhaps beyond where this began
      return [];
    }
    const { folders, files } = await this.entries(folder);
    const found: string[] = [];
    for (const file of files) {
      const path = join(folder, file);
      if (EXTENSIONS.includes(extname(file).toLowerCase())) found.push(path);
      else this.leaveOut(path);
    }
    if (floors === 0) return found;
    for (const name of folders) found.push(...(await this.images(join(folder, name), floors - 1, [...above, real])));
    return found;
  }
}

async function list(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1)); // names differ; by code units, on every system
  } catch (cause) {
    throw fileErrorFrom(cause, 'a folder that can be read', folder, 'Check the path and its permissions.');
  }
}

async function kindOf(entry: Dirent, path: string): Promise<'folder' | 'file' | 'neither'> {
  const found = entry.isSymbolicLink() ? await stat(path).catch(() => entry) : entry;
  if (found.isDirectory()) return 'folder';
  return found.isFile() ? 'file' : 'neither';
}
