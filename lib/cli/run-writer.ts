import { randomBytes } from 'node:crypto';
import fs, { chmod, mkdir, readdir, realpath, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { expected, listed, Text } from '../check.js';
import { textChunks, writeFileAtomically } from '../io/formats/atomic-file.js';
import { fileErrorFrom } from '../io/formats/file-error.js';
import { syncFolder } from '../io/formats/sync-folder.js';
import { native } from '../native.js';
import { formatBytes } from '../report/format.js';
import { LiveFiles } from './live-files.js';
import { otherSettings, type RunConfig } from './run-config.js';
import { EVENTS_FOLDER, LIVE_FILES, makeFolder, RUN_FILES } from './run-folder.js';
import { lockRun, type RunLock } from './run-lock.js';

// In the folder that is written: the events that stood in the run's folder before.
const FORMER_EVENTS = 'former-events';

const CHOOSE = 'Choose another one with --out.';

/** How a run is opened for writing. */
export interface RunWriterOptions {
  /** Whether what is there may be another run. */
  readonly force: boolean;
  /** About as many as will be written. */
  readonly bytes: number;
}

/**
 * A run's folder while it is written: one unit. All files go to a folder beside, which at the end changes places with
 * the run that is there, in one step; whoever looks, and whatever happens, finds the one run or the other, whole. What
 * in the old folder is not of a run stays: it comes along.
 *
 * Beside the folder `run` there may be: `.run.lock`, the writer's lock; `.run.<12 hex digits>.tmp`, a run that is being
 * written; `.run.<12 hex digits>.old`, a run on its way in or out. What a killed process has left goes at the next run.
 */
export class RunWriter {
  readonly #target: string;
  readonly #lock: RunLock;
  readonly #folder: string;
  #live: LiveFiles | undefined;
  #events: 'none' | 'added' | 'begun' = 'none';

  private constructor(target: string, lock: RunLock, folder: string) {
    this.#target = target;
    this.#lock = lock;
    this.#folder = folder;
  }

  /**
   * Makes sure, before anything is trained, that the run can be written to `out` and may be.
   *
   * @throws TypeError, one sentence, where it cannot or may not
   */
  static async open(out: string, config: RunConfig, { force, bytes }: RunWriterOptions): Promise<RunWriter> {
    const target = await realpath(resolve(out)).catch(() => resolve(out)); // a symbolic link stays one
    try {
      await makeFolder(dirname(target));
      await checkPlace(target, out);
      const lock = await lockRun(beside(target, 'lock'), out);
      try {
        await sweep(target);
        await checkContents(target, out, config, force);
        const folder = await makeStage(target, bytes);
        return new RunWriter(target, lock, folder);
      } catch (error) {
        await lock.release();
        throw error;
      }
    } catch (cause) {
      if (cause instanceof TypeError) throw cause;
      throw fileErrorFrom(cause, 'a folder to write to', out, CHOOSE);
    }
  }

  /** Where to write one of the run's files. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Where to write a file that the user wants at `path`: with the run, if that is in its folder. */
  redirect(path: string): string {
    const inside = relative(this.#target, resolve(path));
    return isBelow(inside) ? this.path(inside) : path;
  }

  /** Begins with the files that are read while the run goes on; see `LiveFiles`. */
  async openLive(): Promise<LiveFiles> {
    this.#live = await LiveFiles.open(this.#target, this.#folder);
    return this.#live;
  }

  /** Where the run's events are, while it goes on and afterwards. */
  get eventsFolder(): string {
    return join(this.#target, EVENTS_FOLDER);
  }

  /** Begins with the events; those of an earlier run are put aside, unless it is gone on with. */
  async openEvents(goesOn: boolean): Promise<void> {
    this.#events = goesOn ? 'added' : 'begun';
    if (!goesOn && (await exists(this.eventsFolder))) await rename(this.eventsFolder, this.path(FORMER_EVENTS));
  }

  /** Writes a text file of the run, whole or in pieces that are made as they are written. */
  async write(name: string, text: string | Iterable<string>): Promise<void> {
    await writeFileAtomically(this.path(name), textChunks(typeof text === 'string' ? [text] : text));
  }

  /** Puts the run in its place and ends the writing. */
  async commit(): Promise<void> {
    await this.#live?.commit();
    await rm(this.path(FORMER_EVENTS), { recursive: true, force: true });
    await syncFolder(this.#folder);
    const old = beside(this.#target, 'old');
    if (await exists(this.#target)) {
      await rename(this.#folder, old);
      if (!native.exchangePaths(old, this.#target)) await exchangeInSteps(old, this.#target);
    } else {
      await rename(this.#folder, this.#target);
    }
    await syncFolder(dirname(this.#target));
    if (this.#events === 'none') await rm(join(old, EVENTS_FOLDER), { recursive: true, force: true }); // of another run
    await putAway(old, this.#target);
    await this.#lock.release();
  }

  /** Leaves everything as it was, but for files that tell how far a first run came. */
  async abandon(): Promise<void> {
    await this.#live?.abandon();
    if (this.#events === 'begun' && (await exists(this.path(FORMER_EVENTS)))) {
      await rm(this.eventsFolder, { recursive: true, force: true });
      await rename(this.path(FORMER_EVENTS), this.eventsFolder);
    }
    await rm(this.#folder, { recursive: true, force: true });
    await this.#lock.release();
  }
}

function beside(target: string, kind: 'lock' | 'tmp' | 'old'): string {
  const unique = kind === 'lock' ? '' : `${randomBytes(6).toString('hex')}.`;
  return join(dirname(target), `.${basename(target)}.${unique}${kind}`);
}

function isBelow(path: string): boolean {
  return path !== '' && path !== '..' && !/^\.\.[/\\]/.test(path) && !isAbsolute(path);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** Throws where the folder could not change places with one beside it. */
async function checkPlace(target: string, out: string): Promise<void> {
  const inside = relative(target, process.cwd());
  if (inside === '' || isBelow(inside)) {
    throw expected('a folder other than the working directory', '--out', out, 'Name a folder in it, such as run.');
  }
  const [there, above] = await Promise.all([stat(target).catch(() => undefined), stat(dirname(target))]);
  if (there === undefined) return;
  if (!there.isDirectory()) {
    throw expected('a folder to write to', out, new Text('EEXIST: a file is there'), CHOOSE);
  }
  if (there.dev !== above.dev) {
    throw expected('a folder that is no mount point', '--out', out, 'Name a folder in it, such as run.');
  }
}

/** Throws where there is what must not be replaced. */
async function checkContents(target: string, out: string, config: RunConfig, force: boolean): Promise<void> {
  if (force || !(await exists(target))) return;
  const live: readonly string[] = [...LIVE_FILES, EVENTS_FOLDER]; // alone, they are left of a run that came to no end
  if ((await readdir(target)).every((name) => live.includes(name))) return;
  const others = await otherSettings(target, config);
  if (others?.length === 0) return;
  const received = others === undefined ? 'other files' : `a run with other settings: ${listed(others)}`;
  const advice = 'Choose another one with --out, or replace it with --force.';
  throw expected('an empty folder, or an earlier run with the same settings,', out, new Text(received), advice);
}

/** The folder that is written to, with the rights of the one that is there. */
async function makeStage(target: string, bytes: number): Promise<string> {
  const { bavail, bsize } = await fs.statfs(dirname(target));
  if (bavail * bsize < bytes) {
    const received = new Text(`${formatBytes(bavail * bsize)} that are free`);
    throw expected(
      `room for about ${formatBytes(bytes)}`,
      dirname(target),
      received,
      'Choose another disk with --out.',
    );
  }
  const folder = beside(target, 'tmp');
  await mkdir(folder);
  const there = await stat(target).catch(() => undefined);
  if (there !== undefined) await chmod(folder, there.mode & 0o777);
  return folder;
}

/** Where no exchange in one step can be had: an instant without the run, which `sweep` mends if it lasts. */
async function exchangeInSteps(fresh: string, target: string): Promise<void> {
  const aside = beside(target, 'old');
  await rename(target, aside);
  await rename(fresh, target);
  await rename(aside, fresh);
}

/** Clears away what killed processes have left; to be called with the lock, so that none of it is anybody's. */
async function sweep(target: string): Promise<void> {
  const folder = dirname(target);
  const prefix = `.${basename(target)}.`;
  const left = (await readdir(folder))
    .filter((name) => name.startsWith(prefix) && /^[0-9a-f]{12}\.(tmp|old)$/.test(name.slice(prefix.length)))
    .map((name) => join(folder, name));
  for (const path of left) {
    if (path.endsWith('.tmp')) await rm(path, { recursive: true, force: true });
    else if (await exists(target)) await putAway(path, target);
    else await rename(path, target); // ended between two steps of an exchange
  }
}

/** Removes an old run's files and moves all others to the new one. */
async function putAway(old: string, target: string): Promise<void> {
  const names = await readdir(old).catch(() => []);
  const ofRun: readonly string[] = Object.values(RUN_FILES);
  for (const name of names) {
    const replaced = ofRun.includes(name) || (await exists(join(target, name)));
    if (replaced) await rm(join(old, name), { recursive: true, force: true });
    else await rename(join(old, name), join(target, name));
  }
  await rmdir(old).catch(() => undefined); // there was none
}
