import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { nn, optim, ViT } from '../../lib/index.js';
import { assertBadInput, returnsMemory } from '../native-op.js';

interface Golden {
  weightDecay: number;
  layerDecay: number;
  cases: ({ parameters: Record<string, [lrScale: number, weightDecay: number]> } & Record<string, unknown>)[];
}

const golden = JSON.parse(
  readFileSync(new URL('../../../test/golden/layer-decay.json', import.meta.url), 'utf8'),
) as Golden;

const camelCase = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

describe('layerDecayGroups', () => {
  returnsMemory();

  for (const { parameters, ...options } of golden.cases) {
    it(`has timm's factors and decays: ${JSON.stringify(options)}`, () => {
      using model = new ViT(
        Object.fromEntries(Object.entries(options).map(([name, value]) => [camelCase(name), value])),
      );
      const { weightDecay, layerDecay } = golden;
      const groups = optim.layerDecayGroups(model, { weightDecay, layerDecay });
      const found = groups.flatMap((group) =>
        group.names.map((name, i): [string, [number, number]] => {
          assert.equal(group.params[i], model.namedParameters().get(name));
          return [name, [Number(group.lrScale.toFixed(12)), group.weightDecay]];
        }),
      );
      const expected = Object.entries(parameters).map(([name, [scale, decay]]) => [
        name,
        [Number(scale.toFixed(12)), decay],
      ]);
      assert.deepEqual(new Map(found), new Map(expected as typeof found));
      assert.equal(new Set(groups.map(({ lrScale, weightDecay: decay }) => `${lrScale} ${decay}`)).size, groups.length);
    });
  }

  it('gives positions of each layer that layer’s factor and no decay, and leaves out what is frozen', () => {
    const sizes = { imgSize: 8, patchSize: 4, numClasses: 2, embedDim: 8, depth: 2, numHeads: 2 } as const;
    using model = new ViT({ ...sizes, posEmbed: 'learned2d', posEmbedPlacement: 'layers' });
    model.freeze('blocks.0.*');
    const groups = optim.layerDecayGroups(model, { layerDecay: 0.5 });
    const of = (name: string) => groups.find(({ names }) => names.includes(name));
    assert.equal(of('pos_embeds.1.x')?.lrScale, 0.5);
    assert.equal(of('pos_embeds.0.y')?.lrScale, 0.25);
    assert.equal(of('pos_embeds.0.y')?.weightDecay, 0);
    assert.equal(of('blocks.0.attn.qkv.weight'), undefined);
    assert.equal(of('blocks.1.attn.qkv.weight')?.weightDecay, 0.05);
  });

  it('goes into an optimizer as it is', () => {
    using model = new nn.Linear(3, 2);
    const optimizer = new optim.AdamW(optim.layerDecayGroups(model));
    assert.equal(optimizer.parameters.length, 2);
    optimizer.dispose();
    assertBadInput(() => optim.layerDecayGroups(model, { layerDecay: 1.5 }), /from 0 to 1/);
  });
});
