import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { io, nn, noGrad, randn, scope, type Tensor, ViT } from '../../lib/index.js';
import { assertNear, assertSameBits, returnsMemory, valuesOf } from '../native-op.js';
import { parameterHash } from '../train/tiny-problem.js';
import { goldenPath } from './pretrained/fixtures.js';
import { temporaryDirectory } from './temporary-directory.js';

const SIZES = { imgSize: 8, patchSize: 4, inChans: 1, numClasses: 3, embedDim: 8, depth: 2, numHeads: 2 } as const;

/** The model that PEFT's golden adapters are for. */
async function golden(): Promise<{ model: ViT; tensors: Map<string, Tensor>; free: () => void }> {
  const tensors = await io.loadSafetensors(goldenPath('lora.safetensors'));
  const model = new ViT(SIZES).eval();
  const weights = [...tensors].filter(([name]) => name.startsWith('model.'));
  model.loadStateDict(new Map(weights.map(([name, value]) => [name.slice('model.'.length), value])));
  const free = (): void => {
    model.dispose();
    for (const held of tensors.values()) held.dispose();
  };
  return { model, tensors, free };
}

describe('adapters in files', () => {
  returnsMemory();
  const path = temporaryDirectory();

  it("are PEFT's: its logits and gradients", async () => {
    const { model, tensors, free } = await golden();
    const lora = await io.loadLora(model, goldenPath('lora'));
    assert.equal(lora.layers.size, 6);
    const get = (name: string): Tensor => tensors.get(name) ?? assert.fail(name);
    scope(() => {
      const logits = model.forward(get('x'));
      assertNear(logits, valuesOf(get('logits')), 'logits');
      logits.backward(get('gy'));
    });
    let gradients = 0;
    for (const [name, parameter] of model.namedParameters()) {
      const wanted = tensors.get(`grad.${name.replace(/\.lora\.([AB])$/, '.lora_$1.weight')}`);
      assert.equal(parameter.requiresGrad, wanted !== undefined, name);
      if (wanted === undefined) continue;
      gradients++;
      assertNear(parameter.grad, valuesOf(wanted), name);
    }
    assert.equal(gradients, 14);
    lora.merge();
    scope(() =>
      assertNear(
        noGrad(() => model.forward(get('x'))),
        valuesOf(get('logits')),
        'merged logits',
      ),
    );
    lora.unload();
    free();
  });

  it('come back to the bit, merged or not', async () => {
    const { model, free } = await golden();
    const lora = await io.loadLora(model, goldenPath('lora'));
    const before = parameterHash(model);
    await io.saveLora(lora, path('plain'));
    await io.saveLora(lora.merge(), path('merged'));
    lora.unload();
    for (const folder of ['plain', 'merged']) {
      const again = await golden();
      assert.equal((await io.loadLora(again.model, path(folder))).layers.size, 6);
      assert.equal(parameterHash(again.model), before);
      again.free();
    }
    await assert.rejects(io.saveLora(lora, path('none')), /adapters for saveLora but received some that were unloaded/);
    free();
  });

  it('are written in the very names of PEFT', async () => {
    const { model, free } = await golden();
    await io.saveLora(await io.loadLora(model, goldenPath('lora')), path('names'));
    const [ours, theirs] = await Promise.all(
      [path('names'), goldenPath('lora')].map(async (folder) => {
        const file = await io.readSafetensors(join(folder, 'adapter_model.safetensors'));
        await file.close();
        return file.names().sort();
      }),
    );
    assert.deepEqual(ours, theirs);
    const config = JSON.parse(await readFile(join(path('names'), 'adapter_config.json'), 'utf8'));
    assert.equal(config.r, 3);
    assert.equal(config.lora_alpha, 6);
    assert.deepEqual(config.modules_to_save, ['head']);
    free();
  });

  it('are merged where the model is saved: an ordinary checkpoint', async () => {
    const { model, free } = await golden();
    const lora = await io.loadLora(model, goldenPath('lora'));
    await model.save(path('model.safetensors'));
    await model.save(path('hf'), { layout: 'hf' });
    lora.merge();
    for (const name of ['model.safetensors', 'hf']) {
      using again = await ViT.fromPretrained(path(name));
      for (const [key, value] of model.stateDict())
        assertSameBits(again.stateDict().get(key) ?? assert.fail(), value, key);
    }
    lora.unload();
    free();
  });

  it('are no model by themselves', async () => {
    const { model, free } = await golden();
    await assert.rejects(
      ViT.fromPretrained(join(goldenPath('lora'), 'adapter_model.safetensors')),
      /a whole model .+adapters of LoRA .+io\.loadLora/,
    );
    nn.applyLora(model);
    await io.saveSafetensors(path('state.safetensors'), model.stateDict(), io.modelMetadata(model));
    await assert.rejects(ViT.fromPretrained(path('state.safetensors')), /a whole model .+\.lora\.A/);
    free();
  });

  it('that do not fit are refused in words, and change nothing', async () => {
    const { model, free } = await golden();
    const before = parameterHash(model);
    const cases: [Record<string, unknown>, RegExp][] = [
      [{ peft_type: 'IA3' }, /adapters of type LORA .+"IA3"/],
      [{ use_dora: true }, /adapters of plain LoRA .+use_dora: true/],
      [{ rank_pattern: { qkv: 2 } }, /rank_pattern/],
      [{ r: 4 }, /lora_A" of shape \[4, 8\] .+\[3, 8\]/],
      [{ modules_to_save: null }, /adapters, and modules_to_save of the model .+"head\.bias"/],
    ];
    for (const [i, [changes, message]] of cases.entries()) {
      const folder = path(`bad-${i}`);
      await cp(goldenPath('lora'), folder, { recursive: true });
      const config = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8'));
      await writeFile(join(folder, 'adapter_config.json'), JSON.stringify({ ...config, ...changes }));
      await assert.rejects(io.loadLora(model, folder), message);
    }
    await assert.rejects(io.loadLora(model, path('nowhere')), /the adapters of a LoRA for .+ENOENT/);
    using other = new nn.Sequential(new nn.Linear(2, 2));
    await assert.rejects(
      io.loadLora(other, goldenPath('lora')),
      /adapters of linear layers of the model .+"blocks\.0\.attn\.qkv"/,
    );
    await assert.rejects(io.saveLora(model as never, path('x')), /the adapters from applyLora/);
    assert.equal(parameterHash(model), before);
    assert.ok(model.parameters().every(({ requiresGrad }) => requiresGrad));
    scope(() => void model.forward(randn([1, 1, 8, 8])));
    free();
  });
});
