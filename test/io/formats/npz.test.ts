import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { toFloat32 } from '../../../lib/io/formats/convert.js';
import { toRowMajor } from '../../../lib/io/formats/npy.js';
import { readNpz } from '../../../lib/io/formats/npz.js';
import { readSafetensors } from '../../../lib/io/formats/safetensors.js';
import { goldenPath } from '../pretrained/fixtures.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { makeZip, type ZipSource } from './zip-writer.js';

function npy(descr: string, shape: string, data: Uint8Array, { fortran = false, version = 1 } = {}): Buffer {
  return npyWithHeader(
    `{'descr': ${descr}, 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${shape}, }\n`,
    data,
    version,
  );
}

function npyWithHeader(header: string, data: Uint8Array, version = 1): Buffer {
  const text = Buffer.from(header);
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(text.byteLength, 0, length.byteLength);
  return Buffer.concat([Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\x00`, 'latin1'), length, text, data]);
}

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

describe('readNpz', () => {
  const path = temporaryDirectory();
  const write = (sources: readonly ZipSource[]): string => {
    writeFileSync(path('x.npz'), makeZip(sources));
    return path('x.npz');
  };
  const readOne = async (data: Buffer, options: Partial<ZipSource> = {}) => {
    const arrays = await readNpz(write([{ name: 'x.npy', data, ...options }]));
    return arrays.get('x') ?? assert.fail('x is missing');
  };

  it("reads Google's layout with the values of the same model in timm's", async () => {
    const google = await readNpz(goldenPath('google-vit.npz'));
    await using timm = await readSafetensors(goldenPath('timm-vit.safetensors'));
    const compare = async (name: string, timmName: string, order: readonly number[]): Promise<void> => {
      const record = google.get(name) ?? assert.fail(`${name} is missing`);
      assert.deepEqual([...toFloat32(record)], permute(await timm.read(timmName), order), name);
    };
    await compare('cls', 'cls_token', [0, 1, 2]);
    await compare('Transformer/posembed_input/pos_embedding', 'pos_embed', [0, 1, 2]);
    await compare('embedding/kernel', 'patch_embed.proj.weight', [2, 3, 1, 0]);
    await compare('embedding/bias', 'patch_embed.proj.bias', [0]);
    for (const i of [0, 1]) {
      const [from, to] = [`Transformer/encoderblock_${i}`, `blocks.${i}`];
      await compare(`${from}/LayerNorm_0/scale`, `${to}.norm1.weight`, [0]);
      await compare(`${from}/LayerNorm_2/bias`, `${to}.norm2.bias`, [0]);
      await compare(`${from}/MlpBlock_3/Dense_0/kernel`, `${to}.mlp.fc1.weight`, [1, 0]);
      await compare(`${from}/MlpBlock_3/Dense_1/kernel`, `${to}.mlp.fc2.weight`, [1, 0]);
      // (heads, width, out) is the transpose of (out, heads * width).
      await compare(`${from}/MultiHeadDotProductAttention_1/out/kernel`, `${to}.attn.proj.weight`, [1, 0]);
    }
    await compare('Transformer/encoder_norm/scale', 'norm.weight', [0]);
    await compare('head/kernel', 'head.weight', [1, 0]);
    assert.equal(google.size, 40);
    assert.deepEqual(google.get('embedding/kernel')?.shape, [8, 8, 3, 24]);
  });

  it('reads stored and deflated arrays of every dtype', async () => {
    const cases = [
      ["'<f8'", 'F64', 8],
      ["'<f4'", 'F32', 4],
      ["'<f2'", 'F16', 2],
      ["'|V2'", 'BF16', 2],
      ["'<i8'", 'I64', 8],
      ["'<i4'", 'I32', 4],
      ["'<i2'", 'I16', 2],
      ["'|i1'", 'I8', 1],
      ["'|u1'", 'U8', 1],
      ["'|b1'", 'BOOL', 1],
    ] as const;
    for (const [descr, dtype, width] of cases) {
      const data = Uint8Array.from({ length: 6 * width }, (_, i) => i % 2);
      for (const deflate of [false, true]) {
        assert.deepEqual(await readOne(npy(descr, '(2, 3)', data), { deflate }), { dtype, shape: [2, 3], data });
      }
    }
  });

  it('reads versions 1.0, 2.0 and 3.0, scalars, and empty arrays', async () => {
    for (const version of [1, 2, 3]) {
      assert.deepEqual((await readOne(npy("'|u1'", '(1,)', Buffer.of(9), { version }))).data, Uint8Array.of(9));
    }
    assert.deepEqual((await readOne(npy("'|u1'", '()', Buffer.of(9)))).shape, []);
    assert.deepEqual((await readOne(npy("'<f4'", '(3L, 0)', Buffer.alloc(0)))).shape, [3, 0]);
  });

  it('transposes Fortran order for every element width', async () => {
    // x[i][j][k] = 100 i + 10 j + k of shape (2, 3, 4), first index fastest.
    const columnMajor = Array.from(
      { length: 24 },
      (_, n) => 100 * (n % 2) + 10 * (Math.floor(n / 2) % 3) + Math.floor(n / 6),
    );
    const rowMajor = columnMajor.slice().sort((a, b) => a - b);
    const cases = [
      ["'|u1'", Uint8Array.from(columnMajor), Uint8Array.from(rowMajor)],
      ["'<i2'", Int16Array.from(columnMajor), Int16Array.from(rowMajor)],
      ["'<f4'", Float32Array.from(columnMajor), Float32Array.from(rowMajor)],
      ["'<f8'", Float64Array.from(columnMajor), Float64Array.from(rowMajor)],
    ] as const;
    for (const [descr, stored, wanted] of cases) {
      const { data } = await readOne(npy(descr, '(2, 3, 4)', bytesOf(stored), { fortran: true }));
      assert.deepEqual(data, bytesOf(wanted), descr);
    }
  });

  it('lets others have the event loop while it rearranges, and axes of one element cost nothing', async () => {
    const bytes = new Uint8Array(1 << 22);
    const timeOf = async (shape: number[]): Promise<number> => {
      const start = performance.now();
      await toRowMajor(bytes, 'U8', shape);
      return performance.now() - start;
    };
    let turns = 0;
    const turn = (): void => {
      turns++;
      timer = setImmediate(turn);
    };
    let timer = setImmediate(turn);
    const plain = await timeOf([2048, 2048]);
    clearImmediate(timer);
    assert.ok(turns >= 3, `${turns} turns of the event loop`);
    const ones = new Array<number>(30).fill(1);
    const padded = await timeOf([2048, ...ones, 2048, ...ones]); // 12 times as long when each is stepped over
    assert.ok(padded < 4 * plain, `${padded} ms instead of ${plain}`);
  });

  it('reads an array larger than one chunk', async () => {
    const data = Uint8Array.from({ length: 1_000_003 }, (_, i) => (i * i) >> 3);
    for (const deflate of [false, true]) {
      assert.deepEqual((await readOne(npy("'|u1'", '(1000003,)', data), { deflate })).data, data);
    }
  });

  it('refuses pickles: object arrays, and PyTorch files', async () => {
    await assert.rejects(
      readOne(npy("'|O'", '(1,)', Buffer.of(0x80, 4, 0x4e, 0x2e))),
      /Python objects, which is a pickle/,
    );
    const torch = write([{ name: 'model/data.pkl', data: Buffer.of(0x80, 2) }]);
    await assert.rejects(readNpz(torch), /a PyTorch pickle .*weights_only=True/);
    writeFileSync(path('old.pth'), Buffer.of(0x80, 2, 0x8a, 0x0a));
    await assert.rejects(readNpz(path('old.pth')), /a PyTorch pickle .*"old\.safetensors"/);
  });

  it('refuses dtypes that it does not know and lists those that it does', async () => {
    for (const descr of ["'>f4'", "'<c8'", "'<U3'", "'<u8'", "'|V4'"]) {
      await assert.rejects(readOne(npy(descr, '(1,)', Buffer.alloc(12))), /an \.npy dtype among <f8, <f4/, descr);
    }
    await assert.rejects(readOne(npy("[('a', '<f4')]", '(1,)', Buffer.alloc(4))), /a structured array/);
  });

  it('refuses malformed headers', async () => {
    const headers = [
      '',
      '{}',
      "{'descr': '<f4'}",
      "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1.5,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': True}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': __import__('os')}",
    ];
    for (const header of headers)
      await assert.rejects(readOne(npyWithHeader(header, Buffer.alloc(4))), /\.npy header/, header);
    await assert.rejects(readOne(npyWithHeader(' '.repeat(70_000), Buffer.alloc(0), 2)), /at most 65535 bytes.*70000/);
    await assert.rejects(readOne(npy("'|u1'", '(1,)', Buffer.of(1), { version: 4 })), /version 4\.0/);
    await assert.rejects(readOne(Buffer.from('not an array')), /Expected an \.npy array/);
    await assert.rejects(readOne(npy("'|u1'", '(1,)', Buffer.of(1)).subarray(0, 40)), /Expected a whole header/);
  });

  it('refuses an array whose entry is not as long as its shape says', async () => {
    for (const shape of ['(7,)', '(9,)']) {
      await assert.rejects(readOne(npy("'|u1'", shape, Buffer.alloc(8))), /an entry of \d+ bytes/);
    }
    await assert.rejects(readOne(npy("'<f8'", '(4294967296, 4294967296)', Buffer.alloc(8))), /fewer than 2\^53 bytes/);
  });

  it('refuses archives of anything but .npy arrays, twice the same, or none of the format', async () => {
    const data = npy("'|u1'", '(1,)', Buffer.of(1));
    await assert.rejects(readNpz(write([{ name: 'readme.txt', data }])), /of \.npy arrays alone .*readme\.txt/);
    await assert.rejects(readNpz(write([{ name: '../x.npy', data }])), /Expected an intact \.npz archive/);
    await assert.rejects(
      readNpz(
        write([
          { name: 'x.npy', data },
          { name: 'x.npy', data },
        ]),
      ),
      /"x" twice/,
    );
    await assert.rejects(readNpz(goldenPath('timm-vit.safetensors')), /another kind of file/);
    assert.equal((await readNpz(write([]))).size, 0);
  });

  it('refuses damaged archives', async () => {
    const data = npy(
      "'|u1'",
      '(1000,)',
      Uint8Array.from({ length: 1000 }, (_, i) => i * i),
    );
    await assert.rejects(readOne(data, { checksum: 1 }), /Expected data with the checksum 1/);
    for (const cut of [1, 22, 60, 150]) {
      writeFileSync(path('cut.npz'), makeZip([{ name: 'x.npy', data, deflate: true }]).subarray(0, -cut));
      await assert.rejects(readNpz(path('cut.npz')), /Expected an intact \.npz archive/);
    }
  });

  it('refuses a zip bomb before it inflates or takes memory', async () => {
    const zeros = npy("'|u1'", '(300000000,)', Buffer.alloc(0));
    const before = process.memoryUsage().arrayBuffers;
    await assert.rejects(
      readOne(zeros, { declaredBytes: zeros.length + 300_000_000, deflate: true }),
      /fill the memory/,
    );
    // Each of these is within bounds, both together are not.
    const data = npy("'|u1'", '(250000000,)', randomBytes(1_000_000));
    const pair = ['a.npy', 'b.npy'].map((name) => ({ name, data, deflate: true, declaredBytes: 250_000_000 }));
    await assert.rejects(readNpz(write(pair)), /fill the memory/);
    assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 25);
  });

  it('stops inflating at the size that the archive declares', async () => {
    const bomb = npy("'|u1'", '(10,)', Buffer.alloc(20_000_000));
    await assert.rejects(readOne(bomb, { declaredBytes: bomb.length - 20_000_000 + 10, deflate: true }), /Expected/);
  });

  it('leaves no file open, whatever it read', async function () {
    if (process.platform !== 'linux') this.skip();
    const openFiles = (): number => readdirSync('/proc/self/fd').length;
    const before = openFiles();
    const data = npy("'|u1'", '(10,)', Buffer.alloc(2_000_000));
    for (let i = 0; i < 20; i++) {
      await assert.rejects(readOne(data, { deflate: true, declaredBytes: data.length - 5 }));
      await readNpz(goldenPath('google-vit.npz'));
    }
    await new Promise((resolve) => setTimeout(resolve, 50)); // yauzl closes its file after the last stream's end.
    assert.ok(openFiles() <= before + 1, `${before} files before, ${openFiles()} after`);
  });
});

/** The elements of a record with its axes in another order, row-major; `order[i]` is the source axis of axis i. */
function permute(record: Parameters<typeof toFloat32>[0], order: readonly number[]): number[] {
  const values = toFloat32(record);
  const { shape } = record;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const walk = (axis: number, offset: number): number[] =>
    axis === order.length
      ? [values[offset]]
      : Array.from({ length: shape[order[axis]] }, (_, i) => walk(axis + 1, offset + i * strides[order[axis]])).flat();
  return walk(0, 0);
}
