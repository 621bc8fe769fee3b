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
// A Swin's blocks are counted through its stages; a merging goes with the first block behind it.
const STAGE = /^layers\.(\d+)\.(?:blocks\.(\d+)|downsample)\./;
const NORM = /^norm/;
const NO_DECAY =
  /^(cls_token|dist_token|reg_token|pos_embeds?)(\.|$)|^layers\..*\.(relative_position_bias_table$|logit_scale$|cpb_mlp\.)/;

/**
 * A ViT's or Swin's trainable parameters in groups for fine-tuning: the head learns at the full rate and each layer below it
 * `layerDecay` times slower, tokens, positions and patch embedding slowest; matrices decay, the rest does not.
 *
 * @param model a `ViT` or `nn.Swin`, or a module with timm's names
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
  const blockOf = numbering([...named.keys()]);
  const depth = 1 + Math.max(-1, ...[...named.keys()].map(blockOf));
  const groups = new Map<string, LayerDecayGroup>();
  for (const [name, parameter] of named) {
    if (!parameter.requiresGrad) continue;
    const layer = layerOf(name, depth, blockOf);
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

/** What tells the block that a name belongs to, from 0; -1 for none. */
function numbering(names: readonly string[]): (name: string) => number {
  const depths: number[] = []; // blocks of a Swin's stages
  for (const name of names) {
    const [, stage, block] = STAGE.exec(name) ?? [];
    if (stage !== undefined) depths[Number(stage)] = Math.max(depths[Number(stage)] ?? 0, 1 + Number(block ?? 0));
  }
  return (name) => {
    const [, stage, block = '0'] = STAGE.exec(name) ?? [];
    if (stage === undefined) return Number(BLOCK.exec(name)?.[1] ?? -1);
    return depths.slice(0, Number(stage)).reduce((sum, depth = 0) => sum + depth, Number(block));
  };
}

/** 0 for the stem, 1 to `depth` for the blocks, then the head. */
function layerOf(name: string, depth: number, blockOf: (name: string) => number): number {
  if (STEM.test(name)) return 0;
  if (NORM.test(name)) return depth;
  const block = blockOf(name);
  return block === -1 ? depth + 1 : block + 1;
}
