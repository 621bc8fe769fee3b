import { describe, expected, shapeText, Text } from '../check.js';
import { scope, untracked } from '../scope.js';
import { empty, fill, Tensor, tensorsMade } from '../tensor.js';
import { checkSynchronous } from '../thenable.js';
import { recordAll } from './record.js';
import { isRecording, noGrad } from './recording.js';

/** What `forward` and `backward` of a `Function` share; fields of one's own may be put on it. */
export class FunctionContext {
  /** Which of the arguments need a gradient. */
  readonly needsInputGrad: readonly boolean[];
  #saved: readonly Tensor[] = [];
  #isConstant: ReadonlySet<Tensor> = new Set();
  #materializes = true;
  #now: readonly Tensor[] | undefined;

  /** @internal */
  constructor(needsInputGrad: readonly boolean[]) {
    this.needsInputGrad = needsInputGrad;
  }

  /** In forward: keeps tensors for backward, arguments, results or others; they must not be modified in place until then. */
  saveForBackward(...tensors: readonly Tensor[]): void {
    for (const item of tensors) {
      if (!(item instanceof Tensor)) throw expected('tensors', 'saveForBackward', item, 'Put other values on ctx.');
    }
    this.#saved = tensors;
  }

  /** In backward: what was saved, in that order. */
  get savedTensors(): readonly Tensor[] {
    if (this.#now === undefined) {
      throw new Error('Expected savedTensors to be read in backward but it was read outside. They are gone after it.');
    }
    return this.#now;
  }

  /** In forward: says that results have no gradient. Those of int32 have none anyhow. */
  markNonDifferentiable(...outputs: readonly Tensor[]): void {
    this.#isConstant = new Set(outputs);
  }

  /** In forward: whether backward gets zeros (the default), or undefined, for a result that nothing came from. */
  setMaterializeGrads(materializes: boolean): void {
    this.#materializes = materializes;
  }

  /** @internal */
  get saved(): readonly Tensor[] {
    return this.#saved;
  }

  /** @internal */
  get materializes(): boolean {
    return this.#materializes;
  }

  /** @internal */
  isDifferentiable(output: Tensor): boolean {
    return output.dtype !== 'int32' && !this.#isConstant.has(output);
  }

  /** @internal Runs backward with what was saved. */
  during<T>(saved: readonly Tensor[], fn: () => T): T {
    this.#now = saved;
    try {
      return fn();
    } finally {
      this.#now = undefined;
    }
  }
}

/** What a class must have, statically, for `Function.apply`. */
export interface FunctionClass<Context extends FunctionContext, Args extends unknown[], Result> {
  /** The name of the class, by which messages call it. */
  readonly name: string;
  /** Computes the results from the arguments, outside the graph. */
  forward(ctx: Context, ...args: Args): Result;
  /** Gives a gradient for each argument of `forward`, from one for each of its results; undefined where there is none. */
  backward(ctx: Context, ...dys: Tensor[]): BackwardResult;
}

/** The gradients of the arguments: one for each, undefined or null for those that have none; of one argument it may stand alone. */
export type BackwardResult = Tensor | null | undefined | readonly (Tensor | null | undefined)[];

/**
 * An op of one's own, with its gradient: a class with the static methods `forward` and `backward`, called by `apply`.
 *
 * `forward` gets a context and the arguments, tensors and others, and gives a tensor or an array of tensors. It runs
 * unrecorded, in a scope. `backward` gets the context and the gradient of each result, and gives a gradient for each
 * argument. It must not modify what it is given.
 *
 * @example
 * class Exp extends autograd.Function {
 *   static forward(ctx: autograd.FunctionContext, x: Tensor): Tensor {
 *     const y = x.exp();
 *     ctx.saveForBackward(y);
 *     return y;
 *   }
 *   static backward(ctx: autograd.FunctionContext, dy: Tensor): Tensor {
 *     const [y] = ctx.savedTensors;
 *     return dy.mul(y);
 *   }
 * }
 * const y = Exp.apply(x);
 * @see `torch.autograd.Function`
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: PyTorch's name, used as autograd.Function
// biome-ignore lint/complexity/noStaticOnlyClass: PyTorch's form; a class carries the two methods and its name
export abstract class Function {
  /**
   * Runs `forward`, and records `backward` as its gradient where an argument requires one.
   *
   * @throws TypeError when `forward` gives no tensors, or is asynchronous; Error when it modifies an argument in place.
   *   In backward, when `backward` gives a wrong number of gradients, or one of another shape than its argument's.
   */
  static apply<Context extends FunctionContext, Args extends unknown[], Result extends Tensor | readonly Tensor[]>(
    this: FunctionClass<Context, Args, Result>,
    ...args: Args
  ): Result {
    // biome-ignore lint/complexity/noThisInStatic: the class that extends this one
    return applyOp(this, args);
  }
}

function applyOp<Context extends FunctionContext, Args extends unknown[], Result extends Tensor | readonly Tensor[]>(
  op: FunctionClass<Context, Args, Result>,
  args: Args,
): Result {
  for (const method of ['forward', 'backward'] as const) {
    if (typeof op[method] !== 'function') throw expected(`a static ${method}`, `${op.name}.apply`, op[method]);
  }
  const tensors = args.map((arg) => (arg instanceof Tensor ? arg : undefined));
  const wanted = tensors.map((tensor) => isRecording() && tensor?.requiresGrad === true);
  const ctx = new FunctionContext(wanted) as Context; // the class may have declared fields of its own
  return scope(() => {
    const before = tensorsMade();
    const { results, isArray } = runForward(op, ctx, args, tensors);
    // What forward gives back as it came must not become a result of this op.
    const outputs = results.map((result) => (result.id > before ? result : result.view(result.shape, false)));
    const differentiable = outputs.filter((_, i) => ctx.isDifferentiable(results[i]));
    const inputShapes = tensors.map((tensor) => tensor?.shape);
    const places = outputs.map((output) => ({ shape: output.shape, at: differentiable.indexOf(output) }));
    recordAll(op.name, differentiable, tensors, ctx.saved, (arrived, grads, saved) =>
      scope(() => {
        const dys = places.map(({ shape, at }) => gradientFor(arrived[at], shape, ctx.materializes));
        const gradients = ctx.during(saved, () => runBackward(op, ctx, dys, inputShapes));
        for (const [input, gradient] of gradients.entries()) {
          if (gradient && grads.wants(input)) untracked(() => grads.pass(input, gradient));
        }
      }),
    );
    return (isArray ? outputs : outputs[0]) as Result; // as forward gave them
  });
}

function runForward<Context extends FunctionContext, Args extends unknown[]>(
  op: FunctionClass<Context, Args, Tensor | readonly Tensor[]>,
  ctx: Context,
  args: Args,
  tensors: readonly (Tensor | undefined)[],
): { results: readonly Tensor[]; isArray: boolean } {
  const versions = tensors.map((tensor) => tensor?.storage.version);
  const result: unknown = noGrad(() => op.forward(ctx, ...args));
  for (const [i, tensor] of tensors.entries()) {
    if (tensor?.storage.version === versions[i]) continue;
    throw new Error(
      `Expected ${op.name}.forward to leave its arguments as they are but ${describe(tensor)} was modified in place. Work on a copy.`,
    );
  }
  const isArray = Array.isArray(result);
  const results: readonly unknown[] = isArray ? result : [result];
  const wrong = results.findIndex((item) => !(item instanceof Tensor && !item.disposed));
  if (wrong !== -1 || results.length === 0) {
    throw expected('a tensor or an array of tensors', `the result of ${op.name}.forward`, result);
  }
  return { results: results as readonly Tensor[], isArray }; // each of them checked
}

/** A gradient for backward to read: its own tensor, or zeros or undefined where nothing came. */
function gradientFor(dy: Tensor | undefined, shape: readonly number[], materializes: boolean): Tensor | undefined {
  if (dy !== undefined) return dy.alias();
  return materializes ? fill(empty(shape), 0) : undefined;
}

/** The gradients that backward gives, one for each argument, checked against the arguments' shapes. */
function runBackward<Context extends FunctionContext, Args extends unknown[], Result>(
  op: FunctionClass<Context, Args, Result>,
  ctx: Context,
  dys: readonly (Tensor | undefined)[],
  inputShapes: readonly (readonly number[] | undefined)[],
): readonly (Tensor | null | undefined)[] {
  const versions = dys.map((dy) => dy?.storage.version);
  const result: unknown = op.backward(ctx, ...(dys as Tensor[])); // undefined only if the class asked for that
  checkSynchronous(result, `${op.name}.backward`);
  const where = `the result of ${op.name}.backward`;
  const gradients: readonly unknown[] = Array.isArray(result) ? result : [result];
  if (gradients.length !== inputShapes.length) {
    const what = `${inputShapes.length} gradients, one for each argument of forward,`;
    throw expected(what, where, new Text(String(gradients.length)), 'Give null where there is none.');
  }
  for (const [i, dy] of dys.entries()) {
    if (dy?.storage.version === versions[i]) continue;
    throw new Error(
      `Expected ${op.name}.backward to leave the gradients as they are but ${describe(dy)} was modified in place. Work on a copy.`,
    );
  }
  for (const [i, gradient] of gradients.entries())
    checkGradient(gradient, inputShapes[i], `${where} for argument ${i}`);
  return gradients as readonly (Tensor | null | undefined)[]; // each of them checked
}

function checkGradient(gradient: unknown, shape: readonly number[] | undefined, where: string): void {
  if (gradient === undefined || gradient === null) return;
  if (shape === undefined) throw expected('null', where, gradient, 'That argument is no tensor.');
  const fits =
    gradient instanceof Tensor && gradient.dtype !== 'int32' && shapeText(gradient.shape) === shapeText(shape);
  if (!fits) throw expected(`null, or a float32 tensor of shape ${shapeText(shape)},`, where, gradient);
}
