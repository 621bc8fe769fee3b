import { checkNumber, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { checkTensor } from '../ops/check-tensor.js';
import { Tensor } from '../tensor.js';

/** Parameters that share their own learning rate and factors. */
export interface ParameterGroup {
  /** The group's parameters. */
  params: readonly Tensor[];
  /** A learning rate of its own: a schedule brings it down from here as it does the optimizer's. Default: the optimizer's. */
  lr?: number;
  /** Factor of the learning rate, whatever that is. Default 1. */
  lrScale?: number;
  /** Default: the optimizer's. */
  weightDecay?: number;
  /** What logs call it. */
  name?: string;
}

// `names` is what layerDecayGroups adds, for whoever reads the groups.
const GROUP: OptionNames<ParameterGroup & { names?: unknown }> = {
  params: true,
  lr: true,
  lrScale: true,
  weightDecay: true,
  name: true,
  names: true,
};

/** A group of an optimizer's, with the learning rate of its next step. */
export class LiveGroup {
  /** The group's parameters. */
  readonly params: readonly Tensor[];
  /** The group's name. */
  readonly name: string;
  /** Times the optimizer's learning rate. */
  readonly lrScale: number;
  /** Weight decay of the group's parameters. */
  readonly weightDecay: number;
  /** The rate that it began with, its own or the optimizer's. */
  readonly initialLr: number;
  /** Whether that is its own. */
  readonly hasOwnLr: boolean;
  readonly #where: string;
  #lr: number;

  constructor(group: ParameterGroup, optimizer: { name: string; lr: number; weightDecay: number }, position: number) {
    const where = optimizer.name;
    checkOptions(group, GROUP, `a group of ${where}`);
    if (!Array.isArray(group?.params)) throw expected('parameters, or groups of them', where, group);
    const name = group.name ?? `group ${position}`;
    if (typeof name !== 'string') throw expected('a string', `the name of a group of ${where}`, name);
    this.params = group.params.map((parameter: Tensor) => checkLeaf(parameter, `${where} parameter`));
    this.name = name;
    this.lrScale = checkNumber(group.lrScale ?? 1, `${where} lrScale`, 0);
    this.weightDecay = checkNumber(group.weightDecay ?? optimizer.weightDecay, `${where} weightDecay`, 0);
    this.hasOwnLr = group.lr !== undefined;
    this.initialLr = checkNumber(group.lr ?? optimizer.lr, `the lr of a group of ${where}`, 0);
    this.#lr = this.initialLr;
    this.#where = where;
  }

  /** The learning rate of the next step, before `lrScale`: a finite number of at least 0. */
  get lr(): number {
    return this.#lr;
  }

  set lr(lr: number) {
    this.#lr = checkNumber(lr, `the lr of a group of ${this.#where}`, 0);
  }
}

/** Groups as an optimizer is given them: parameters that stand alone are one, before the first of them. */
export function makeGroups(
  params: readonly Tensor[] | readonly ParameterGroup[],
  optimizer: { name: string; lr: number; weightDecay: number },
): LiveGroup[] {
  if (!Array.isArray(params)) throw expected('an array of parameters', optimizer.name, params);
  const entries = params as readonly (Tensor | ParameterGroup)[];
  const alone = entries.filter((entry): entry is Tensor => entry instanceof Tensor);
  const groups = entries.filter((entry): entry is ParameterGroup => !(entry instanceof Tensor));
  const all = alone.length === 0 ? groups : [{ params: alone }, ...groups];
  for (const group of groups) {
    if (typeof group !== 'object') throw expected('parameters, or groups of them', optimizer.name, group);
  }
  const made = all.map((group, i) => new LiveGroup(group, optimizer, i));
  const parameters = made.flatMap((group) => group.params);
  if (parameters.length === 0) throw expected('at least one parameter', optimizer.name, params);
  if (new Set(parameters).size !== parameters.length) throw expected('each parameter once', optimizer.name, params);
  return made;
}

/** Throws for a tensor that an op made: gradients go to what it was made of, and it would never change. */
function checkLeaf(parameter: Tensor, where: string): Tensor {
  checkTensor(parameter, where);
  if (parameter.dtype === 'bfloat16') throw expected('a float32 tensor', where, parameter); // its steps would be lost
  if (parameter.node === undefined) return parameter;
  throw expected('a tensor that no op made', where, parameter, 'Give the tensors that it was computed from.');
}
