import { checkBoolean, checkInteger, checkNumber, checkOneOf } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import type { Reduction } from '../native.js';
import type { Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';

/** The options of losses, checked with their defaults: by the functions at each call, by the modules once. */

/** What most losses take. */
export interface LossOptions {
  /** Mean over all elements, sum, or a loss each. Default `'mean'`. */
  reduction?: Reduction;
}

const LOSS_OPTIONS: OptionNames<LossOptions> = { reduction: true };

const REDUCTIONS: readonly Reduction[] = ['none', 'mean', 'sum'];

function checkReduction(options: LossOptions, where: string): Reduction {
  return checkOneOf(options.reduction ?? 'mean', `${where} reduction`, REDUCTIONS);
}

/** @internal */
export function checkLoss(options: LossOptions, where: string): Required<LossOptions> {
  checkOptions(options, LOSS_OPTIONS, where);
  return { reduction: checkReduction(options, where) };
}

/** Options of `smoothL1Loss`. */
export interface SmoothL1Options extends LossOptions {
  /** Where squares become straight lines, at least 0. Default 1; 0 is `l1Loss`. */
  beta?: number;
}

const SMOOTH_L1_OPTIONS: OptionNames<SmoothL1Options> = { ...LOSS_OPTIONS, beta: true };

/** @internal */
export function checkSmoothL1(options: SmoothL1Options, where: string): Required<SmoothL1Options> {
  checkOptions(options, SMOOTH_L1_OPTIONS, where);
  return { reduction: checkReduction(options, where), beta: checkNumber(options.beta ?? 1, `${where} beta`, 0) };
}

/** Options of `huberLoss`. */
export interface HuberOptions extends LossOptions {
  /** Where squares become straight lines, above 0. Default 1. */
  delta?: number;
}

const HUBER_OPTIONS: OptionNames<HuberOptions> = { ...LOSS_OPTIONS, delta: true };

/** @internal */
export function checkHuber(options: HuberOptions, where: string): Required<HuberOptions> {
  checkOptions(options, HUBER_OPTIONS, where);
  const delta = checkNumber(options.delta ?? 1, `${where} delta`, Number.MIN_VALUE);
  return { reduction: checkReduction(options, where), delta };
}

/** Options of `binaryCrossEntropyWithLogits`. */
export interface BCEOptions extends LossOptions {
  /** A factor of each loss, of a shape that broadcasts with theirs. */
  weight?: Tensor;
  /** A factor of what is said of positive targets, as `weight`: above 1 it favours recall. */
  posWeight?: Tensor;
}

const BCE_OPTIONS: OptionNames<BCEOptions> = { ...LOSS_OPTIONS, weight: true, posWeight: true };

/** @internal */
export function checkBCE(options: BCEOptions, where: string): Required<LossOptions> {
  checkOptions(options, BCE_OPTIONS, where);
  const reduction = checkReduction(options, where);
  for (const name of ['weight', 'posWeight'] as const) {
    if (options[name] !== undefined) checkTensor(options[name], `${where} ${name}`);
  }
  return { reduction };
}

/** Options of `klDiv`. */
export interface KLDivOptions {
  /** As other losses', or `'batchmean'`: the sum over the size of the first axis, the divergence itself. Default `'mean'`. */
  reduction?: Reduction | 'batchmean';
  /** Whether the target, too, is of log-probabilities. Default false. */
  logTarget?: boolean;
}

const KL_DIV_OPTIONS: OptionNames<KLDivOptions> = { reduction: true, logTarget: true };

/** @internal */
export function checkKLDiv(options: KLDivOptions, where: string): Required<KLDivOptions> {
  checkOptions(options, KL_DIV_OPTIONS, where);
  const reduction = checkOneOf(options.reduction ?? 'mean', `${where} reduction`, [...REDUCTIONS, 'batchmean']);
  return { reduction, logTarget: checkBoolean(options.logTarget ?? false, `${where} logTarget`) };
}

/** Options of `nllLoss`. */
export interface NLLOptions extends LossOptions {
  /** A factor for each class, (classes). */
  weight?: Tensor;
  /** A label that is left out. Default -100. */
  ignoreIndex?: number;
}

const NLL_OPTIONS: OptionNames<NLLOptions> = { ...LOSS_OPTIONS, weight: true, ignoreIndex: true };

/** @internal */
export function checkNLL(options: NLLOptions, where: string): Required<Omit<NLLOptions, 'weight'>> {
  checkOptions(options, NLL_OPTIONS, where);
  const reduction = checkReduction(options, where);
  if (options.weight !== undefined) checkTensor(options.weight, `${where} weight`, { rank: 1, letters: '(classes)' });
  return { reduction, ignoreIndex: checkIgnoreIndex(options.ignoreIndex, where) };
}

/** @internal A label that is left out; any number of 32 bits, so that it need be no class. */
export function checkIgnoreIndex(ignoreIndex: unknown, where: string): number {
  return checkInteger(ignoreIndex ?? -100, `${where} ignoreIndex`, -(2 ** 31), 2 ** 31 - 1);
}
