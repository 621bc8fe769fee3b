import assert from 'node:assert/strict';
import { F, optim, scope, type Tensor, tensor, ViT } from '../../lib/index.js';
import { loadGolden } from '../golden.js';
import { checkGradients, loadParameters } from '../golden-module.js';
import { assertNear, fromRef, intsFromRef, returnsMemory, valuesOf } from '../native-op.js';
import { type Ref, zeros } from '../reference/array.js';
import { assertClose } from '../reference/assert-close.js';

/** timm's words, as generate.py gave them. */
interface Case {
  case: number;
  img_size: number;
  patch_size: number;
  in_chans: number;
  num_classes: number;
  embed_dim: number;
  depth: number;
  num_heads: number;
  mlp_ratio: number;
  global_pool?: 'token' | 'avg';
  class_token?: boolean;
  reg_tokens?: number;
  no_embed_class?: boolean;
  init_values?: number;
  qk_norm?: boolean;
  qkv_bias?: boolean;
  pre_norm?: boolean;
  pos_embed?: 'none';
  optimizer: 'sgd' | 'momentum' | 'dampened' | 'nesterov' | 'adamw';
}

function build(params: Case): ViT {
  const { case: _, optimizer, ...config } = params;
  const camelCase = (name: string): string => name.replace(/_(.)/g, (_match, letter: string) => letter.toUpperCase());
  return new ViT(Object.fromEntries(Object.entries(config).map(([name, value]) => [camelCase(name), value])));
}

/** What generate.py calls its optimizers. */
const OPTIMIZERS: Record<Case['optimizer'], (parameters: Tensor[]) => optim.Optimizer> = {
  sgd: (ps) => new optim.SGD(ps, { lr: 0.05 }),
  momentum: (ps) => new optim.SGD(ps, { lr: 0.02, momentum: 0.9, weightDecay: 1e-2 }),
  dampened: (ps) => new optim.SGD(ps, { lr: 0.05, momentum: 0.9, dampening: 0.3, weightDecay: 1e-3 }),
  nesterov: (ps) => new optim.SGD(ps, { lr: 0.02, momentum: 0.9, nesterov: true }),
  adamw: (ps) => new optim.AdamW(ps, { lr: 2e-3, weightDecay: 0.1 }),
};

const LOGITS = 1e-5;
const GRADIENTS = 1e-4;
const LOSSES = 1e-3;

// A bias on every key shifts all of a query's scores alike, so its gradient is 0: what PyTorch and we find is rounding,
// to be judged by the size of the gradient of the weight beside it.
const KEY_BIAS = /k_norm\.bias$/;

function withoutKeyBiases(tensors: Record<string, Ref>): Record<string, Ref> {
  return Object.fromEntries(Object.entries(tensors).filter(([name]) => !KEY_BIAS.test(name)));
}

function checkKeyBiases(model: ViT, tensors: Record<string, Ref>): void {
  for (const [name, { grad, shape }] of model.namedParameters()) {
    if (!KEY_BIAS.test(name)) continue;
    assert.ok(grad !== null, `no gradient of ${name}`);
    const beside = tensors[`g.${name.replace('bias', 'weight')}`];
    const absolute = GRADIENTS * beside.data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    assertClose(valuesOf(grad), zeros(shape), { absolute }, `gradient of ${name}`);
  }
}

describe('golden ViT', () => {
  returnsMemory();

  for (const { params, tensors } of loadGolden<Case>('vit').cases) {
    const { img_size, patch_size, in_chans, num_classes, embed_dim, depth, num_heads, mlp_ratio, ...rest } = params;

    it(`has timm's logits, loss and gradients with ${JSON.stringify(rest)}`, () => {
      using model = build(params);
      loadParameters(model, tensors, 'p.');
      scope(() => {
        const logits = model.forward(fromRef(tensors.x));
        assertNear(logits, tensors.logits, 'logits', LOGITS);
        const loss = F.crossEntropy(logits, intsFromRef(tensors.label));
        assertNear(loss, tensors.loss, 'loss', LOGITS);
        loss.backward();
        checkGradients(model, withoutKeyBiases(tensors), 'g.', GRADIENTS);
        checkKeyBiases(model, tensors);
      });
    });

    it(`has the losses of timm's twenty steps with ${JSON.stringify(rest)}`, () => {
      using model = build(params);
      loadParameters(model, tensors, 'p.');
      const optimizer = OPTIMIZERS[params.optimizer](model.parameters());
      scope(() => {
        const [x, label] = [fromRef(tensors.x), intsFromRef(tensors.label)];
        const losses: number[] = [];
        for (let step = 0; step < tensors.losses.data.length; step++) {
          optimizer.zeroGrad();
          const loss = scope(() => F.crossEntropy(model.forward(x), label));
          loss.backward();
          optimizer.step();
          losses.push(loss.itemSync());
        }
        assertNear(tensor(losses), tensors.losses, 'losses', LOSSES);
      });
      optimizer.dispose();
    });
  }
});
