import { noGrad } from '../autograd.js';
import { checkArray, checkBoolean, checkInteger, checkNumber, expected, listed, quoted, Text } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { clone } from '../ops/copies.js';
import { copyInto } from '../ops/copy.js';
import { add, mul } from '../ops/elementwise.js';
import { matmul } from '../ops/matmul.js';
import { checkDropProbability } from '../ops/random.js';
import { autocast } from '../precision.js';
import { scope, untracked } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Linear } from './linear.js';
import { LoraBranch } from './lora-branch.js';
import { Module } from './module.js';
import { matcher } from './name-pattern.js';
import { noteOwnCode } from './own-code.js';

/** Options of `applyLora`; in PEFT's words `r`, `lora_alpha`, `lora_dropout`, `target_modules`, `modules_to_save`. */
export interface LoraOptions {
  /** Of what is added to a weight. Default 8. */
  rank?: number;
  /** What is added is multiplied by alpha / rank. Default: the rank. */
  alpha?: number;
  /** Probability with which a branch does not see a value of its input, in training. Default 0. */
  dropout?: number;
  /**
   * Which linear layers: names or their ends (`'qkv'`, `'attn.proj'`, `'blocks.1?.mlp.fc1'`), or a RegExp of whole names;
   * `'all-linear'` for all but those that are trained as a whole. Default `['qkv']`. Convolutions get no adapters, as
   * `'proj'` would give that of the patches in PEFT.
   */
  targets?: readonly string[] | RegExp | 'all-linear';
  /** What is trained as a whole besides, by names likewise. Default: `head` and `head_dist`, where there are such. */
  modulesToSave?: readonly string[];
  /** Whether the factor is alpha / sqrt(rank), which suits high ranks (Kalajdzievski 2023). Default false. */
  useRslora?: boolean;
}

/** @internal */
export const LORA_OPTIONS: OptionNames<LoraOptions> = {
  rank: true,
  alpha: true,
  dropout: true,
  targets: true,
  modulesToSave: true,
  useRslora: true,
};

/** A weight as it was before `merge`. */
interface Merged {
  readonly branch: LoraBranch;
  readonly before: Tensor;
  readonly version: number;
}

/**
 * The adapters of a model, from `applyLora`.
 *
 * @example
 * const lora = nn.applyLora(model, { rank: 8, targets: ['qkv', 'proj'] });
 * // ... a training ...
 * lora.merge().unload(); // an ordinary model
 */
export class Lora {
  /** The model that the adapters stand in. */
  readonly model: Module;
  /** The adapted layers, by name. */
  readonly layers: ReadonlyMap<string, Linear>;
  /** Names of the modules that are trained as a whole. */
  readonly modulesToSave: readonly string[];
  readonly #merged = new Map<Linear, Merged>();

  /** @internal */
  constructor(model: Module, layers: ReadonlyMap<string, Linear>, modulesToSave: readonly string[]) {
    this.model = model;
    this.layers = layers;
    this.modulesToSave = modulesToSave;
  }

  /** @internal What is added to each layer, by its name; merged or not. */
  branches(): Map<string, LoraBranch> {
    const branches = new Map<string, LoraBranch>();
    for (const [name, linear] of this.layers) {
      const branch = linear.lora ?? this.#merged.get(linear)?.branch;
      if (branch !== undefined) branches.set(name, branch);
    }
    return branches;
  }

  /** Whether the weights hold what the adapters add. */
  get isMerged(): boolean {
    return this.#merged.size > 0;
  }

  /**
   * Adds what the adapters have learned to the weights: until `unmerge` the model is an ordinary one, without adapters,
   * and as fast.
   * @see PEFT's `merge_adapter`
   */
  merge(): this {
    if (this.isMerged) return this;
    for (const linear of this.layers.values()) {
      const branch = linear.lora;
      if (branch === undefined) throw expected('layers with their adapters', 'merge()', new Text('some without'));
      const before = untracked(() => noGrad(() => clone(linear.weight)));
      scope(() => copyInto(linear.weight, mergedWeight(linear, branch)));
      linear.lora = undefined;
      this.#merged.set(linear, { branch, before, version: linear.weight.storage.version });
    }
    return this;
  }

  /**
   * Undoes `merge`, to the bit.
   *
   * @throws TypeError where a weight has been changed since
   */
  unmerge(): this {
    for (const [name, linear] of this.layers) {
      const merged = this.#merged.get(linear);
      if (merged === undefined || merged.version === linear.weight.storage.version) continue;
      throw expected('weights as merge() left them', 'unmerge()', new Text(`${name}.weight changed since`));
    }
    for (const [linear, { branch, before }] of this.#merged) {
      copyInto(linear.weight, before);
      before.dispose();
      linear.lora = branch;
    }
    this.#merged.clear();
    return this;
  }

  /**
   * Takes the adapters away for good: after `merge` what they have learned stays in the weights, else the model is what
   * it was. What is frozen stays so; `model.unfreeze()` says otherwise.
   */
  unload(): void {
    for (const { branch, before } of this.#merged.values()) {
      branch.dispose();
      before.dispose();
    }
    this.#merged.clear();
    for (const linear of this.layers.values()) {
      linear.lora?.dispose();
      linear.lora = undefined;
    }
  }
}

/**
 * Puts an adapter of low rank beside linear layers of a model, in place, and freezes all but adapters and head: what is
 * trained is a hundredth of the parameters. `ViT.save` and `vitrine train` write merged weights, an ordinary checkpoint;
 * `io.saveLora` writes the adapters alone. An optimizer is to be made afterwards.
 *
 * @throws TypeError for targets that match no linear layer, or one that has an adapter
 * @see Hu et al. 2021
 * @see `LoraConfig` and `get_peft_model` of Hugging Face's PEFT
 * @example
 * nn.applyLora(model, { rank: 16, alpha: 32, dropout: 0.1, targets: ['qkv', 'proj', 'fc1', 'fc2'] });
 * const optimizer = new optim.AdamW(model.parameters().filter(({ requiresGrad }) => requiresGrad));
 */
export function applyLora(model: Module, options: LoraOptions = {}): Lora {
  if (!(model instanceof Module)) throw expected('a module', 'applyLora', model);
  checkOptions(options, LORA_OPTIONS, 'applyLora');
  const rank = checkInteger(options.rank ?? 8, 'applyLora rank', 1);
  const shape = {
    rank,
    alpha: checkNumber(options.alpha ?? rank, 'applyLora alpha', 0),
    dropout: checkDropProbability(options.dropout ?? 0, 'applyLora dropout'),
    useRslora: checkBoolean(options.useRslora ?? false, 'applyLora useRslora'),
  };
  const modulesToSave = savedModules(model, options.modulesToSave);
  const layers = targetLayers(model, options.targets ?? ['qkv'], modulesToSave);
  const named = model.namedModules();
  model.freeze('*');
  for (const name of modulesToSave) named.get(name)?.unfreeze();
  for (const linear of layers.values()) {
    const { inFeatures, outFeatures, training } = linear;
    linear.lora = new LoraBranch({ inFeatures, outFeatures, ...shape }).train(training);
    noteOwnCode(linear.lora, linear.lora.namedModules());
  }
  return new Lora(model, layers, modulesToSave);
}

/** @internal What a model's layers compute with their adapters, as one weight. */
export function mergedWeight({ weight }: Linear, { A, B, scaling }: LoraBranch): Tensor {
  const added = (): Tensor => mul(matmul(B, A), scaling);
  return noGrad(() => scope(() => add(weight, autocast('fp32', added)))); // a weight is float32, whatever products are
}

/**
 * @internal A model's state as an ordinary model of its kind has it: with merged weights in the place of adapters. Those
 * belong to the scope of the caller.
 */
export function mergedState(model: Module): Map<string, Tensor> {
  const state = model.stateDict();
  for (const module of model.namedModules().values()) {
    if (!(module instanceof Linear) || module.lora === undefined) continue;
    const merged = mergedWeight(module, module.lora);
    for (const [name, held] of state) {
      if (held === module.weight) state.set(name, merged);
      else if (held === module.lora.A || held === module.lora.B) state.delete(name);
    }
  }
  return state;
}

function savedModules(model: Module, patterns: readonly string[] | undefined): string[] {
  const names = [...model.namedModules()].filter(([, module]) => module.parameters().length > 0).map(([name]) => name);
  if (patterns === undefined) return names.filter((name) => name === 'head' || name === 'head_dist');
  checkArray(patterns, 'names of modules', 'applyLora modulesToSave');
  return [...new Set(patterns.flatMap((pattern) => matching(names, pattern, 'modulesToSave', 'a module')))];
}

function targetLayers(
  model: Module,
  targets: NonNullable<LoraOptions['targets']>,
  modulesToSave: readonly string[],
): Map<string, Linear> {
  const modules = model.namedModules();
  const isTrained = (name: string): boolean =>
    modulesToSave.some((saved) => name === saved || name.startsWith(`${saved}.`));
  const linear = [...modules.keys()].filter((name) => modules.get(name) instanceof Linear);
  const free = linear.filter((name) => !isTrained(name));
  const chosen = new Set(targets === 'all-linear' ? free : targetsIn(linear, targets));
  const doubly = [...chosen].find(isTrained);
  if (doubly !== undefined) {
    const received = new Text(`${quoted(doubly)} twice`);
    throw expected('layers that get an adapter or are trained as a whole', 'applyLora', received);
  }
  const layers = new Map<string, Linear>();
  for (const name of linear) if (chosen.has(name)) layers.set(name, modules.get(name) as Linear); // filtered above
  for (const [name, { lora }] of layers) {
    if (lora !== undefined)
      throw expected('layers without adapters', 'applyLora', new Text(`${quoted(name)} with one`));
  }
  if (layers.size === 0) throw expected('a model with linear layers', 'applyLora', new Text('one without'));
  return layers;
}

function targetsIn(linear: readonly string[], targets: readonly string[] | RegExp): string[] {
  if (targets instanceof RegExp) return orNone(linear.filter(matcher(targets)), linear, targets, 'a linear layer');
  checkArray(targets, "names of linear layers, a RegExp or 'all-linear'", 'applyLora targets');
  if (targets.length === 0) throw expected('a target at least', 'applyLora targets', targets);
  return targets.flatMap((target) => matching(linear, target, 'targets', 'a linear layer'));
}

/** The names that a pattern is, or is the end of. */
function matching(
  names: readonly string[],
  pattern: string,
  option: 'targets' | 'modulesToSave',
  what: string,
): string[] {
  if (typeof pattern !== 'string' || pattern === '') throw expected('a name', `applyLora ${option}`, pattern);
  const [isWhole, isEnd] = [matcher(pattern), matcher(`*.${pattern}`)];
  return orNone(
    names.filter((name) => isWhole(name) || isEnd(name)),
    names,
    pattern,
    what,
    option,
  );
}

function orNone(
  found: string[],
  examples: readonly string[],
  pattern: string | RegExp,
  what: string,
  option = 'targets',
): string[] {
  if (found.length > 0) return found;
  const ends = [...new Set(examples.filter((name) => name !== '').map((name) => name.split('.').at(-1) ?? name))];
  const advice = `Names end in ${listed(ends.map(quoted), { most: 8 })}.`;
  throw expected(`a pattern that matches ${what}`, `applyLora ${option}`, pattern, advice);
}
