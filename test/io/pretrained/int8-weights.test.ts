import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { autocast, io, noGrad, randn, scope, type Tensor, ViT } from '../../../lib/index.js';
import { temporaryDirectory } from '../temporary-directory.js';

const SIZES = { imgSize: 32, patchSize: 16, numClasses: 10, embedDim: 192, depth: 2, numHeads: 3 };

const disposed = (...models: ViT[]): void => {
  for (const parameter of models.flatMap((model) => model.parameters())) parameter.dispose();
};

describe('weights in 8 bits', () => {
  const at = temporaryDirectory();

  it('take a quarter of the file, and give the same results in 8 bits', async () => {
    const model = new ViT(SIZES).eval();
    const [whole, small] = [at('whole.safetensors'), at('small.safetensors')];
    await model.save(whole);
    await model.save(small, { precision: 'int8' });
    const [wholeBytes, smallBytes] = await Promise.all([whole, small].map(async (path) => (await stat(path)).size));
    const linear = [...model.stateDict()].filter(([name]) => /(qkv|proj|fc1|fc2|head)\.weight$/.test(name));
    const inLinear = linear.filter(([name]) => !name.startsWith('patch_embed')).map(([, { size }]) => size);
    const saved = wholeBytes - smallBytes;
    const expected = 3 * inLinear.reduce((sum, size) => sum + size, 0);
    assert.ok(Math.abs(saved - expected) < 0.02 * expected, `${saved} of ${expected}`);

    const again = await ViT.fromPretrained(small);
    const images = randn([2, 3, 32, 32]);
    const logits = (of: ViT, precision: 'fp32' | 'int8') =>
      scope(() => noGrad(() => autocast(precision, () => of.forward(images).dataSync())));
    const before = logits(model, 'int8');
    for (const [i, value] of logits(again, 'int8').entries()) {
      assert.ok(Math.abs(value - before[i]) < 1e-5, `${value} and ${before[i]}`);
    }
    for (const [i, value] of logits(again, 'fp32').entries()) {
      assert.ok(Math.abs(value - logits(model, 'fp32')[i]) < 0.05);
    }
    assert.deepEqual(again.config, model.config);
    images.dispose();
    disposed(again);
    disposed(model);
  });

  it('are refused in another library’s layout, of numbers that are not finite, and by kinds that are not known', async () => {
    const model = new ViT(SIZES);
    const path = at('model.safetensors');
    await assert.rejects(model.save(path, { precision: 'int8', layout: 'timm' }), /no layout beside precision 'int8'/);
    await assert.rejects(model.save(path, { precision: 'int4' as 'int8' }), /one of 'fp32', 'int8'.*'int4'/);
    await model.save(path, { precision: 'int8' });
    const file = await io.readSafetensors(path);
    const entries = await Promise.all(file.names().map(async (name) => [name, await file.read(name)] as const));
    await file.close();
    await io.writeSafetensors(path, entries, { ...file.metadata, quantization: 'int4' });
    await assert.rejects(ViT.fromPretrained(path), /^TypeError: Expected 'int8' as quantization .*int4/);
    const short = entries.map(([name, record]) =>
      name === 'head.weight_scale'
        ? ([name, { ...record, shape: [5], data: record.data.subarray(0, 20) }] as const)
        : ([name, record] as const),
    );
    await io.writeSafetensors(path, short, file.metadata);
    await assert.rejects(
      ViT.fromPretrained(path),
      /I8 \(out,in\) and F32 \(out\) .*head\.weight.* I8 \(10,192\) and F32 \(5\)/,
    );
    const weight = model.stateDict().get('head.weight') as Tensor;
    noGrad(() => weight.fill_(Number.NaN));
    await assert.rejects(model.save(path, { precision: 'int8' }), /finite weights to save in int8/);
    disposed(model);
  });
});
