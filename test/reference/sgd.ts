import { map, type Ref } from './array.js';

export interface SgdOptions {
  lr: number;
  momentum?: number | undefined;
  dampening?: number | undefined;
  weightDecay?: number | undefined;
  nesterov?: boolean | undefined;
}

export interface SgdState {
  param: Ref;
  /** Absent before the first step, which takes the gradient undampened, and without momentum. */
  momentumBuffer?: Ref | undefined;
}

/** One step of torch.optim.SGD; the state given is left as it was. */
export function sgdStep({ param, momentumBuffer }: SgdState, grad: Ref, options: SgdOptions): SgdState {
  const { lr, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false } = options;
  const decayed = map(grad, (g, i) => g + weightDecay * param.data[i]);
  if (momentum === 0) return { param: map(param, (p, i) => p - lr * decayed.data[i]) };
  const buffer = momentumBuffer
    ? map(momentumBuffer, (m, i) => momentum * m + (1 - dampening) * decayed.data[i])
    : decayed;
  const step = nesterov ? map(decayed, (g, i) => g + momentum * buffer.data[i]) : buffer;
  return { param: map(param, (p, i) => p - lr * step.data[i]), momentumBuffer: buffer };
}
