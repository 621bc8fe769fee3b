import { checkNumber, expected, Text } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { nextId } from '../identity.js';
import { checkTensor } from '../ops/check-tensor.js';
import { copyInto } from '../ops/copy.js';
import { untracked } from '../scope.js';
import { fill, Tensor, tensor, zeros } from '../tensor.js';

/** Parameters that share their own factors. */
export interface ParameterGroup {
  params: readonly Tensor[];
  /** Factor of the learning rate. Default 1. */
  lrScale?: number;
  /** Default: the optimizer's. */
  weightDecay?: number;
}

// `names` is what layerDecayGroups adds, for whoever reads the groups.
const GROUP: OptionNames<ParameterGroup & { names?: unknown }> = {
  params: true,
  lrScale: true,
  weightDecay: true,
  names: true,
};

interface Member {
  parameter: Tensor;
  lrScale: number;
  weightDecay: number;
}

/** What one native step works on: the parameters that have a gradient, side by side. */
export interface Work {
  members: readonly number[];
  parameters: number[];
  gradients: number[];
  counts: number[];
  lrScales: number[];
  weightDecays: number[];
  learningRate: number;
  steps: number;
  gradientScale: number;
}

/**
 * Updates parameters from their gradients. Learning rate and step count are inputs of the native step, not constants,
 * so that a captured step can be replayed while they change.
 */
export abstract class Optimizer {
  /** A number of its own, by which deep equality tells optimizers apart. */
  readonly id = nextId();
  #lr = 0;
  /** Steps done. */
  steps = 0;
  readonly #members: readonly Member[];
  readonly #learningRate: Tensor;
  /** Steps that each parameter has taken, counted by the native step: those without gradient stay behind. */
  readonly #steps: Tensor;
  readonly #state: readonly Map<string, Tensor>[];

  /** @throws TypeError for no parameters, one given twice, or what is no float32 tensor, or is an op's result */
  protected constructor(
    readonly name: string,
    params: readonly Tensor[] | readonly ParameterGroup[],
    lr: number,
    weightDecay: number,
  ) {
    this.lr = lr;
    checkNumber(weightDecay, `${name} weightDecay`, 0);
    if (!Array.isArray(params)) throw expected('an array of parameters', name, params);
    const groups = params.map((entry: Tensor | ParameterGroup) =>
      entry instanceof Tensor ? { params: [entry] } : entry,
    );
    this.#members = groups.flatMap((group: ParameterGroup) => {
      if (typeof group === 'object') checkOptions(group, GROUP, `a group of ${name}`);
      if (!Array.isArray(group?.params)) throw expected('parameters, or groups of them', name, group);
      return group.params.map((parameter: Tensor) => ({
        parameter: checkLeaf(parameter, `${name} parameter`),
        lrScale: checkNumber(group.lrScale ?? 1, `${name} lrScale`, 0),
        weightDecay: checkNumber(group.weightDecay ?? weightDecay, `${name} weightDecay`, 0),
      }));
    });
    const all = this.parameters;
    if (all.length === 0) throw expected('at least one parameter', name, params);
    if (new Set(all).size !== all.length) throw expected('each parameter once', name, params);
    this.#learningRate = untracked(() => tensor([lr]));
    this.#steps = untracked(() => zeros([all.length]));
    this.#state = this.#members.map(() => new Map());
  }

  /** The learning rate of the next step: a finite number of at least 0. */
  get lr(): number {
    return this.#lr;
  }

  set lr(lr: number) {
    this.#lr = checkNumber(lr, `${this.name} lr`, 0);
  }

  get parameters(): Tensor[] {
    return this.#members.map((member) => member.parameter);
  }

  /** Drops all gradients; the next `backward` writes instead of adding. Counterpart: `zero_grad(set_to_none=True)`. */
  zeroGrad(): void {
    for (const { parameter } of this.#members) {
      parameter.grad?.dispose();
      parameter.grad = null;
    }
  }

  /** Updates every parameter that has a gradient. */
  step(): void {
    this.advance();
    this.apply();
  }

  /** The first half of `step`: counts it and hands the learning rate to the stream. Outside a captured function. */
  advance(): void {
    this.steps++;
    for (const [i, { parameter }] of this.#members.entries()) {
      if (parameter.requiresGrad) for (const name of this.stateNames) this.state(i, name);
    }
    this.#learningRate.set([this.lr]);
  }

  /**
   * The second half of `step`: enqueues the update.
   *
   * @param gradientScale one element by which gradients are multiplied, from `gradientNorm`
   */
  apply(gradientScale?: Tensor): void {
    const members = [...this.#members.keys()].filter((i) => this.#member(i).parameter.grad !== null);
    const all = members.map((i) => this.#member(i));
    this.update({
      members,
      parameters: all.map(({ parameter }) => parameter.handle),
      gradients: all.map(({ parameter }) => (parameter.grad as Tensor).handle), // filtered above
      counts: all.map(({ parameter }) => parameter.size),
      lrScales: all.map(({ lrScale }) => lrScale),
      weightDecays: all.map(({ weightDecay }) => weightDecay),
      learningRate: this.#learningRate.handle,
      steps: this.#steps.handle,
      gradientScale: gradientScale?.handle ?? 0,
    });
    for (const { parameter } of all) parameter.storage.version++;
  }

  /** The names of what it keeps for each parameter. */
  protected abstract readonly stateNames: readonly string[];

  /** Enqueues the update of the given work. */
  protected abstract update(work: Work): void;

  /** A member's state tensor, of its parameter's shape; zeros at first. */
  protected state(member: number, name: string): Tensor {
    const states = this.#state[member];
    let state = states.get(name);
    if (state === undefined) {
      state = untracked(() => zeros(this.#member(member).parameter.shape));
      states.set(name, state);
    }
    return state;
  }

  /** What a resumed run needs beside the parameters: `<parameter number>.<state>`, and `steps`, those each has taken. */
  stateDict(): Map<string, Tensor> {
    const named = new Map<string, Tensor>();
    for (const [i, states] of this.#state.entries()) {
      for (const [name, state] of states) named.set(`${i}.${name}`, state);
    }
    return named.set('steps', this.#steps);
  }

  /**
   * Puts back what `stateDict` gave. What it has no state for begins anew.
   *
   * @throws TypeError when it is another optimizer's, or for other parameters; nothing is loaded then
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    const where = `${this.name} loadStateDict`;
    const copies: (() => void)[] = [];
    const take = (value: Tensor, size: number, key: string, target: () => Tensor): void => {
      checkTensor(value, `${where} ${key}`);
      if (value.size !== size) throw expected(`${size} elements`, `${where} ${key}`, value);
      copies.push(() => copyInto(target(), value));
    };
    const steps = state.get('steps');
    if (steps === undefined) throw expected(`an optimizer's state`, where, [...state.keys()]);
    take(steps, this.#members.length, 'steps', () => this.#steps);
    for (const [key, value] of state) {
      if (key === 'steps') continue;
      const [member = '', name = ''] = key.split('.');
      const parameter = this.#members[Number(member)]?.parameter;
      if (parameter === undefined || !this.stateNames.includes(name)) {
        throw expected(`states ${this.stateNames.join(', ')} of these parameters`, where, key);
      }
      take(value, parameter.size, key, () => this.state(Number(member), name));
    }
    for (const i of this.#members.keys()) {
      const [there, missing] = [true, false].map((has) =>
        this.stateNames.filter((name) => state.has(`${i}.${name}`) === has),
      );
      if (there?.[0] !== undefined && missing?.[0] !== undefined) {
        throw expected(`${i}.${missing[0]} beside ${i}.${there[0]}`, where, new Text('none'));
      }
    }
    for (const [i, states] of this.#state.entries()) {
      for (const [name, old] of states) if (!state.has(`${i}.${name}`)) fill(old, 0);
    }
    for (const copy of copies) copy();
    this.steps = Math.max(0, ...steps.dataSync());
  }

  /** Releases the optimizer's state; parameters are left alone. */
  dispose(): void {
    for (const states of this.#state) for (const state of states.values()) state.dispose();
    this.#learningRate.dispose();
    this.#steps.dispose();
  }

  #member(i: number): Member {
    return this.#members[i];
  }
}

/** Throws for a tensor that an op made: gradients go to what it was made of, and it would never change. */
function checkLeaf(parameter: Tensor, where: string): Tensor {
  checkTensor(parameter, where);
  if (parameter.node === undefined) return parameter;
  throw expected('a tensor that no op made', where, parameter, 'Give the tensors that it was computed from.');
}
