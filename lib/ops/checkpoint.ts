import { enableGrad, isRecording, record, watchOps } from '../autograd.js';
import { checkFunction, describe } from '../check.js';
import { deferring } from '../deferred.js';
import { autocast, currentPrecision } from '../precision.js';
import { scope, untracked } from '../scope.js';
import { empty, type Tensor, tensorsMade } from '../tensor.js';
import { callSynchronously } from '../thenable.js';
import { checkTensor } from './check-tensor.js';
import { copyInto } from './copy.js';
import { type Generator, watchDraws } from './generator.js';

/**
 * `fn(x)`, of which only what goes in is kept for backward, where the rest is computed again: memory for time, a forward
 * pass more. The result and the gradients are the same bits; random draws are drawn again as they were.
 *
 * @param fn from x to one tensor; may use parameters and whatever else it can see, which goes in as x does. It runs
 *   twice, so it must do the same both times.
 * @throws TypeError unless `x` and what `fn` gives are float32 tensors; or for an asynchronous `fn`. Error where `fn`
 *   changes in place (`add_` and its kin) what it did not make.
 * @see Chen et al. 2016
 * @see `torch.utils.checkpoint.checkpoint`
 */
export function checkpoint(fn: (x: Tensor) => Tensor, x: Tensor): Tensor {
  checkFunction(fn, 'checkpoint');
  checkTensor(x, 'checkpoint input');
  const run = (input: Tensor): Tensor =>
    scope(() =>
      checkTensor(
        callSynchronously(() => fn(input), 'checkpoint'),
        'the result of checkpoint',
      ),
    );
  if (!isRecording()) return run(x);
  const precision = currentPrecision();
  const states = new Map<Generator, Tensor>(); // before the first draw of each
  const note = (generator: Generator): void => {
    states.set(
      generator,
      untracked(() => copyOf(generator.memory)),
    );
  };
  const { y, others } = watchDraws(note, () => watch(run, x));
  const generators = [...states.keys()];
  // What has no part in the result's gradient is kept as well: a mask must be there when `fn` runs again.
  record('checkpoint', y, [x, ...others], [x, ...states.values(), ...others], (dy, grads, saved) => {
    const [savedX, ...rest] = saved;
    const savedStates = rest.slice(0, generators.length);
    const savedOthers = rest.slice(generators.length);
    const input = grads.again(0, savedX);
    const before = tensorsMade();
    const drawAgain = (): Tensor => drawingFrom(generators, savedStates, () => autocast(precision, () => run(input)));
    const gone = others.flatMap((tensor, i) => (tensor.disposed ? [{ tensor, i }] : []));
    const lent = gone.map(({ tensor, i }) => ({ tensor, alias: grads.again(1 + i, savedOthers[i]) }));
    // Backward reads what the result was made from, and not the result: its last product is left out.
    deferring(() => {
      const again = whileLent(lent, () => enableGrad(drawAgain));
      grads.enter(again, dy);
      for (const used of [input, ...lent.map(({ alias }) => alias)]) used.dispose();
      if (again.id > before) again.dispose(); // else it is not ours
    });
  });
  for (const state of states.values()) state.dispose();
  return y;
}

/** Runs `run`, and tells which tensors it read that are neither x nor its own. */
function watch(run: (x: Tensor) => Tensor, x: Tensor): { y: Tensor; others: Tensor[] } {
  const before = tensorsMade();
  const others = new Set<Tensor>();
  const onRead = (tensor: Tensor): void => {
    if (tensor.id <= before && tensor !== x) others.add(tensor);
  };
  const onChange = (tensor: Tensor, op: string): void => {
    const isOutside = tensor.id <= before || [x, ...others].some(({ storage }) => storage === tensor.storage);
    if (isOutside) throw new Error(changeRefused(tensor, op));
  };
  const result = watchOps({ onRead, onChange }, () => run(x));
  const isOwn = result.id > before;
  if (!isOwn && result !== x) others.add(result);
  // x itself must not become a result of this op.
  return { y: isOwn ? result : result.view(result.shape, false), others: [...others] };
}

function changeRefused(tensor: Tensor, op: string): string {
  return `Expected the function of checkpoint, which runs twice, to leave what it did not make as it is but ${op} changes ${describe(tensor)}. Work on a copy.`;
}

/** Runs `fn` while tensors that were disposed are there once more. */
function whileLent<T>(lent: readonly { tensor: Tensor; alias: Tensor }[], fn: () => T): T {
  const [first, ...rest] = lent;
  return first === undefined ? fn() : first.tensor.lend(first.alias, () => whileLent(rest, fn));
}

/** Runs `fn` with the generators where they were, and puts them back where they are. One that is gone is made by `fn`. */
function drawingFrom<T>(generators: readonly Generator[], states: readonly Tensor[], fn: () => T): T {
  const memories = generators.flatMap(({ memory }, i) => (memory.disposed ? [] : [{ memory, former: states[i] }]));
  const kept = memories.map(({ memory, former }) => {
    const now = copyOf(memory);
    copyInto(memory, former);
    return { memory, now };
  });
  try {
    return fn();
  } finally {
    for (const { memory, now } of kept) {
      copyInto(memory, now);
      now.dispose();
    }
  }
}

function copyOf(x: Tensor): Tensor {
  const copy = empty(x.shape, x.dtype);
  copyInto(copy, x);
  return copy;
}
