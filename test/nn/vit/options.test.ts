import { scope, ViT, type ViTConfig } from '../../../lib/index.js';
import { loadGolden } from '../../golden.js';
import { checkGradients } from '../../golden-module.js';
import { assertNear, fromRef, returnsMemory } from '../../native-op.js';
import { drawParameters } from '../drawn-parameters.js';

/** timm's words, as generate_more.py gave them. */
type Case = { case: number; act_layer?: string } & Record<string, unknown>;

function build({ case: _, act_layer, ...options }: Case): ViT {
  const camelCase = (name: string): string => name.replace(/_(.)/g, (_match, letter: string) => letter.toUpperCase());
  const config = Object.fromEntries(Object.entries(options).map(([name, value]) => [camelCase(name), value]));
  return new ViT({ ...config, ...(act_layer && { act: act_layer as ViTConfig['act'] }) });
}

function named({ img_size, patch_size, in_chans, num_classes, embed_dim, depth, num_heads, mlp_ratio, ...rest }: Case) {
  const { case: number, ...options } = rest;
  return `${number}: ${JSON.stringify(options)}`;
}

// The parameters are drawn in the order of their names, so that results agree only where the names are timm's.
describe('options of ViT', () => {
  returnsMemory();

  for (const { params, tensors } of loadGolden<Case>('vit-options').cases) {
    it(`have timm's results and gradients, ${named(params)}`, () => {
      using model = build(params);
      drawParameters(model);
      scope(() => {
        const x = fromRef(tensors.x, { requiresGrad: true });
        const y = model.eval().forward(x);
        assertNear(y, tensors.y, 'result');
        y.backward(fromRef(tensors.gy));
        assertNear(x.grad, tensors.gx, 'gradient of the images', 1e-4);
        checkGradients(model, tensors, 'g.', 1e-4);
      });
    });

    if (tensors.class_logits === undefined) continue;
    it('give a distilled model two answers for training', () => {
      using model = build(params);
      drawParameters(model);
      scope(() => {
        const [logits, distilled] = model.forwardDistilled(fromRef(tensors.x));
        assertNear(logits, tensors.class_logits, 'class logits');
        assertNear(distilled, tensors.dist_logits, 'distillation logits');
      });
    });
  }
});
