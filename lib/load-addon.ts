import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { HEADER_BYTES, isElf, platformOf } from './binary-header.js';
import { INTERFACE } from './native-interface.js';
import { packageRoot } from './package-root.js';

/** What an attempt to load a binary came to: what it exports, or why it does not load. */
type Attempt = { path: string; addon: unknown } | { path: string; reason: string; advice: string };

const require = createRequire(import.meta.url);

/**
 * The binaries that are packed. Literal paths, by which those who trace a program's files (Vercel, Next's standalone output,
 * `bun build --compile`) find them: where it lies, and what is in it.
 */
const PACKED: Readonly<Record<string, { find: () => string; load: () => unknown }>> = {
  'linux-x64-glibc': {
    find: () => require.resolve('../../prebuilds/linux-x64-glibc/vitrine.node'),
    load: () => require('../../prebuilds/linux-x64-glibc/vitrine.node'),
  },
  'linux-x64-musl': {
    find: () => require.resolve('../../prebuilds/linux-x64-musl/vitrine.node'),
    load: () => require('../../prebuilds/linux-x64-musl/vitrine.node'),
  },
  'linux-arm64-glibc': {
    find: () => require.resolve('../../prebuilds/linux-arm64-glibc/vitrine.node'),
    load: () => require('../../prebuilds/linux-arm64-glibc/vitrine.node'),
  },
  'linux-arm64-musl': {
    find: () => require.resolve('../../prebuilds/linux-arm64-musl/vitrine.node'),
    load: () => require('../../prebuilds/linux-arm64-musl/vitrine.node'),
  },
  'darwin-arm64': {
    find: () => require.resolve('../../prebuilds/darwin-arm64/vitrine.node'),
    load: () => require('../../prebuilds/darwin-arm64/vitrine.node'),
  },
  'darwin-x64': {
    find: () => require.resolve('../../prebuilds/darwin-x64/vitrine.node'),
    load: () => require('../../prebuilds/darwin-x64/vitrine.node'),
  },
  'win32-x64': {
    find: () => require.resolve('../../prebuilds/win32-x64/vitrine.node'),
    load: () => require('../../prebuilds/win32-x64/vitrine.node'),
  },
};

/**
 * Loads the addon: the file that `VITRINE_ADDON` names, and that alone; else the one that `vitrine setup` built here, else the
 * packed one of this platform.
 *
 * @returns what it exports, and the path of its file
 * @throws Error that says of each file why it does not load, and what to do; or that the one that loads is of another version
 */
export function loadAddon(): { addon: unknown; path: string } {
  const named = process.env.VITRINE_ADDON;
  if (named) return loadNamed(resolve(named));
  const platform = platformName();
  const built = join(packageRoot, 'build', 'Release', 'vitrine.node');
  const attempts: Attempt[] = [];
  for (const attempt of [() => tryFile(built, () => openFile(built)), () => tryPacked(platform)]) {
    const result = attempt();
    if ('addon' in result) return result;
    attempts.push(result);
  }
  const reasons = attempts.map((attempt) => ('reason' in attempt ? `\n  ${attempt.path}: ${attempt.reason}` : ''));
  throw new Error(
    `Expected vitrine's native addon for ${platform} and Node ${process.version} but none loads.${reasons.join('')}\n${adviceFor(attempts)}`,
  );
}

function loadNamed(path: string): { addon: unknown; path: string } {
  const result = tryFile(path, () => openFile(path));
  if ('addon' in result) return result;
  throw new Error(
    `Expected a native addon for ${platformName()} and Node ${process.version} in VITRINE_ADDON but ${path} does not load: ${result.reason}. Unset VITRINE_ADDON. ${result.advice}`,
  );
}

/** The name of a platform among those packed; on Linux with the C library that Node.js itself is linked with. */
function platformName(): string {
  const name = `${process.platform}-${process.arch}`;
  return process.platform === 'linux' ? `${name}-${isMusl() ? 'musl' : 'glibc'}` : name;
}

/** Whether Node.js names musl's loader as its interpreter, which stands in an ELF file's first page. */
function isMusl(): boolean {
  try {
    return readStart(process.execPath, 4096).includes('/ld-musl-');
  } catch {
    return false; // a file that may not be read, under --permission: the other C library is the usual one
  }
}

function readStart(path: string, bytes: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(bytes);
    return start.subarray(0, readSync(file, start));
  } finally {
    closeSync(file);
  }
}

/** Not by require(), which would run a file of another kind as JavaScript. */
function openFile(path: string): unknown {
  const addon = { exports: {} };
  process.dlopen(addon, path);
  return addon.exports;
}

function tryPacked(platform: string): Attempt {
  const packed = PACKED[platform];
  const path = join('prebuilds', platform, 'vitrine.node');
  if (packed === undefined) {
    return { path, reason: `none is packed for it, but for ${Object.keys(PACKED).join(', ')}`, advice: BUILD };
  }
  try {
    return tryFile(packed.find(), packed.load);
  } catch {
    // Bundled code looks beside the bundle.
    const beside = join(packageRoot, path);
    return tryFile(beside, () => openFile(beside));
  }
}

function tryFile(path: string, load: () => unknown): Attempt {
  if (!mayExist(path)) return { path, reason: 'there is none', advice: MISSING };
  try {
    checkBinary(path);
    return { path, addon: ofThisInterface(load(), path) };
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).replaceAll('\n', ' ');
    // What the addon says itself, of a variable of its own: no other file would say otherwise.
    if (reason.startsWith('Expected ')) throw error;
    return { path, reason, advice: adviceOf(error, path, reason) };
  }
}

/**
 * The addon, if it is of the interface that this JavaScript calls. Of another, an op's fields would be taken for others.
 *
 * @throws Error that names both interfaces
 */
function ofThisInterface(addon: unknown, path: string): unknown {
  const { interface: has } = addon as { interface?: unknown };
  if (has === INTERFACE) return addon;
  const received = typeof has === 'string' ? `of interface ${has}` : 'of an interface without a name, older than this';
  const named = process.env.VITRINE_ADDON ? 'Unset VITRINE_ADDON, or build that file from the same sources. ' : '';
  throw new Error(
    `Expected a native addon of interface ${INTERFACE}, which this JavaScript of vitrine calls, but ${path} is ${received}: they are of two versions. ${named}Install vitrine again with \`npm install --force\`, or run \`npm run setup\` in a checkout, which builds what is of other sources.`,
  );
}

/** Whether a file is there, as far as one may know: under --permission, loading it says more. */
function mayExist(path: string): boolean {
  return existsSync(path) || 'permission' in process;
}

/** Throws for what the dynamic loader says little of, or dies of: a binary for another platform, or one that was cut short. */
function checkBinary(path: string): void {
  const file = openSync(path, 'r');
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    readSync(file, header);
    const [platform, here] = [platformOf(header), `${process.platform}-${process.arch}`];
    if (platform !== undefined && platform !== here) throw new Error(`it is for ${platform}, and this is ${here}`);
    if (!isElf(header)) return;
    // The table of sections comes last in what linkers write.
    const bytes = Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60);
    const { size } = fstatSync(file);
    if (size < bytes) throw new Error(`it has ${size} bytes of ${bytes}`);
  } finally {
    closeSync(file);
  }
}

const BUILD = 'Build it with `npx vitrine setup`, or `npm run setup` in a checkout.';
const MISSING = `Install vitrine again with \`npm install --force\`, or build it with \`npx vitrine setup\`, or \`npm run setup\` in a checkout. In a program that is bundled, keep vitrine out of the bundle (esbuild: \`--external:vitrine\`).`;

/** The mount point of the file system that a file lies on, if that is mounted noexec: the loader does not say why it cannot map. */
function noexecMountOf(path: string): string | undefined {
  try {
    const file = realpathSync(path);
    // proc(5): number, parent, device, root, mount point, options, and more; the last that fits lies over the others.
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    const points = mounts
      .map((line) => line.split(' '))
      .map(([, , , , at = '', options = '']) => {
        // Blanks, tabs, line ends and backslashes are octal numbers.
        return {
          at: at.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
          options,
        };
      });
    const isAbove = (at: string) => at !== '' && file.startsWith(at.endsWith('/') ? at : `${at}/`);
    const deepest = points
      .filter(({ at }) => isAbove(at))
      .toSorted((a, b) => a.at.length - b.at.length)
      .at(-1);
    return deepest?.options.split(',').includes('noexec') ? deepest.at : undefined;
  } catch {
    return undefined; // not Linux, or a file that may not be read
  }
}

/** What mends it, by what the loader said of the file at `path`. */
function adviceOf(error: unknown, path: string, reason: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_ACCESS_DENIED')
    return `Start node with \`--allow-addons --allow-fs-read=*\` beside \`--permission\`.`;
  if (code === 'ERR_DLOPEN_DISABLED') {
    return 'Start node with `--allow-addons` beside `--permission`, and without `--no-addons`.';
  }
  const mount = /failed to map/i.test(reason) ? noexecMountOf(path) : undefined;
  if (mount !== undefined) {
    const place = /^[\w./-]+$/.test(mount) ? mount : `'${mount.replaceAll("'", "'\\''")}'`; // as a shell reads it
    return `It lies on a file system that is mounted noexec: mount it with \`mount -o remount,exec ${place}\`, or install vitrine on another.`;
  }
  if (/failed to map|cannot allocate|out of memory/i.test(reason)) {
    return "This process may not have more memory or address space: raise its limits (`ulimit -v`, a container's memory).";
  }
  if (/version .GLIBC_/.test(reason)) {
    return 'The C library of this system is older than glibc 2.28: build the addon for it with `npx vitrine setup`, or take a newer system.';
  }
  return 'Install vitrine again with `npm install --force`, or build it with `npx vitrine setup`, `npm run setup` in a checkout.';
}

/** The advice of the attempt that came furthest: a file that is there and does not load says more than one that is not there. */
function adviceFor(attempts: readonly Attempt[]): string {
  const failed = attempts.flatMap((attempt) => ('reason' in attempt ? [attempt] : []));
  const told = failed.findLast(({ reason }) => reason !== 'there is none') ?? failed.at(-1);
  return told?.advice ?? BUILD;
}
