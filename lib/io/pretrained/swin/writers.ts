import { checkPair } from '../../../check.js';
import type { SwinConfig } from '../../../nn/swin/config.js';
import type { Swin } from '../../../nn/swin/swin.js';
import { CosineWindowAttention } from '../../../nn/swin/window-attention.js';
import { positionIndex, shiftMask } from '../../../nn/swin/window-tables.js';
import type { TensorSource } from '../../formats/safetensors.js';
import type { Rule } from '../layouts/rules.js';
import { optionText } from '../own-config.js';
import { huggingFaceSwinRules, microsoftSwinRules, timmSwinRules } from './rules.js';
import { gridsOf, paddedStages } from './windows.js';

/** The layouts that a Swin can be written in. */
export const swinLayouts = ['vitrine', 'timm', 'hf', 'microsoft'] as const;
/** One of them. */
export type SwinLayoutName = (typeof swinLayouts)[number];

type Config = Readonly<SwinConfig>;

/** How a library's class names a Swin's tensors. */
export function swinWriter(layout: SwinLayoutName): {
  rules(config: Config): readonly Rule[];
  spell(config: Config): (name: string) => string;
} {
  const rules = ({ version }: Config): readonly Rule[] => {
    if (layout === 'hf') return huggingFaceSwinRules(version);
    return layout === 'microsoft' ? microsoftSwinRules : timmSwinRules;
  };
  const spell = ({ version, numClasses }: Config) => {
    const prefix = layout === 'hf' && numClasses > 0 ? (version === 1 ? 'swin.' : 'swinv2.') : '';
    return (name: string): string => (/^classifier\./.test(name) ? name : prefix + name);
  };
  return { rules, spell };
}

/** What a model has that a library's own has not, as options say it; empty when its weights fit there. */
export function swinObjections(config: Config, layout: SwinLayoutName): string[] {
  if (layout === 'vitrine') return [];
  const against: (keyof SwinConfig)[] = [];
  if (config.normEps !== 1e-5) against.push('normEps');
  const padded = paddedStages(config).length > 0;
  // timm pads version 1 and, unless told otherwise, not version 2; Transformers before the shift, Microsoft not at all.
  if (padded && (layout !== 'timm' || config.version === 2)) against.push('imgSize');
  if (layout === 'timm') return texts(config, against);
  if (config.globalPool !== 'avg') against.push('globalPool');
  for (const name of ['imgSize', 'patchSize', 'windowSize'] as const) {
    const [height, width] = checkPair(config[name], `Swin ${name}`, 1);
    if (height !== width) against.push(name);
  }
  // Transformers has tables of the whole window in every stage of version 1.
  const window = checkPair(config.windowSize, 'Swin windowSize', 1);
  if (layout === 'hf' && config.version === 1 && gridsOf(config).some(([rows]) => rows < window[0])) {
    against.push('windowSize');
  }
  return texts(config, against);
}

function texts(config: Config, names: readonly (keyof SwinConfig)[]): string[] {
  return [...new Set(names)].map((name) => optionText(name, config[name]));
}

/** What Microsoft's model registers besides its weights, and its files hold: indices, masks and distances. */
export function microsoftBuffers(model: Swin): [name: string, source: TensorSource][] {
  const grids = gridsOf(model.config);
  return [...model.layers].flatMap((stage, i) =>
    [...stage.blocks].flatMap(({ attn }, j): [string, TensorSource][] => {
      const { window, shift } = attn.settings;
      const [tokens, name] = [window[0] * window[1], `layers.${i}.blocks.${j}`];
      const index = BigInt64Array.from(positionIndex(window), BigInt);
      const buffers: [string, TensorSource][] = [
        [`${name}.attn.relative_position_index`, { dtype: 'I64', shape: [tokens, tokens], data: bytesOf(index) }],
      ];
      if (attn instanceof CosineWindowAttention) {
        const shape = [1, 2 * window[0] - 1, 2 * window[1] - 1, 2];
        const data = bytesOf(attn.coordinates);
        buffers.push([`${name}.attn.relative_coords_table`, { dtype: 'F32', shape, data }]);
      }
      const grid = grids[i];
      if (grid === undefined || shift[0] + shift[1] === 0) return buffers;
      const windows = [grid[0] / window[0], grid[1] / window[1]] as const; // whole ones: see swinObjections
      const mask = shiftMask(window, shift, windows);
      const shape = [mask.length / tokens ** 2, tokens, tokens];
      return [...buffers, [`${name}.attn_mask`, { dtype: 'F32', shape, data: bytesOf(mask) }]];
    }),
  );
}

function bytesOf(values: Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
