import assert from 'node:assert/strict';
import { type Tensor, ViT } from '../../../lib/index.js';
import { writeSafetensors } from '../../../lib/io/formats/safetensors.js';
import type { TensorRecord } from '../../../lib/io/formats/tensor-record.js';
import { returnsMemory } from '../../native-op.js';
import { goldenTensors } from '../golden-tensors.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { warningsOf } from '../warnings-of.js';
import { goldenPath } from './fixtures.js';

const files = {
  timm: 'timm-vit.safetensors',
  torchvision: 'torchvision-vit.safetensors',
  hf: 'hf-vit/model.safetensors',
};
const one: TensorRecord = { dtype: 'F32', shape: [1], data: new Uint8Array(4) };

describe('ViT.fromPretrained on the weights of a wrapped model', () => {
  returnsMemory();
  const path = temporaryDirectory();
  let written = 0;

  const write = async (entries: Iterable<readonly [string, TensorRecord]>): Promise<string> => {
    const file = path(`${written++}.safetensors`);
    await writeSafetensors(file, entries);
    return file;
  };

  const bias = (model: ViT): number[] => [...((model.head as { bias?: Tensor }).bias?.dataSync() ?? [])];

  for (const [layout, golden] of Object.entries(files)) {
    for (const prefix of [
      'module.',
      '_orig_mod.',
      'model.',
      'backbone.',
      'encoder.',
      'teacher.',
      'module._orig_mod.',
      'state_dict.model.',
      'model_ema.module.',
    ]) {
      it(`reads ${layout}'s behind "${prefix}", and says so once`, async () => {
        const file = await write((await goldenTensors(golden)).map(([name, record]) => [prefix + name, record]));
        using plain = await ViT.fromPretrained(goldenPath(golden), { numHeads: 3 });
        const warnings = await warningsOf(async () => {
          for (let i = 0; i < 2; i++) {
            using model = await ViT.fromPretrained(file, { numHeads: 3 });
            assert.deepEqual([model.pretrainedConfig?.layout, bias(model)], [layout, bias(plain)]);
          }
        });
        const about = warnings.filter((text) => text.includes('without the prefix'));
        assert.equal(about.length, 1);
        assert.ok(about[0]?.includes(`without the prefix "${prefix}".`), about[0]);
      });
    }
  }

  it('passes over what lies beside the wrapped tensors, and names some of it', async () => {
    const wrapped = (await goldenTensors(files.timm)).map(([name, record]) => [`module.${name}`, record] as const);
    const beside = ['epoch', 'optimizer.0', 'optimizer.1', 'optimizer.2'].map((name) => [name, one] as const);
    const file = await write([...wrapped, ...beside]);
    const warnings = await warningsOf(async () => (await ViT.fromPretrained(file, { numHeads: 3 })).dispose());
    const expected = '"module."; "epoch", "optimizer.0", "optimizer.1" and 1 more passed over.';
    assert.ok(
      warnings.some((text) => text.endsWith(expected)),
      warnings.join(),
    );
  });

  it("takes the teacher's weights before the student's, and an average's before those it is of", async () => {
    const tensors = await goldenTensors(files.timm);
    const zeros = (record: TensorRecord): TensorRecord => ({ ...record, data: new Uint8Array(record.data.length) });
    for (const [taken, left] of [
      ['teacher.backbone.', 'student.backbone.'],
      ['model_ema.', 'model.'],
      ['state_dict_ema.', 'state_dict.'],
    ] as const) {
      const file = await write(
        tensors.flatMap(([name, record]) => [[left + name, zeros(record)] as const, [taken + name, record] as const]),
      );
      await warningsOf(async () => {
        using model = await ViT.fromPretrained(file, { numHeads: 3 });
        assert.ok(
          bias(model).some((value) => value !== 0),
          taken,
        );
      });
    }
  });
});
