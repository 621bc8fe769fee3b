import { checkNumber, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { Module } from '../nn/module.js';
import type { Tensor } from '../tensor.js';
import type { ParameterGroup } from './parameter-group.js';

/** Options of `layerDecayGroups`. */
export interface LayerDecayOptions {
  /** Of weights; biases, norms, tokens and positions have none. Default 0.05. */
  weightDecay?: number;
  /** Factor of the learning rate from a layer to the one below it. Default 0.75. */
  layerDecay?: number;
}

const OPTIONS: OptionNames<LayerDecayOptions> = { weightDecay: true, layerDecay: true };

/** Parameters of one layer that decay alike. */
export interface LayerDecayGroup extends ParameterGroup {
  /** The group's parameters. */
  params: Tensor[];
  lrScale: number;
  weightDecay: number;
  /** The parameters' names, in order. */
  names: string[];
}

const STEM = /^(cls_token|dist_token|reg_token|pos_embed$|pos_embed\.|patch_embed)/;
// A ViT's own positions in each block go with the block; a norm around the blocks, with the last of them.
const BLOCK = /^(?:blocks|pos_embeds)\.(\d+)/;
const NORM = /^norm/;
const NO_DECAY = /^(cls_token|dist_token|reg_token|pos_embeds?)(\.|$)/;

/**
 * A ViT's trainable parameters in groups for fine-tuning: the head learns at the full rate and each layer below it
 * `layerDecay` times slower, tokens, positions and patch embedding slowest; matrices decay, the rest does not.
 *
 * @param model a `ViT`, or a module with timm's names
 * @throws TypeError for options out of range
 * @see Clark et al. 2020 (ELECTRA); Bao et al. 2022 (BEiT)
 * @see timm's `param_groups_layer_decay`
 * @example
 * const optimizer = new optim.AdamW(optim.layerDecayGroups(model, { layerDecay: 0.65 }), { lr: 5e-4 });
 */
export function layerDecayGroups(model: Module, options: LayerDecayOptions = {}): LayerDecayGroup[] {
  if (!(model instanceof Module)) throw expected('a module', 'layerDecayGroups', model);
  checkOptions(options, OPTIONS, 'layerDecayGroups');
  const weightDecay = checkNumber(options.weightDecay ?? 0.05, 'layerDecayGroups weightDecay', 0);
  const layerDecay = checkNumber(options.layerDecay ?? 0.75, 'layerDecayGroups layerDecay', 0, 1);
  const named = model.namedParameters();
  const depth = 1 + Math.max(-1, ...[...named.keys()].map(blockOf));
  const groups = new Map<string, LayerDecayGroup>();
  for (const [name, parameter] of named) {
    if (!parameter.requiresGrad) continue;
    const layer = layerOf(name, depth);
    const decays = parameter.rank > 1 && !NO_DECAY.test(name);
    const key = `${layer} ${decays}`;
    let group = groups.get(key);
    if (group === undefined) {
      const lrScale = layerDecay ** (depth + 1 - layer);
      group = { params: [], names: [], lrScale, weightDecay: decays ? weightDecay : 0 };
      groups.set(key, group);
    }
    group.params.push(parameter);
    group.names.push(name);
  }
  return [...groups.values()];
}

/** The block that a name belongs to, from 0; -1 for none. */
function blockOf(name: string): number {
  return Number(BLOCK.exec(name)?.[1] ?? -1);
}

/** 0 for the stem, 1 to `depth` for the blocks, then the head. */
function layerOf(name: string, depth: number): number {
  if (STEM.test(name)) return 0;
  if (NORM.test(name)) return depth;
  const block = blockOf(name);
  return block === -1 ? depth + 1 : block + 1;
}
