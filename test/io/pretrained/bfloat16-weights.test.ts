import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type Tensor, ViT } from '../../../lib/index.js';
import { drawParameters } from '../../nn/drawn-parameters.js';
import { temporaryDirectory } from '../temporary-directory.js';

const TINY = { imgSize: 8, patchSize: 4, inChans: 1, embedDim: 8, depth: 1, numHeads: 2, mlpRatio: 2, numClasses: 3 };

/** A model whose head's weight is one that bfloat16 holds, stored as either kind of floats. */
function made(dtype: 'float32' | 'bfloat16'): ViT {
  const model = new ViT(TINY).eval();
  drawParameters(model);
  const head = model.head as { weight: Tensor };
  const weight = head.weight.bfloat16().to(dtype).detach();
  weight.requiresGrad = true;
  head.weight = weight;
  return model;
}

describe('a weight of bfloat16', () => {
  const at = temporaryDirectory();

  it('is the same numbers in files that hold float32 or 8 bits, and in those of its own', async () => {
    const [whole, half] = [made('float32'), made('bfloat16')];
    const files: [name: string, write: (model: ViT, path: string) => Promise<void>][] = [
      ['timm.safetensors', (model, path) => model.save(path, { layout: 'timm' })],
      ['int8.safetensors', (model, path) => model.save(path, { precision: 'int8' })],
      ['model.onnx', (model, path) => model.export(path)],
    ];
    for (const [name, write] of files) {
      await write(whole, at(name));
      await write(half, at(`half-${name}`));
      assert.deepEqual(await readFile(at(`half-${name}`)), await readFile(at(name)), name);
    }
    await half.save(at('own.safetensors'));
    const again = await ViT.fromPretrained(at('own.safetensors'));
    assert.equal(again.head?.weight.dtype, 'float32');
    assert.deepEqual(await again.head?.weight.data(), await half.head?.weight.data());
  });
});
