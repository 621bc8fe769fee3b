import { checkNumber, expected, Text } from '../check.js';
import { nextId } from '../identity.js';
import type { StepInputs } from '../native.js';
import { checkTensor } from '../ops/check-tensor.js';
import { copyInto } from '../ops/copy.js';
import { tensor, zeros } from '../ops/creation.js';
import { untracked } from '../scope.js';
import { fill, type Tensor } from '../tensor.js';
import { type LiveGroup, makeGroups, type ParameterGroup } from './parameter-group.js';

interface Member {
  parameter: Tensor;
  group: number;
}

/** What one native step works on: the parameters that have a gradient, side by side. */
export interface Work {
  /** Which of the optimizer's parameters they are. */
  members: readonly number[];
  /** The parameters themselves. */
  parameters: readonly Tensor[];
  /** Elements of each. */
  counts: readonly number[];
  /** What is the same for all optimizers. */
  inputs: StepInputs;
}

/**
 * Updates parameters from their gradients. Learning rate and step count are inputs of the native step, not constants,
 * so that a captured step can be replayed while they change.
 *
 * @see `torch.optim.Optimizer`
 */
export abstract class Optimizer {
  /** A number of its own, by which deep equality tells optimizers apart. */
  readonly id = nextId();
  #lr: number;
  readonly #initialLr: number;
  /** Steps done. */
  steps = 0;
  readonly #groups: readonly LiveGroup[];
  readonly #members: readonly Member[];
  /** Of each group. */
  readonly #learningRates: Tensor;
  /** Steps that each parameter has taken, counted by the native step: those without gradient stay behind. */
  readonly #steps: Tensor;
  readonly #state: readonly Map<string, Tensor>[];

  /** @throws TypeError for no parameters, one given twice, or what is no float32 tensor, or is an op's result */
  protected constructor(
    /** The class's name, as in checkpoints. */
    readonly name: string,
    params: readonly Tensor[] | readonly ParameterGroup[],
    lr: number,
    weightDecay: number,
  ) {
    this.#lr = checkNumber(lr, `${name} lr`, 0);
    this.#initialLr = lr;
    checkNumber(weightDecay, `${name} weightDecay`, 0);
    this.#groups = makeGroups(params, { name, lr, weightDecay });
    this.#members = this.#groups.flatMap(({ params: own }, group) => own.map((parameter) => ({ parameter, group })));
    this.#learningRates = untracked(() => tensor(this.#groups.map((group) => group.lr)));
    this.#steps = untracked(() => zeros([this.#members.length]));
    this.#state = this.#members.map(() => new Map());
  }

  /**
   * The learning rate of the next step: a finite number of at least 0. Setting it sets that of every group; of one with a
   * rate of its own, in proportion.
   */
  get lr(): number {
    return this.#lr;
  }

  set lr(lr: number) {
    this.#lr = checkNumber(lr, `${this.name} lr`, 0);
    for (const group of this.#groups) {
      if (!group.hasOwnLr) group.lr = lr;
      else if (this.#initialLr > 0) group.lr = (group.initialLr / this.#initialLr) * lr;
    }
  }

  /** The rate that it was made with. */
  get initialLr(): number {
    return this.#initialLr;
  }

  /** Its groups, whose rates may be read and set one by one. */
  get groups(): readonly LiveGroup[] {
    return this.#groups;
  }

  /** The parameters of all groups. */
  get parameters(): Tensor[] {
    return this.#members.map((member) => member.parameter);
  }

  /** @internal Whether the update of one parameter goes by the gradients of all. */
  get readsAllGradients(): boolean {
    return false;
  }

  /** Drops all gradients; the next `backward` writes instead of adding. @see `zero_grad(set_to_none=True)` */
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

  /** @internal Makes what the first step would: zeros of all that is trained. */
  makeStates(): void {
    for (const [i, { parameter }] of this.#members.entries()) {
      if (parameter.requiresGrad) for (const name of this.stateNames) this.state(i, name);
    }
  }

  /** The first half of `step`: counts it and hands the learning rate to the stream. Outside a captured function. */
  advance(): void {
    this.steps++;
    this.makeStates();
    this.#learningRates.set(this.#groups.map((group) => group.lr));
  }

  /**
   * The second half of `step`: enqueues the update.
   *
   * @param gradientScale one element by which gradients are multiplied, from `gradientNorm`
   * @param guard one element: where it is not 0, the update is left out; the Trainer's
   * @param only of these parameters alone; likewise
   */
  apply(gradientScale?: Tensor, /** @internal */ guard?: Tensor, /** @internal */ only?: ReadonlySet<Tensor>): void {
    const members = [...this.#members.keys()].filter((i) => {
      const { parameter } = this.#member(i);
      return parameter.grad !== null && only?.has(parameter) !== false;
    });
    const all = members.map((i) => this.#member(i));
    const groups = all.map(({ group }) => this.#groups[group]);
    this.update({
      members,
      parameters: all.map(({ parameter }) => parameter),
      counts: all.map(({ parameter }) => parameter.size),
      inputs: {
        steps: this.#steps,
        gradients: all.map(({ parameter }) => parameter.grad as Tensor), // filtered above
        learningRateScales: groups.map(({ lrScale }) => lrScale),
        weightDecays: groups.map(({ weightDecay }) => weightDecay),
        learningRates: this.#learningRates,
        members,
        groups: all.map(({ group }) => group),
        gradientScale,
        guard,
      },
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
    this.#learningRates.dispose();
    this.#steps.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #member(i: number): Member {
    return this.#members[i];
  }
}
