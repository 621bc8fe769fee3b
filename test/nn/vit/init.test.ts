import assert from 'node:assert/strict';
import { manualSeed, nn, type Tensor, ViT, type ViTOptions, zeros } from '../../../lib/index.js';
import { assertBadInput, returnsMemory } from '../../native-op.js';

const CONFIG = { imgSize: 32, patchSize: 8, numClasses: 10, embedDim: 96, depth: 2, numHeads: 2 } satisfies ViTOptions;

interface Statistics {
  mean: number;
  std: number;
  least: number;
  most: number;
}

function statistics(x: Tensor): Statistics {
  const data = Float32Array.from(x.dataSync()).sort();
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const std = Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length);
  return { mean, std, least: data[0] ?? Number.NaN, most: data.at(-1) ?? Number.NaN };
}

/** The statistics of a model's parameters by name. */
function drawn(options: ViTOptions): (name: string) => Statistics {
  manualSeed(3);
  using model = new ViT({ ...CONFIG, ...options });
  const all = new Map([...model.namedParameters()].map(([name, x]) => [name, statistics(x)]));
  return (name) => {
    const found = all.get(name);
    assert.ok(found, `no ${name}`);
    return found;
  };
}

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) <= 0.05 * Math.abs(expected), `${actual} is not near ${expected}`);
const all = ({ least, most }: Statistics, value: number): void =>
  assert.deepEqual([least, most].map(Math.fround), [value, value].map(Math.fround));

describe('initial weights', () => {
  returnsMemory();

  it('are cut off at two deviations when truncated, of the deviation that is left', () => {
    const x = nn.init.truncatedNormal(zeros([200_000]), 1, 0.5);
    const { mean, std, least, most } = statistics(x);
    x.dispose();
    near(mean, 1);
    near(std, 0.5 * 0.8796);
    assert.ok(least >= 0 && least < 0.01 && most <= 2 && most > 1.99);
  });

  it('have the deviation that LeCun’s and He’s rules ask for', () => {
    const lecun = nn.init.lecunNormal(zeros([300, 8, 5, 5]));
    near(statistics(lecun).std, 1 / Math.sqrt(200));
    const he = nn.init.kaimingNormal(zeros([50, 80, 3, 3]));
    near(statistics(he).std, Math.sqrt(2 / 450));
    lecun.dispose();
    he.dispose();
  });

  it("'': linear weights of deviation 0.02, biases zero", () => {
    const of = drawn({});
    near(of('blocks.1.attn.qkv.weight').std, 0.02);
    near(of('head.weight').std, 0.02);
    near(of('pos_embed').std, 0.02);
    all(of('blocks.1.mlp.fc1.bias'), 0);
    all(of('head.bias'), 0);
    near(of('patch_embed.proj.weight').std, 1 / Math.sqrt(3 * 192)); // uniform in +-1 / sqrt(fan in)
  });

  it("'jax': by Glorot and LeCun, the head zero", () => {
    const of = drawn({ weightInit: 'jax', globalPool: 'map' });
    const bound = Math.sqrt(6 / (96 + 288));
    near(of('blocks.0.attn.qkv.weight').most, bound);
    near(of('blocks.0.attn.qkv.weight').std, bound / Math.sqrt(3));
    all(of('blocks.0.attn.qkv.bias'), 0);
    near(of('blocks.0.mlp.fc1.bias').std, 1e-6);
    near(of('patch_embed.proj.weight').std, 1 / Math.sqrt(192));
    all(of('patch_embed.proj.bias'), 0);
    all(of('head.weight'), 0);
    all(of('head.bias'), 0);
    const latent = of('attn_pool.latent');
    assert.ok(latent.most <= 2 / Math.sqrt(96));
  });

  it("'jax_nlhb': as 'jax', the head's bias by the number of classes", () => {
    const of = drawn({ weightInit: 'jax_nlhb', distilled: true });
    all(of('head.bias'), -Math.log(10));
    all(of('head_dist.bias'), -Math.log(10));
    all(of('head_dist.weight'), 0);
  });

  it("'reset': as PyTorch's layers", () => {
    const of = drawn({ weightInit: 'reset' });
    near(of('blocks.0.attn.qkv.weight').most, 1 / Math.sqrt(96));
    near(of('blocks.0.attn.qkv.bias').std, 1 / Math.sqrt(96) / Math.sqrt(3));
    near(of('pos_embed').std, 0.02);
  });

  it('let the blocks of a ResNet stem begin as their shortcuts', () => {
    const of = drawn({ resnetLayers: [1], patchSize: 1 });
    near(of('patch_embed.backbone.stages.0.blocks.0.conv2.weight').std, Math.sqrt(2 / (64 * 9)));
    all(of('patch_embed.backbone.stages.0.blocks.0.norm3.weight'), 0);
    all(of('patch_embed.backbone.stem.norm.weight'), 1);
    all(
      drawn({ resnetLayers: [1], patchSize: 1, weightInit: 'reset' })(
        'patch_embed.backbone.stages.0.blocks.0.norm3.weight',
      ),
      1,
    );
    near(
      drawn({ resnetLayers: [], patchSize: 4, weightInit: 'jax' })('patch_embed.backbone.conv.weight').std,
      1 / Math.sqrt(147),
    );
  });

  it('say which schemes there are', () => {
    assertBadInput(() => new ViT({ ...CONFIG, weightInit: 'moco' as never }), /'', 'jax', 'jax_nlhb', 'reset'/);
  });
});
