import { checkBoolean, describe } from '../check.js';
import { isCapturing } from '../stream.js';
import type { Tensor } from '../tensor.js';
import { callSynchronously } from '../thenable.js';
import type { Edge, Node } from './node.js';

/** The search for the op whose numbers are the first that are not finite. */

let on = false;

/**
 * Runs `fn` and throws at the first op whose result, or whose gradient, is not finite: the error names the op and where
 * it was called. For finding a fault: each op is waited for and its numbers are looked at, which blocks and is slow.
 *
 * NaN is an anomaly wherever it shows first; an infinity is one where only finite numbers went in, as masks of -Infinity
 * are in order. Of what a backward walk finds, the error's `cause` holds the stack of the forward call, if that was made
 * in this mode as well.
 *
 * @throws Error for such an op; TypeError when `fn` is asynchronous: use `setDetectAnomaly` for that
 * @example
 * detectAnomaly(() => scope(() => lossOf(model.forward(images)).backward()));
 * @see `torch.autograd.detect_anomaly`, which looks at gradients, for NaN
 */
export function detectAnomaly<T>(fn: () => T): T {
  const before = on;
  on = true;
  try {
    return callSynchronously(fn, 'detectAnomaly');
  } finally {
    on = before;
  }
}

/**
 * Turns the mode of `detectAnomaly` on or off, for all that follows: a whole training, say, whose steps then run op by
 * op.
 * @see `torch.autograd.set_detect_anomaly`
 */
export function setDetectAnomaly(enabled: boolean): void {
  on = checkBoolean(enabled, 'setDetectAnomaly');
}

/** Whether anomalies are looked for. @see `torch.is_anomaly_enabled` */
export function isAnomalyEnabled(): boolean {
  return on;
}

/** The stack of the call of an op, as text, while anomalies are looked for. */
export function siteOfCall(name: string): string | undefined {
  return on ? stackFrom(name) : undefined;
}

/** Throws where an op's outputs hold what its inputs had not. */
export function checkOutputs(name: string, outputs: readonly Tensor[], inputs: readonly (Tensor | undefined)[]): void {
  if (!on) return;
  if (isCapturing()) {
    throw new Error(
      'Expected no captured function while anomalies are looked for but received one: the numbers of its ops cannot be read. Call the function itself.',
    );
  }
  for (const output of outputs) {
    const bad = firstBad(output);
    if (bad === undefined) continue;
    const before = worst(inputs);
    if (bad.kind === 'an infinity' && before !== undefined) continue;
    throw new Error(
      `Expected finite numbers from ${name}, called ${placeOf(stackFrom(name))}, but its result, ${describe(output)}, holds ${bad.kind} at element ${bad.at}. ${sourceOf(before, 'inputs')}`,
    );
  }
}

/** Throws where what a node's rule left for its inputs holds what its own gradients had not. */
export function checkGradients(
  node: Node,
  dys: readonly (Tensor | undefined)[],
  edges: readonly Edge[],
  gradientAt: (edge: Edge) => Tensor | undefined,
): void {
  if (!on) return;
  for (const [i, edge] of edges.entries()) {
    const gradient = gradientAt(edge);
    const bad = gradient && firstBad(gradient);
    if (bad === undefined) continue;
    const before = worst(dys);
    if (bad.kind === 'an infinity' && before !== undefined) continue;
    throw anomalyOf(
      node,
      `but the gradient of its input ${i}, of shape (${edge.shape.join(',')}), holds ${bad.kind} at element ${bad.at}. ${sourceOf(before, 'gradients of its result')}`,
    );
  }
}

/** Throws where a gradient is not finite after hooks have seen it; gives it back. */
export function checkHooked(gradient: Tensor, of: Tensor): Tensor {
  const bad = on ? firstBad(gradient) : undefined;
  if (bad === undefined) return gradient;
  const text = `Expected finite numbers after the hooks of ${describe(of)} but the gradient holds ${bad.kind} at element ${bad.at}.`;
  gradient.dispose();
  throw new Error(text);
}

function anomalyOf({ name, site }: Node, finding: string): Error {
  const place = site === undefined ? 'somewhere (run forward in this mode as well to see where)' : placeOf(site);
  const error = new Error(`Expected finite numbers from the gradient of ${name}, called ${place}, ${finding}`);
  if (site === undefined) return error;
  const cause = new Error(`${name} was called here`);
  cause.stack = site;
  error.cause = cause;
  return error;
}

function sourceOf(before: Bad | undefined, what: string): string {
  return before === undefined ? `The ${what} are finite.` : `The ${what} hold ${before.kind} already.`;
}

interface Bad {
  readonly kind: 'NaN' | 'an infinity';
  readonly at: number;
}

function worst(tensors: readonly (Tensor | undefined)[]): Bad | undefined {
  const found = tensors.flatMap((tensor) => (tensor === undefined ? [] : (firstBad(tensor) ?? [])));
  return found.find(({ kind }) => kind === 'NaN') ?? found[0];
}

/** The first NaN of a tensor, or else its first infinity; blocks. */
function firstBad(tensor: Tensor): Bad | undefined {
  if (tensor.dtype === 'int32') return undefined;
  const values = tensor.dataSync();
  const at = values.findIndex((value: number) => !Number.isFinite(value));
  if (at === -1) return undefined;
  const nan = values.findIndex((value: number) => Number.isNaN(value));
  return nan === -1 ? { kind: 'an infinity', at } : { kind: 'NaN', at: nan };
}

const FRAMES = 64; // a model's call is further away than the ten that Node.js keeps

function stackFrom(name: string): string {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  const { stack } = new Error(`${name} was called here`);
  Error.stackTraceLimit = before;
  return stack ?? '';
}

/** The first frame of a stack outside the library, whose own path the first frame of all tells. */
function placeOf(stack: string): string {
  const [own = '', ...frames] = stack.split('\n').slice(1);
  const [, library] = /([^( ]*[/\\])autograd[/\\]anomaly\.[jt]s/.exec(own) ?? [];
  const outside = frames.find((line) => library === undefined || !line.includes(library));
  return (outside ?? own).trim();
}
