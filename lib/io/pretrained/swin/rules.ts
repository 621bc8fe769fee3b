import type { Rule } from '../layouts/rules.js';

/** Our names are timm's. */
export const timmSwinRules: readonly Rule[] = [{ file: '**', own: '**' }];

/** Of Microsoft's own code, and of timm before 0.9: a merging stands at the end of the stage before. */
export const microsoftSwinRules: readonly Rule[] = [
  { file: 'layers.-.downsample.**', own: 'layers.*.downsample.**' },
  { file: 'head.*', own: 'head.fc.*' },
  { file: '**', own: '**' },
];

interface BlockNames {
  /** Of queries, keys and values. */
  projection(name: 'query' | 'key' | 'value'): string;
  /** The table of version 1. */
  readonly table: string;
  readonly output: string;
  readonly mlp: readonly [string, string];
}

const stored: BlockNames = {
  projection: (name) => `attention.self.${name}`,
  table: 'attention.self.relative_position_bias_table',
  output: 'attention.output.dense',
  mlp: ['intermediate.dense', 'output.dense'],
};

// As Transformers 5 calls the modules of version 1; it writes the names of its fourth version.
const modern: BlockNames = {
  projection: (name) => `attention.${name[0]}_proj`,
  table: 'attention.relative_position_bias.relative_position_bias_table',
  output: 'attention.o_proj',
  mlp: ['mlp.fc1', 'mlp.fc2'],
};

const [theirs, ours] = ['encoder.layers.*.blocks.*', 'layers.*.blocks.*'];

function blockRules({ projection, table, output, mlp }: BlockNames, version: 1 | 2): Rule[] {
  return [
    ...(['query', 'key', 'value'] as const).flatMap((name, i): Rule[] => [
      { file: `${theirs}.${projection(name)}.weight`, own: `${ours}.attn.qkv.weight`, part: [i, 3] },
      ...(version === 1
        ? [{ file: `${theirs}.${projection(name)}.bias`, own: `${ours}.attn.qkv.bias`, part: [i, 3] } as const]
        : []),
    ]),
    { file: `${theirs}.${table}`, own: `${ours}.attn.relative_position_bias_table` },
    { file: `${theirs}.${output}.*`, own: `${ours}.attn.proj.*` },
    { file: `${theirs}.${mlp[0]}.*`, own: `${ours}.mlp.fc1.*` },
    { file: `${theirs}.${mlp[1]}.*`, own: `${ours}.mlp.fc2.*` },
  ];
}

/** Of `SwinModel`, `Swinv2Model` and their classifiers, without the prefix. */
export function huggingFaceSwinRules(version: 1 | 2): readonly Rule[] {
  const own = 'attention.self';
  return [
    { file: 'embeddings.patch_embeddings.projection.*', own: 'patch_embed.proj.*' },
    { file: 'embeddings.norm.*', own: 'patch_embed.norm.*' },
    { file: `${theirs}.layernorm_before.*`, own: `${ours}.norm1.*` },
    { file: `${theirs}.layernorm_after.*`, own: `${ours}.norm2.*` },
    ...blockRules(stored, version),
    ...blockRules(modern, version).map((rule): Rule => ({ ...rule, alias: true })),
    { file: `${theirs}.${own}.query.bias`, own: `${ours}.attn.q_bias` },
    { file: `${theirs}.${own}.value.bias`, own: `${ours}.attn.v_bias` },
    { file: `${theirs}.${own}.logit_scale`, own: `${ours}.attn.logit_scale` },
    { file: `${theirs}.${own}.continuous_position_bias_mlp.*.*`, own: `${ours}.attn.cpb_mlp.*.*` },
    { file: 'encoder.layers.-.downsample.**', own: 'layers.*.downsample.**' },
    { file: 'layernorm.*', own: 'norm.*' },
    { file: 'classifier.*', own: 'head.fc.*' },
  ];
}
