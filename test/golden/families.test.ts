import assert from 'node:assert/strict';
import { Model, nn, scope, ViT, type ViTOptions } from '../../lib/index.js';
import { type GoldenCase, loadGolden } from '../golden.js';
import { goldenPath } from '../io/pretrained/fixtures.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { warningsOf } from '../io/warnings-of.js';
import { assertNear, fromRef, LONG_SUM, returnsMemory } from '../native-op.js';

type Loaded = ViT | nn.Swin;
type Options = ViTOptions | nn.SwinOptions;

interface Case {
  name: string;
  layout: string;
  /** Of a lone file; else the folder is read. */
  file?: string;
  /** What a lone file does not tell. */
  options?: Options;
  /** Said in a warning. */
  told?: string;
  /** Whether the class token has its position inside, so that its gradient is told twice. */
  folded?: boolean;
}

async function load({ name, file, options = {} }: Case, what: 'weights' | 'gradients'): Promise<Loaded> {
  const folder = goldenPath(`families/${name}`);
  const model = await Model.fromPretrained(
    what === 'weights' ? (file ? `${folder}/${file}` : folder) : `${folder}/gradients.safetensors`,
    options,
  );
  assert.ok(model instanceof (/-swin/.test(name) ? nn.Swin : ViT));
  return model;
}

function familyTest({ params, tensors }: GoldenCase<Case>): void {
  it(`${params.name} gives its own library's logits and gradients`, async () => {
    let model: Loaded | undefined;
    const told = await warningsOf(async () => {
      model = await load(params, 'weights');
    });
    assert.ok(model !== undefined);
    using owned = model;
    assert.equal(owned.pretrainedConfig?.layout, params.layout);
    if (params.told === undefined) assert.deepEqual(params.file === undefined ? told : [], []);
    else assert.ok(told.join().includes(params.told), told.join());
    // The gradients are a checkpoint of the same names: what its shapes leave open is as in the model.
    let expected: Loaded | undefined;
    await warningsOf(async () => {
      expected = await load({ ...params, options: untold(owned) }, 'gradients');
    });
    assert.ok(expected !== undefined);
    using gradients = expected;
    scope(() => {
      const x = fromRef(tensors.x, { requiresGrad: true });
      const logits = owned.forward(x);
      assertNear(logits, tensors.logits, 'logits');
      logits.backward(fromRef(tensors.dy));
      assertNear(x.grad, tensors.dx, 'gradient of the images', LONG_SUM);
      const own = owned.namedParameters();
      for (const [name, gradient] of gradients.namedParameters()) {
        const halved = params.folded === true && name === 'cls_token' ? 0.5 : 1;
        const values = { shape: gradient.shape, data: gradient.dataSync().map((value) => halved * value) };
        const actual = own.get(name)?.grad ?? null;
        if (actual === null)
          assert.ok(
            values.data.every((value) => value === 0),
            `${name} has no gradient`,
          );
        else assertNear(actual, values, `gradient of ${name}`, LONG_SUM);
      }
    });
  });
}

/** The options that a file without config.json does not tell. */
function untold(model: Loaded): Options {
  const { config } = model;
  if ('depths' in config) {
    const { imgSize, windowSize, globalPool, pretrainedWindowSizes } = config;
    return { imgSize, windowSize, globalPool, ...(config.version === 2 && { pretrainedWindowSizes }) };
  }
  const { numHeads, normEps, act, globalPool, posEmbed, rope, ropeTemperature, ropeGrid, ropeRegTemperature, imgSize } =
    config;
  const optional = { ropeTemperature, ropeGrid, ropeRegTemperature };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return { numHeads, normEps, act, globalPool, posEmbed, rope, imgSize, ...given };
}

describe('golden families', () => {
  returnsMemory();
  const path = temporaryDirectory();

  for (const golden of loadGolden<Case>('families').cases) {
    familyTest(golden);

    it(`${golden.params.name} is written as it was read`, async () => {
      await warningsOf(async () => {
        using model = await load(golden.params, 'weights');
        const { layout } = golden.params;
        if (['vit5', 'hf-siglip-classifier'].includes(golden.params.name)) return; // written as our own alone
        const to = path(layout === 'hf' ? golden.params.name : `${golden.params.name}.safetensors`);
        await model.save(to, { layout: layout as 'hf' });
        using again = await Model.fromPretrained(to);
        assert.deepEqual(again.config, model.config);
        for (const [name, parameter] of again.namedParameters()) {
          assert.deepEqual(parameter.dataSync(), model.namedParameters().get(name)?.dataSync(), name);
        }
      });
    });
  }
});
