import assert from 'node:assert/strict';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { toFloat32, toInt32 } from '../../../lib/io/formats/convert.js';
import { readSafetensors, type TensorSource, writeSafetensors } from '../../../lib/io/formats/safetensors.js';
import { checkRecordDtype } from '../../../lib/io/formats/tensor-record.js';
import { goldenPath } from '../pretrained/fixtures.js';
import { temporaryDirectory } from '../temporary-directory.js';

const goldenFiles = [
  ...readdirSync(goldenPath('')).filter((name) => name.endsWith('.safetensors')),
  'hf-vit/model.safetensors',
];

const tensor = (dtype: TensorSource['dtype'], shape: number[], bytes: number): TensorSource => ({
  dtype,
  shape,
  data: Uint8Array.from({ length: bytes }, (_, i) => i),
});

describe('readSafetensors', () => {
  it('reads every golden file whole', async () => {
    for (const name of goldenFiles) {
      await using file = await readSafetensors(goldenPath(name));
      assert.ok(file.names().length > 0);
      for (const tensorName of file.names()) {
        const record = await file.read(tensorName);
        assert.equal(record.data.byteLength, file.info(tensorName).byteLength);
        const values = record.dtype === 'I64' ? toInt32(record) : toFloat32(record);
        // Functions at infinity and of NaN are among what the first holds; slopes of log at 0, sorted NaN and sums of those among the others'.
        const finite = !/^(elementwise|elementary-losses|indexing|reductions)\.safetensors$/.test(name);
        if (finite) assert.ok(values.every(Number.isFinite), `${name}: ${tensorName}`);
      }
    }
  });

  it('gives the values that PyTorch wrote', async () => {
    await using file = await readSafetensors(goldenPath('unfold.safetensors'));
    // The worked example: a fold of an unfold with stride = kernel size is the image itself.
    const [x, folded] = [await file.read('0.x'), await file.read('0.folded')];
    assert.deepEqual(x.shape, [1, 3, 8, 8]);
    assert.deepEqual(toFloat32(folded), toFloat32(x));
  });

  it('reads one tensor into a given buffer', async () => {
    await using file = await readSafetensors(goldenPath('timm-vit.safetensors'));
    assert.deepEqual(file.info('head.weight'), { dtype: 'F32', shape: [10, 24], byteLength: 960 });
    const all = new Uint8Array(1000).fill(7);
    await file.readInto('head.weight', all.subarray(20, 980));
    assert.deepEqual(all.subarray(20, 980), (await file.read('head.weight')).data);
    assert.ok(all.subarray(0, 20).every((byte) => byte === 7) && all.subarray(980).every((byte) => byte === 7));
  });

  it('refuses a wrong name, a wrong buffer, and reading after close', async () => {
    const file = await readSafetensors(goldenPath('timm-vit.safetensors'));
    assert.equal(file.has('head.weights'), false);
    assert.throws(() => file.info('head.weights'), /"head\.weights"/);
    await assert.rejects(file.readInto('head.bias', new Uint8Array(41)), /a buffer of 40 bytes .* 41 bytes/);
    await file.close();
    await assert.rejects(file.read('head.bias'));
  });
});

describe('readSafetensors on a bad file', () => {
  const path = temporaryDirectory();

  const write = (header: string | Uint8Array, data = 0, declared?: number | bigint): string => {
    const body = Buffer.from(header);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(declared ?? body.length));
    writeFileSync(path('bad.safetensors'), Buffer.concat([length, body, Buffer.alloc(data)]));
    return path('bad.safetensors');
  };

  const one = (fields: object, data = 4): string =>
    write(JSON.stringify({ x: { dtype: 'F32', shape: [1], data_offsets: [0, 4], ...fields } }), data);

  const two = (a: number[], b: number[], data: number): string => {
    const entry = (offsets: number[]) => ({ dtype: 'U8', shape: [offsets[1] - offsets[0]], data_offsets: offsets });
    return write(JSON.stringify({ a: entry(a), b: entry(b) }), data);
  };

  it('accepts the file that the cases below break', async () => {
    await (await readSafetensors(one({}))).close();
    await (await readSafetensors(two([4, 6], [0, 4], 6))).close();
  });

  it('refuses a header length beyond the file or the limit, and names both numbers', async () => {
    await assert.rejects(readSafetensors(write('{}', 0, 1000)), /2 bytes .* 1000/);
    await assert.rejects(readSafetensors(write('{}', 0, 2n ** 64n - 1n)), /2 bytes .* 18446744073709551615/);
    const sparse = write('{}', 0, 100_000_001);
    truncateSync(sparse, 100_000_100);
    await assert.rejects(readSafetensors(sparse), /at most 100000000 bytes .* 100000001/);
    writeFileSync(path('short'), Buffer.alloc(7));
    await assert.rejects(readSafetensors(path('short')), /at least 8 bytes .* 7 bytes/);
    writeFileSync(path('empty'), '');
    await assert.rejects(readSafetensors(path('empty')), /at least 8 bytes .* 0 bytes/);
  });

  it('refuses a header that is not a JSON object in UTF-8', async () => {
    await assert.rejects(readSafetensors(write('{"x": ')), /Expected JSON/);
    await assert.rejects(readSafetensors(write('[]')), /starts with "{"/);
    await assert.rejects(readSafetensors(write(Buffer.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))), /UTF-8/);
    await assert.rejects(readSafetensors(write('{"x": 1}')), /a JSON object for tensor "x" .* a number/);
    await assert.rejects(readSafetensors(write('{"__metadata__": {"a": 1}}')), /a string as __metadata__ "a"/);
    await assert.rejects(readSafetensors(write('{"__metadata__": []}')), /an object as __metadata__/);
  });

  it('refuses a tensor that is there twice', async () => {
    const entry = '{"dtype":"U8","shape":[0],"data_offsets":[0,0]}';
    await assert.rejects(readSafetensors(write(`{"x":${entry},"x":${entry}}`)), /the key "x" twice/);
  });

  it('lists a tensor of a dtype that it does not know, and refuses to read it', async () => {
    for (const dtype of ['F8_E4M3', 'F8_E5M2', 'U16', 'U32', 'U64', 'C64', 'toString']) {
      await using file = await readSafetensors(one({ dtype }));
      assert.deepEqual(file.info('x'), { dtype, shape: [1], byteLength: 4 });
      await assert.rejects(file.read('x'), /a dtype among I64, F64, F32, I32, BF16, F16, I16, I8, U8, BOOL for/);
    }
    for (const dtype of [7, null]) await assert.rejects(readSafetensors(one({ dtype })), /a dtype by its name/);
  });

  it('takes null for no metadata', async () => {
    await using file = await readSafetensors(write('{"__metadata__": null}'));
    assert.deepEqual(file.metadata, {});
  });

  it('refuses shapes that are negative, fractional, enormous or no shapes', async () => {
    for (const shape of [[-1], [0.5], [2 ** 60], [-1, -1]]) {
      await assert.rejects(readSafetensors(one({ shape })), /a shape of non-negative integers/);
    }
    await assert.rejects(readSafetensors(one({ shape: [2 ** 30, 2 ** 30] })), /fewer than 2\^53 bytes/);
    for (const shape of ['4', null, ['1'], { 0: 1 }]) {
      await assert.rejects(readSafetensors(one({ shape })), /a shape of numbers/);
    }
  });

  it('refuses offsets that run backwards, are no integers, or do not match the shape', async () => {
    for (const offsets of [
      [4, 0],
      [-4, 0],
      [0.5, 4.5],
      [0, 2 ** 60],
    ]) {
      await assert.rejects(readSafetensors(one({ data_offsets: offsets })), /run forwards from 0/);
    }
    for (const offsets of [[0], [0, 4, 8], '0,4', null]) {
      await assert.rejects(readSafetensors(one({ data_offsets: offsets })), /two data_offsets/);
    }
    await assert.rejects(readSafetensors(one({ data_offsets: [0, 8] }, 8)), /4 bytes apart .* 8 bytes/);
  });

  it('refuses gaps, overlaps, trailing bytes and truncated files', async () => {
    await assert.rejects(readSafetensors(two([0, 4], [5, 8], 8)), /from byte 4 for tensor "b" .* a gap at 5/);
    await assert.rejects(readSafetensors(two([0, 4], [3, 8], 8)), /from byte 4 for tensor "b" .* an overlap at 3/);
    await assert.rejects(readSafetensors(one({ data_offsets: [4, 8] }, 8)), /a gap at 4/);
    await assert.rejects(readSafetensors(one({}, 7)), /4 bytes of tensors .* 3 bytes more/);
    await assert.rejects(readSafetensors(one({}, 3)), /the file's 3 bytes .* byte 4.*truncated/);
  });

  it('names pickles, ONNX models and other formats, and tells how to convert them', async () => {
    const cases: [string | Buffer, RegExp][] = [
      [
        'PK\x03\x04\x00\x00\x08\x08archive/data.pkl',
        /a PyTorch pickle .*torch\.load\("foreign\.pth".*"foreign\.safetensors"/,
      ],
      ['\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.', /a PyTorch pickle/],
      ['\x08\x07\x12\x07pytorch\x1a\x032.0', /an ONNX model\. .*numpy_helper/],
      [readFileSync(goldenPath('google-vit.npz')), /a NumPy \.npz archive/],
      ['\x89HDF\r\n\x1a\n\x00\x00', /an HDF5 file/],
      ['version https://git-lfs.github.com/spec/v1\n', /a Git LFS pointer/],
      ['<!DOCTYPE html><html>', /an HTML page/],
    ];
    for (const [bytes, message] of cases) {
      writeFileSync(path('foreign.pth'), typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
      await assert.rejects(readSafetensors(path('foreign.pth')), message);
    }
  });

  it('reads a file whose header length looks like a pickle', async () => {
    const header = '{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'.padEnd(0x0280);
    await (await readSafetensors(write(header, 1))).close();
  });

  it('says so when the file shrinks while it is open', async () => {
    await using file = await readSafetensors(one({}));
    truncateSync(file.path, 20);
    await assert.rejects(file.read('x'), /Expected 4 bytes at offset .*truncated/);
  });
});

describe('writeSafetensors', () => {
  const path = temporaryDirectory();

  it('writes the very bytes that the safetensors library writes', async () => {
    for (const name of goldenFiles) {
      await using file = await readSafetensors(goldenPath(name));
      const entries = file
        .names()
        .reverse()
        .map((tensorName): [string, TensorSource] => {
          const { dtype, shape } = file.info(tensorName);
          const data = async () => (await file.read(tensorName)).data;
          return [tensorName, { dtype: checkRecordDtype(dtype, tensorName), shape, data }];
        });
      await writeSafetensors(path('copy'), entries, file.metadata);
      assert.ok(readFileSync(path('copy')).equals(readFileSync(goldenPath(name))), name);
    }
  });

  it('sorts by width, then by name, and reads back what it wrote', async () => {
    const entries = new Map([
      ['flags', tensor('BOOL', [3], 3)],
      ['b', tensor('F32', [2, 1], 8)],
      ['a', tensor('F32', [], 4)],
      ['step', tensor('I64', [1], 8)],
      ['half', tensor('BF16', [0, 5], 0)],
      ['__proto__', tensor('U8', [1], 1)],
      ['10', tensor('U8', [2], 2)],
      ['é "quoted"\n', tensor('I8', [1], 1)],
    ]);
    await writeSafetensors(path('sorted'), entries, { format: 'pt', epoch: '3', __proto: 'x' });
    await using file = await readSafetensors(path('sorted'));
    assert.deepEqual(file.names(), ['step', 'a', 'b', 'half', 'é "quoted"\n', '10', '__proto__', 'flags']);
    assert.deepEqual(file.metadata, { format: 'pt', epoch: '3', __proto: 'x' });
    for (const [name, source] of entries) assert.deepEqual({ ...(await file.read(name)) }, source);
    assert.equal(readFileSync(path('sorted')).readUInt32LE() % 8, 0);
  });

  it('writes and reads a file without tensors', async () => {
    await writeSafetensors(path('none'), []);
    await using file = await readSafetensors(path('none'));
    assert.deepEqual(file.names(), []);
  });

  it('keeps the old file when a tensor does not fit its shape', async () => {
    await writeSafetensors(path('kept'), [['x', tensor('F32', [1], 4)]]);
    const good = readFileSync(path('kept'));
    const bad: [string, TensorSource][] = [
      ['x', tensor('F32', [1], 4)],
      ['y', tensor('F32', [2], 4)],
    ];
    await assert.rejects(writeSafetensors(path('kept'), bad), /Expected 8 bytes .*tensor "y".* 4 bytes/);
    assert.ok(readFileSync(path('kept')).equals(good));
  });

  it('refuses names that the format cannot hold', async () => {
    const x = tensor('U8', [1], 1);
    await assert.rejects(
      writeSafetensors(path('names'), [
        ['x', x],
        ['x', x],
      ]),
      /names that differ/,
    );
    await assert.rejects(writeSafetensors(path('names'), [['__metadata__', x]]), /"__metadata__"/);
  });
});
