import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { io, ViT } from '../../../lib/index.js';
import { returnsMemory } from '../../native-op.js';
import { goldenPath } from '../pretrained/fixtures.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { warningsOf } from '../warnings-of.js';
import { makeZip } from './zip-writer.js';

const timm = goldenPath('timm-vit.safetensors');

describe('A tensor of a dtype that there is no place for', () => {
  returnsMemory();
  const path = temporaryDirectory();

  /** The golden timm file with more tensors at its end, each of eight bytes. */
  function beside(file: string, extra: Record<string, string>): string {
    const bytes = readFileSync(timm);
    const start = 8 + Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.toString('utf8', 8, start));
    let end = bytes.length - start;
    for (const [name, dtype] of Object.entries(extra)) {
      header[name] = { dtype, shape: [2], data_offsets: [end, end + 8] };
      end += 8;
    }
    const json = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    writeFileSync(
      path(file),
      Buffer.concat([length, json, bytes.subarray(start), Buffer.alloc(end + start - bytes.length)]),
    );
    return path(file);
  }

  const odd = { a: 'F8_E4M3', b: 'F8_E5M2', c: 'U16', d: 'U32', e: 'U64', f: 'C64', g: 'FUTURE' };

  it('does not keep io.loadSafetensors from the others, and is named in a warning', async () => {
    const file = beside('odd.safetensors', odd);
    const warnings = await warningsOf(async () => {
      const loaded = await io.loadSafetensors(file);
      assert.deepEqual([loaded.has('cls_token'), loaded.has('a')], [true, false]);
      for (const value of loaded.values()) value.dispose();
    });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /"a", "b", "c" and 4 more passed over: .*"F8_E4M3", "F8_E5M2", "U16" and 4 more/);
  });

  it('is refused where the file has no other', async () => {
    const json = Buffer.from('{"x":{"dtype":"U16","shape":[0],"data_offsets":[0,0]}}');
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    writeFileSync(path('only.safetensors'), Buffer.concat([length, json]));
    await assert.rejects(io.loadSafetensors(path('only.safetensors')), /a dtype among .* for tensor "x" .*"U16"/);
  });

  it('is refused by ViT.fromPretrained for its name, as any other beside the weights', async () => {
    for (const dtype of Object.values(odd)) {
      const load = ViT.fromPretrained(beside('extra.safetensors', { extra: dtype }), { numHeads: 3 });
      await assert.rejects(load, /"extra" is not expected/);
    }
  });

  it('is refused by ViT.fromPretrained for its dtype where it is wanted', async () => {
    const bytes = readFileSync(timm);
    const at = bytes.indexOf('"F32"', bytes.indexOf('"norm.bias"'));
    bytes.write('"U32"', at);
    writeFileSync(path('wanted.safetensors'), bytes);
    await assert.rejects(
      ViT.fromPretrained(path('wanted.safetensors'), { numHeads: 3 }),
      /"norm\.bias" is U32 instead of F64, F32, F16, BF16/,
    );
  });

  it('does not keep the arrays of an .npz from being read', async () => {
    const npy = (descr: string, bytes: number): Buffer => {
      const text = Buffer.from(`{'descr': ${descr}, 'fortran_order': False, 'shape': (1,), }`);
      const length = Buffer.alloc(2);
      length.writeUInt16LE(text.length);
      return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, text, Buffer.alloc(bytes)]);
    };
    const sources = ["'>f4'", "'<U5'", "'<c8'", "'|O'", "[('x', '<f4')]"].map((descr, i) => {
      return { name: `odd${i}.npy`, data: npy(descr, 20) };
    });
    writeFileSync(path('odd.npz'), makeZip([...sources, { name: 'x.npy', data: npy("'<f4'", 4) }]));
    const warnings = await warningsOf(async () => {
      assert.deepEqual([...(await io.readNpz(path('odd.npz'))).keys()], ['x']);
    });
    assert.match(warnings.join(), /"odd0", "odd1", "odd2" and 2 more passed over: .*"NumPy >f4"/);
  });
});
