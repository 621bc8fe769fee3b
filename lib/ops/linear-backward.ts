import type { Gradients } from '../autograd.js';
import { native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';

interface Call {
  rows: number;
  in: number;
  out: number;
  activation: number;
  bf16: boolean;
}

/** Elements from which memory pays for a loop more: the hidden layer of a B/16 on 8 images has 4.8 million. */
const LARGE = 2 ** 22;

/** `linear`'s gradients. Where tensors are large, what is no longer needed makes room for what comes. */
export function propagate(dy: Tensor, grads: Gradients, saved: readonly Tensor[], call: Call): void {
  const [x, weight, preactivation] = saved;
  if (grads.wants(3)) grads.pass(3, dy);
  if (!grads.wants(0) && !grads.wants(1) && !grads.wants(2)) return;
  if (preactivation !== undefined && preactivation.size >= LARGE && grads.spare(preactivation)) {
    const { activation } = call;
    native.activationBackward({ dx: preactivation, dy, x: preactivation, count: preactivation.size, activation });
    if (grads.spare(dy)) dy.dispose();
    multiply(preactivation, grads, { x, weight }, { ...call, activation: 0 });
  } else multiply(dy, grads, { x, weight, preactivation }, call);
}

/** The products, both at once unless the one's result can take the place of the other's factor. */
function multiply(
  dy: Tensor,
  grads: Gradients,
  { x, weight, preactivation }: { x: Tensor; weight: Tensor; preactivation?: Tensor | undefined },
  call: Call,
): void {
  const dpreactivation = preactivation && empty(preactivation.shape, preactivation.dtype);
  const run = (wanted: { dx: boolean; dweight: boolean; dbias: boolean }, room?: Tensor): void => {
    const dx = wanted.dx ? grads.target(0, room) : undefined;
    const dweight = wanted.dweight ? grads.target(1) : undefined;
    const dbias = wanted.dbias ? grads.target(2) : undefined;
    native.linearBackward({
      dx: dx?.grad,
      dweight: dweight?.grad,
      dbias: dbias?.grad,
      dpreactivation,
      dy,
      x,
      weight,
      preactivation,
      ...call,
      accumulateDx: dx?.accumulate ?? false,
      accumulateDweight: dweight?.accumulate ?? false,
      accumulateDbias: dbias?.accumulate ?? false,
    });
  };
  const wanted = { dx: grads.wants(0), dweight: grads.wants(1), dbias: grads.wants(2) };
  if (wanted.dx && preactivation === undefined && x.size >= LARGE && grads.spare(x)) {
    if (wanted.dweight || wanted.dbias) run({ ...wanted, dx: false });
    run({ dx: true, dweight: false, dbias: false }, x);
  } else run(wanted);
  dpreactivation?.dispose();
}
