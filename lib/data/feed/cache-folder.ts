import type { Stats } from 'node:fs';
import fs, { readdir, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { checkNumber, expected } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';

/** Where caches are, unless the user says: XDG's folder for what can be made again. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'vitrine');
}

/** What a cache of decoded images is called; what is being written, and by whom. */
const WHOLE = /^[0-9a-f]{32}\.images$/;
const PARTIAL = /^[0-9a-f]{32}\.images\.(\d+)\.[0-9a-f]{12}\.tmp$/;

// A run that came to its end has removed or renamed its own; a day is longer than a first epoch's pauses.
const ABANDONED_MS = 86_400_000;
const DAY_MS = 86_400_000;
const MOST_DAYS = 30;
/** Of the disk's size. */
const MOST_SHARE = 1 / 4;

/** Options of `clearCache`. */
export interface ClearCacheOptions {
  /** The folder. Default: `vitrine` in `XDG_CACHE_HOME`, or `~/.cache/vitrine`. */
  cacheDir?: string;
  /** Remove what no loader has opened for so many days. Default: whatever there is. */
  olderThan?: number;
  /** Remove the oldest until the others take so many bytes together. Default: none stay, or with `olderThan` all may. */
  keepBytes?: number;
}

const NAMES: OptionNames<ClearCacheOptions> = { cacheDir: true, olderThan: true, keepBytes: true };

/** What `clearCache` removed. */
export interface ClearedCache {
  /** Files. */
  readonly files: number;
  /** What they took. */
  readonly bytes: number;
}

/**
 * Removes caches of decoded images, which `DataLoader` leaves in a folder for later runs. Loaders that read one now go on
 * doing so. Without it, what no loader has opened for 30 days goes when another cache is made, and the oldest where all
 * take more than a quarter of the disk.
 *
 * @throws TypeError for options that are unknown or out of range
 * @example
 * const { bytes } = await data.clearCache({ olderThan: 7 });
 */
export async function clearCache(options: ClearCacheOptions = {}): Promise<ClearedCache> {
  checkOptions(options, NAMES, 'clearCache');
  const { cacheDir = cacheFolder() } = options;
  if (typeof cacheDir !== 'string') throw expected('the path of a folder', 'clearCache cacheDir', cacheDir);
  const olderThan = checkNumber(options.olderThan ?? 0, 'clearCache olderThan', 0);
  const keepBytes = checkNumber(options.keepBytes ?? 0, 'clearCache keepBytes', 0);
  // By age alone, by size alone, or by either; without both, all goes.
  const isByAge = options.olderThan !== undefined;
  return sweep(
    cacheDir,
    isByAge ? olderThan : Infinity,
    isByAge && options.keepBytes === undefined ? Infinity : keepBytes,
  );
}

/** What every run does before it adds to a folder. */
export async function tidyCache(folder: string): Promise<void> {
  const disk = await fs.statfs(folder).catch(() => undefined);
  const most = disk === undefined ? Infinity : disk.blocks * disk.bsize * MOST_SHARE;
  await sweep(folder, MOST_DAYS, most);
}

/** Removes what is older than so many days, the oldest beyond so many bytes, and what dead processes left. */
async function sweep(folder: string, days: number, mostBytes: number): Promise<ClearedCache> {
  const names = await readdir(folder).catch(() => []); // no folder, no caches
  const caches: { path: string; stats: Stats }[] = [];
  const condemned: { path: string; stats: Stats }[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const stats = WHOLE.test(name) || PARTIAL.test(name) ? await stat(path).catch(() => undefined) : undefined;
    if (stats === undefined) continue; // not ours, or gone
    const writer = PARTIAL.exec(name)?.[1];
    if (writer === undefined) caches.push({ path, stats });
    else if (isAbandoned(Number(writer), stats)) condemned.push({ path, stats });
  }
  let bytes = 0;
  for (const cache of caches.sort((a, b) => b.stats.mtimeMs - a.stats.mtimeMs)) {
    bytes += cache.stats.size;
    const isOld = Date.now() - cache.stats.mtimeMs > days * DAY_MS;
    if (isOld || bytes > mostBytes) condemned.push(cache);
  }
  for (const { path } of condemned) await rm(path, { force: true }).catch(() => undefined); // another user's may stay
  return { files: condemned.length, bytes: condemned.reduce((sum, { stats }) => sum + stats.size, 0) };
}

/** Where its writer is gone. A folder may be another machine's, too, whose processes nobody sees: then it takes a day. */
function isAbandoned(pid: number, { mtimeMs }: Stats): boolean {
  if (Date.now() - mtimeMs > ABANDONED_MS) return true;
  return Date.now() - mtimeMs > ABANDONED_MS / 24 && !isRunning(pid);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
