import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import { data, type io } from '../../../lib/index.js';
import { temporaryDirectory } from '../../io/temporary-directory.js';
import { returnsMemory } from '../../native-op.js';

const PREPROCESSING: io.Preprocessing = {
  ...{ resize: [4, 4], crop: [4, 4], interpolation: 'bilinear', rescale: 1 },
  ...{ mean: [0, 0, 0], std: [1, 1, 1] },
};
const COUNT = 5;
const DAY_MS = 86_400_000;

async function photographs(folder: string): Promise<data.Dataset> {
  mkdirSync(join(folder, 'all'), { recursive: true });
  for (let i = 0; i < COUNT; i++) {
    const pixels = Buffer.alloc(8 * 6 * 3, 40 * i + 7);
    await sharp(pixels, { raw: { height: 8, width: 6, channels: 3 } }).toFile(join(folder, 'all', `${i}.png`));
  }
  return (await data.imageFolder(folder)).train;
}

async function epochs(set: data.Dataset, options: Partial<data.DataLoaderOptions>, count = 1): Promise<number[]> {
  const common = { batchSize: 2, preprocessing: PREPROCESSING, cache: 'disk' } as const;
  await using loader = new data.DataLoader(set, { ...common, ...options });
  const values: number[] = [];
  for (let epoch = 0; epoch < count; epoch++) {
    for await (const { images, labels } of loader) {
      values.push((await images.data())[0]);
      images.dispose();
      labels.dispose();
    }
  }
  return values;
}

/** Runs with another `write` of all open files, and gives the warnings. */
async function withWrite(write: FileHandle['write'], run: () => Promise<void>): Promise<string[]> {
  const handle = await open('/dev/null', 'r');
  const prototype = Object.getPrototypeOf(handle) as { write: unknown };
  await handle.close();
  const warnings: string[] = [];
  const listen = (warning: Error) => warnings.push(warning.message);
  const original = prototype.write;
  process.on('warning', listen);
  prototype.write = write;
  try {
    await run();
  } finally {
    prototype.write = original;
    await new Promise(setImmediate);
    process.off('warning', listen);
  }
  return warnings;
}

describe('the cache of decoded images', () => {
  const at = temporaryDirectory();
  let set: data.Dataset;
  let wanted: number[];
  returnsMemory();
  before(async () => {
    set = await photographs(at('photographs'));
    wanted = await epochs(set, { cache: 'none' });
  });

  it('on a full disk keeps what it has, says so, and leaves no file', async () => {
    const cacheDir = at('full');
    let writes = 0;
    const original = Object.getPrototypeOf(await opened()).write as (...given: unknown[]) => Promise<unknown>;
    const write = function (this: FileHandle, ...given: unknown[]) {
      return ++writes > 2
        ? Promise.reject(new Error('ENOSPC: no space left on device, write'))
        : original.apply(this, given);
    };
    const warnings = await withWrite(write as FileHandle['write'], async () => {
      assert.deepEqual(await epochs(set, { cacheDir }, 3), [...wanted, ...wanted, ...wanted]);
    });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /^Expected room for the cache .* received ENOSPC.*\. Images that are in it are used/);
    assert.deepEqual(readdirSync(cacheDir), []);
  });

  it('says once that the disk is full, though several images find it so, and others went in between', async () => {
    let writes = 0;
    const original = Object.getPrototypeOf(await opened()).write as (...given: unknown[]) => Promise<unknown>;
    const write = async function (this: FileHandle, ...given: unknown[]) {
      const number = ++writes;
      await setTimeout(30 * number);
      if (number === 2) return original.apply(this, given);
      throw new Error('ENOSPC: no space left on device, write');
    };
    const warnings = await withWrite(write as FileHandle['write'], async () => {
      assert.deepEqual(await epochs(set, { cacheDir: at('fuller') }, 2), [...wanted, ...wanted]);
    });
    assert.ok(writes > 2, `${writes} images were on their way`);
    assert.equal(warnings.length, 1);
  });

  it('writes on where a write takes only some of the bytes', async () => {
    const original = Object.getPrototypeOf(await opened()).write as (...given: unknown[]) => Promise<unknown>;
    const write = function (this: FileHandle, bytes: Uint8Array, begin: number, length: number, position: number) {
      return original.call(this, bytes, begin, Math.min(length, 7), position);
    };
    const cacheDir = at('short');
    await withWrite(write as FileHandle['write'], async () => {
      assert.deepEqual(await epochs(set, { cacheDir }, 2), [...wanted, ...wanted]);
    });
    assert.deepEqual(await epochs(set, { cacheDir }), wanted);
  });

  it('is whole without the images that are corrupt', async () => {
    const some = await photographs(at('corrupt'));
    const { image } = some.get(2) as data.Sample;
    writeFileSync(image as string, 'no image');
    const cacheDir = at('corrupt cache');
    const told: string[] = [];
    const options = { cacheDir, maxCorrupt: 0.5, onCorrupt: (message: string) => told.push(message) };
    const first = await epochs(some, options, 2);
    assert.match(readdirSync(cacheDir).join(), /^[0-9a-f]{32}\.images$/);
    assert.deepEqual(await epochs(some, options, 2), first);
    assert.equal(told.length, 2, 'once a loader');
  });

  it('refuses a folder that cannot be made', async () => {
    writeFileSync(at('file'), '');
    await assert.rejects(
      epochs(set, { cacheDir: at('file/below') }),
      /a folder that can be written to .* \{ cacheDir \}/,
    );
  });

  it('removes what was not opened for a month, and what dead processes left', async () => {
    const folder = at('tidied');
    mkdirSync(folder);
    const file = (name: string, days: number): string => {
      writeFileSync(join(folder, name), 'x'.repeat(10));
      const time = new Date(Date.now() - days * DAY_MS);
      utimesSync(join(folder, name), time, time);
      return name;
    };
    const hex = (digit: string): string => digit.repeat(32);
    file(`${hex('a')}.images`, 31);
    file(`${hex('b')}.images.${2 ** 22 + 1}.0123456789ab.tmp`, 0.1); // above Linux's most
    const kept = [
      file(`${hex('c')}.images`, 29),
      file(`${hex('d')}.images.${process.pid}.0123456789ab.tmp`, 0.5),
      file('notes.txt', 99),
    ];
    await epochs(set, { cacheDir: folder });
    const [own, ...more] = readdirSync(folder).filter((name) => !kept.includes(name));
    assert.deepEqual(more, []);
    assert.ok(Date.now() - statSync(join(folder, own)).mtimeMs < DAY_MS);
    assert.ok(kept.every((name) => readdirSync(folder).includes(name)));
    const old = new Date(Date.now() - 20 * DAY_MS);
    utimesSync(join(folder, own), old, old);
    await epochs(set, { cacheDir: folder });
    assert.deepEqual(await data.clearCache({ cacheDir: folder, olderThan: 10 }), { files: 1, bytes: 10 });
    assert.ok(readdirSync(folder).includes(own), 'opened a moment ago');
    const { size } = statSync(join(folder, own));
    assert.deepEqual(await data.clearCache({ cacheDir: folder, keepBytes: size }), { files: 0, bytes: 0 });
    assert.deepEqual(await data.clearCache({ cacheDir: folder }), { files: 1, bytes: size });
    assert.deepEqual(readdirSync(folder).sort(), kept.slice(1).sort());
    assert.deepEqual(await data.clearCache({ cacheDir: at('nowhere') }), { files: 0, bytes: 0 });
  });

  /** A file that is closed again, for its class. */
  async function opened(): Promise<FileHandle> {
    const handle = await open('/dev/null', 'r');
    await handle.close();
    return handle;
  }
});
