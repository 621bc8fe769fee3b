import { imagenetStatistics } from '../preprocessing.js';
import type { Evidence, Layout } from './layout.js';
import type { Rule } from './rules.js';

/**
 * Of Meta's DINOv2: timm's names but for the registers and the gated MLP.
 *
 * @param options as of `dinov2Rules`
 */
export function metaRules({ registers, gated }: { registers: boolean; gated: boolean }): Rule[] {
  const mlp = (file: string, own: string): Rule => ({
    file: `blocks.*.mlp.${file}.*`,
    own: `blocks.*.mlp.${own}.*`,
    ...(!gated && { alias: true as const }),
  });
  return [
    { file: 'register_tokens', own: 'reg_token' },
    { file: 'mask_token', own: 'mask_token', squeeze: 1 },
    ...(registers ? [{ file: 'pos_embed', own: 'pos_embed', zeroRows: 1 } as const] : []),
    mlp('w12', 'fc1'),
    mlp('w3', 'fc2'),
    { file: '**', own: '**' },
  ];
}

const hasRegisters = (infos: Evidence['infos']): boolean => infos.has('register_tokens');

/** Whether timm's names are Meta's DINOv2, by what timm leaves out or calls otherwise. */
export function isMeta(names: ReadonlySet<string>): boolean {
  return names.has('register_tokens') || (names.has('mask_token') && names.has('blocks.0.ls1.gamma'));
}

export const meta: Layout = {
  name: 'meta',
  marks: /^(register_tokens|mask_token)$/,

  read: ({ infos }) => ({
    names: new Map([...infos.keys()].map((name) => [name, name])),
    rules: metaRules({ registers: hasRegisters(infos), gated: infos.has('blocks.0.mlp.w12.weight') }),
    spell: (name) => name,
  }),

  configure: ({ infos }) => ({
    normEps: 1e-6,
    act: 'gelu',
    globalPool: 'token',
    noEmbedClass: hasRegisters(infos),
  }),

  usual: {},
  square: true,

  // Its evaluation's: make_classification_eval_transform.
  preprocessing: (_, { imgSize }) => ({
    resize: Math.floor((Math.max(...imgSize) * 256) / 224),
    crop: imgSize,
    interpolation: 'bicubic',
    ...imagenetStatistics,
  }),

  statesPreprocessing: () => true,

  classPosition: ({ infos }) => (hasRegisters(infos) ? { token: 'cls_token', positions: 'pos_embed' } : undefined),

  // Its models with registers antialias; those without add 0.1 to the size before they divide by it.
  positionResize: ({ infos }) => (hasRegisters(infos) ? 'bicubic-antialias' : 'bicubic-offset'),
};
