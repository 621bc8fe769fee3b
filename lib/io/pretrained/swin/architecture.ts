import type { SwinConfig } from '../../../nn/swin/config.js';
import { fileError } from '../../formats/file-error.js';
import { ratioOf, type Shapes } from '../layouts/architecture.js';

/** What the shapes of a checkpoint's tensors tell of a Swin. */
export interface SwinArchitecture {
  /** The options that they leave no doubt of. */
  readonly config: Pick<SwinConfig, FromShapes>;
  /** Entries of each stage's table of positions; empty for version 2, which has none. */
  readonly entries: readonly number[];
}

type FromShapes =
  | 'version'
  | 'patchSize'
  | 'inChans'
  | 'numClasses'
  | 'embedDim'
  | 'depths'
  | 'numHeads'
  | 'mlpRatio'
  | 'qkvBias';

const NO_SWIN = 'the weights of a Swin Transformer';

/**
 * Reads a Swin's options off the shapes of its weights.
 *
 * @param shapes by our names
 * @throws TypeError where the patch embedding or a stage's attention is missing
 */
export function readSwinArchitecture(shapes: Shapes, where: string): SwinArchitecture {
  const projection = shapes.get('patch_embed.proj.weight');
  if (projection?.length !== 4) throw fileError(NO_SWIN, where, 'no weight of a patch embedding, of 4 axes');
  const [embedDim, inChans, ...patchSize] = projection as [number, number, number, number]; // checked above
  const depths = depthsOf(shapes);
  const first = (stage: number, name: string): readonly number[] | undefined =>
    shapes.get(`layers.${stage}.blocks.0.${name}`);
  const version = first(0, 'attn.logit_scale') === undefined ? 1 : 2;
  const tables = depths.map((_, i) =>
    first(i, version === 1 ? 'attn.relative_position_bias_table' : 'attn.logit_scale'),
  );
  const missing = tables.indexOf(undefined);
  if (depths.length === 0 || missing >= 0) {
    throw fileError(NO_SWIN, where, `no positions in the attention of stage ${Math.max(0, missing)}`);
  }
  const known = tables.filter((shape) => shape !== undefined);
  const hidden = first(0, 'mlp.fc1.weight')?.[0] ?? 4 * embedDim;
  return {
    config: {
      ...{ version, patchSize, inChans, embedDim, depths, mlpRatio: ratioOf(hidden, embedDim) },
      numClasses: shapes.get('head.fc.weight')?.[0] ?? shapes.get('head.fc.bias')?.[0] ?? 0,
      numHeads: known.map((shape) => (version === 1 ? (shape[1] ?? 0) : (shape[0] ?? 0))),
      qkvBias: first(0, version === 1 ? 'attn.qkv.bias' : 'attn.q_bias') !== undefined,
    },
    entries: version === 1 ? known.map(([entries = 0]) => entries) : [],
  };
}

/** Blocks of each stage; a file of few tensors cannot claim a model of a million blocks. */
function depthsOf(shapes: Shapes): number[] {
  const stages = new Map<number, Set<number>>();
  for (const name of shapes.keys()) {
    const [, stage, block] = /^layers\.(\d+)\.blocks\.(\d+)\./.exec(name) ?? [];
    if (stage === undefined) continue;
    const blocks = stages.get(Number(stage)) ?? new Set<number>();
    stages.set(Number(stage), blocks.add(Number(block)));
  }
  const count = Math.min(Math.max(-1, ...stages.keys()) + 1, 2 * stages.size);
  return Array.from({ length: count }, (_, i) => {
    const blocks = stages.get(i) ?? new Set([0]);
    return Math.min(Math.max(...blocks) + 1, 2 * blocks.size);
  });
}

/** How many parameters such a model has, about. */
export function parametersOf({ embedDim, depths, mlpRatio, numClasses }: SwinArchitecture['config']): number {
  const width = (stage: number): number => embedDim * 2 ** stage;
  const blocks = depths.reduce((sum, depth, i) => sum + depth * (4 + 2 * mlpRatio) * width(i) ** 2, 0);
  return blocks + numClasses * width(depths.length - 1);
}
