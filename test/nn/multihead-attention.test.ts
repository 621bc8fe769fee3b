import assert from 'node:assert/strict';
import { nn, scope, type Tensor, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, assertNear, assertSameBits, fromRef, intsFromRef, returnsMemory } from '../native-op.js';
import { add } from '../reference/add.js';
import { map, type Ref, ref, reshape, zeros } from '../reference/array.js';
import { attention, attentionBackward } from '../reference/attention.js';
import { linear, linearBackward } from '../reference/linear.js';
import { generator, normal } from '../reference/random.js';
import { slice } from '../reference/slice.js';
import { transpose } from '../reference/transpose.js';
import { sanitized } from '../sanitized.js';

const [B, T, M, E, H] = [2, 7, 5, 12, 3];

interface Parameters {
  inWeight: Ref;
  inBias: Ref;
  outWeight: Ref;
  outBias: Ref;
}

function parameters(): Parameters {
  const random = generator(1);
  return {
    inWeight: normal([3 * E, E], random, 0.4),
    inBias: normal([3 * E], random),
    outWeight: normal([E, E], random, 0.4),
    outBias: normal([E], random),
  };
}

function build(p: Parameters, options: nn.MultiheadAttentionOptions = {}): nn.MultiheadAttention {
  const module = new nn.MultiheadAttention(E, H, options);
  scope(() => {
    module.loadStateDict(
      new Map([
        ['in_proj_weight', fromRef(p.inWeight)],
        ['in_proj_bias', fromRef(p.inBias)],
        ['out_proj.weight', fromRef(p.outWeight)],
        ['out_proj.bias', fromRef(p.outBias)],
      ]),
    );
  });
  return module;
}

const split = (x: Ref): Ref => transpose(reshape(x, [x.shape[0], x.shape[1], H, E / H]), 1, 2); // (B,T,E) to (B,H,T,D)
const join = (y: Ref): Ref => reshape(transpose(y, 1, 2), [y.shape[0], y.shape[2], E]);

interface Masks {
  causal?: boolean;
  keyPadding?: Ref;
}

/** The reference's result, and gradients of queries, keys, values and input projection. */
function expected(q: Ref, k: Ref, v: Ref, dy: Ref, p: Parameters, masks: Masks) {
  const parts = [q, k, v].map((x, i) => {
    const weight = slice(p.inWeight, 0, i * E, (i + 1) * E);
    const bias = slice(p.inBias, 0, i * E, (i + 1) * E);
    return { x, weight, projected: linear(x, weight, { bias }) };
  });
  const [hq, hk, hv] = parts.map(({ projected }) => split(projected));
  const attended = join(attention(hq, hk, hv, masks));
  const out = linearBackward(dy, attended, p.outWeight);
  const { dq, dk, dv } = attentionBackward(split(out.dx), hq, hk, hv, masks);
  const ins = [dq, dk, dv].map((d, i) => linearBackward(join(d), parts[i].x, parts[i].weight));
  return {
    y: linear(attended, p.outWeight, { bias: p.outBias }),
    inputs: ins.map(({ dx }) => dx),
    inWeight: ref(
      [3 * E, E],
      ins.flatMap(({ dweight }) => [...dweight.data]),
    ),
    inBias: ref(
      [3 * E],
      ins.flatMap(({ dbias }) => [...dbias.data]),
    ),
    outWeight: out.dweight,
    outBias: out.dbias,
  };
}

describe('nn.MultiheadAttention', () => {
  returnsMemory();

  const random = generator(2);
  const [query, key, value] = [normal([B, T, E], random), normal([B, M, E], random), normal([B, M, E], random)];
  const dy = normal([B, T, E], random);
  const padding = (keys: number): Ref => map(zeros([B, keys]), (_, i) => Number(i % 3 === 1));
  const maskOptions = (masks: Masks) => ({
    ...(masks.causal && { causal: true }),
    ...(masks.keyPadding && { keyPaddingMask: intsFromRef(masks.keyPadding) }),
  });

  it("has PyTorch's parameters and beginning", () => {
    using module = new nn.MultiheadAttention(E, H);
    assert.deepEqual(
      [...module.namedParameters()].map(([name, { shape }]) => [name, shape]),
      [
        ['in_proj_weight', [3 * E, E]],
        ['in_proj_bias', [3 * E]],
        ['out_proj.weight', [E, E]],
        ['out_proj.bias', [E]],
      ],
    );
    const bound = Math.sqrt(6 / (E + 3 * E));
    assert.ok(module.inProjWeight?.dataSync().every((w) => Math.abs(w) <= bound));
    for (const bias of [module.inProjBias, module.outProj.bias]) {
      assert.deepEqual(new Set(bias?.dataSync()), new Set([0]));
    }
    using plain = new nn.MultiheadAttention(E, H, { bias: false });
    assert.deepEqual([...plain.namedParameters().keys()], ['in_proj_weight', 'out_proj.weight']);
  });

  for (const batchFirst of [true, false]) {
    const turn = (x: Ref): Ref => (batchFirst ? x : transpose(x, 0, 1));
    const variants: Record<string, (keys: number) => Masks> = {
      'no mask': () => ({}),
      'a causal mask': () => ({ causal: true }),
      'a padding mask': (keys) => ({ keyPadding: padding(keys) }),
      'both masks': (keys) => ({ causal: true, keyPadding: padding(keys) }),
    };
    for (const [name, masksFor] of Object.entries(variants)) {
      it(`is the reference's self-attention with batchFirst ${batchFirst} and ${name}`, () => {
        const p = parameters();
        const masks = masksFor(T);
        const wanted = expected(query, query, query, dy, p, masks);
        using module = build(p, { batchFirst });
        scope(() => {
          const x = fromRef(turn(query), { requiresGrad: true });
          const y = module.forward(x, x, x, maskOptions(masks));
          assertNear(y, turn(wanted.y), 'result');
          y.backward(fromRef(turn(dy)));
          const [dq, dk, dv] = wanted.inputs;
          assertNear(x.grad, turn(add(add(dq, dk), dv)), 'gradient of the input');
          assertNear(module.inProjWeight?.grad ?? null, wanted.inWeight, 'gradient of in_proj_weight');
          assertNear(module.inProjBias?.grad ?? null, wanted.inBias, 'gradient of in_proj_bias');
          assertNear(module.outProj.weight.grad, wanted.outWeight, 'gradient of out_proj.weight');
          assertNear(module.outProj.bias?.grad ?? null, wanted.outBias, 'gradient of out_proj.bias');
        });
      });

      it(`is the reference's attention to other tokens with batchFirst ${batchFirst} and ${name}`, () => {
        const p = parameters();
        const masks = masksFor(M);
        const wanted = expected(query, key, value, dy, p, masks);
        using module = build(p, { batchFirst });
        scope(() => {
          const inputs = [query, key, value].map((x) => fromRef(turn(x), { requiresGrad: true }));
          const [q, k, v] = inputs;
          const y = module.forward(q, k, v, maskOptions(masks));
          assertNear(y, turn(wanted.y), 'result');
          y.backward(fromRef(turn(dy)));
          for (const [i, input] of inputs.entries()) assertNear(input.grad, turn(wanted.inputs[i]), `gradient ${i}`);
          assertNear(module.inProjWeight?.grad ?? null, wanted.inWeight, 'gradient of in_proj_weight');
          assertNear(module.inProjBias?.grad ?? null, wanted.inBias, 'gradient of in_proj_bias');
        });
      });
    }
  }

  it('takes the query for keys, and keys for values, where they are not given', () => {
    using module = build(parameters());
    scope(() => {
      const [x, k] = [fromRef(query), fromRef(key)];
      assertSameBits(module.forward(x), module.forward(x, x, x), 'self-attention');
      assertSameBits(module.forward(x, k), module.forward(x, k, k), 'attention to keys');
    });
  });

  it('drops weights in training alone', () => {
    using module = build(parameters(), { dropout: 0.5 });
    using plain = build(parameters());
    scope(() => {
      const x = fromRef(query);
      assert.notDeepEqual(module.forward(x).dataSync(), module.forward(x).dataSync());
      assertSameBits(module.eval().forward(x), plain.forward(x), 'evaluation');
    });
  });

  for (const batchFirst of [true, false]) {
    it(`means, over many draws of dropout, what it says without, with batchFirst ${batchFirst}`, () => {
      using module = build(parameters(), { dropout: 0.3, batchFirst });
      scope(() => {
        const x = fromRef(query);
        const mask = { keyPaddingMask: intsFromRef(padding(batchFirst ? T : B)) };
        const masks = batchFirst ? mask : {};
        const wanted = module.eval().forward(x, x, x, masks);
        module.train();
        const draws = sanitized ? 200 : 2000;
        const mean = new Float64Array(wanted.size);
        for (let i = 0; i < draws; i++) {
          scope(() => {
            for (const [j, y] of module.forward(x, x, x, masks).dataSync().entries()) mean[j] += y / draws;
          });
        }
        assertNear(wanted, { shape: wanted.shape, data: mean }, 'mean', sanitized ? 0.3 : 0.1);
      });
    });
  }

  it('is its output bias when every weight is dropped', () => {
    using module = build(parameters(), { dropout: 1 });
    scope(() => {
      const y = module.forward(fromRef(query)).dataSync();
      const bias = module.outProj.bias?.dataSync() ?? assert.fail();
      assert.ok(y.every((element, i) => element === bias[i % E]));
    });
  });

  it('refuses heads, probabilities and tensors that do not go together', () => {
    assertBadInput(() => new nn.MultiheadAttention(12, 5), /divide the width 12 for .* numHeads .* 5\./);
    assertBadInput(() => new nn.MultiheadAttention(12, 0), /numHeads .* 0\./);
    assertBadInput(() => new nn.MultiheadAttention(1.5, 1), /embedDim .*1\.5/);
    assertBadInput(() => new nn.MultiheadAttention(12, 3, { dropout: 2 }), /dropout .* 2\./);
    using module = new nn.MultiheadAttention(12, 3);
    assertBadInput(
      () => module.forward(zeroTensor([2, 7, 11])),
      /\(2,7,12\) for MultiheadAttention query .*\(2,7,11\)/,
    );
    assertBadInput(
      () => module.forward(zeroTensor([7, 12])),
      /\(B,T,E\) of 3 axes for MultiheadAttention query .*\(7,12\)/,
    );
    assertBadInput(
      () => module.forward(zeroTensor([2, 7, 12]), zeroTensor([3, 5, 12])),
      /\(2,\*,12\) for MultiheadAttention key .*\(3,5,12\)/,
    );
    assertBadInput(
      () => module.forward(zeroTensor([2, 7, 12]), zeroTensor([2, 5, 12]), zeroTensor([2, 4, 12])),
      /\(2,5,12\) for MultiheadAttention value .*\(2,4,12\)/,
    );
    using turned = new nn.MultiheadAttention(12, 3, { batchFirst: false });
    assertBadInput(
      () => turned.forward(zeroTensor([7, 2, 12]), zeroTensor([5, 3, 12])),
      /\(\*,2,12\) for .* key .*\(5,3,12\)/,
    );
    assertBadInput(() => module.forward(undefined as unknown as Tensor), /a Tensor .*undefined/);
  });
});
