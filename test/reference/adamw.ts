import { map, type Ref, zeros } from './array.js';

export interface AdamWOptions {
  lr: number;
  beta1?: number | undefined;
  beta2?: number | undefined;
  eps?: number | undefined;
  weightDecay?: number | undefined;
}

export interface AdamWState {
  param: Ref;
  /** The running means of the gradient and of its square; absent before the first step. */
  m?: Ref | undefined;
  v?: Ref | undefined;
  /** Steps taken so far. */
  step: number;
}

/** One step of torch.optim.AdamW (Loshchilov and Hutter 2019, algorithm 2); the state given is left as it was. */
export function adamwStep(state: AdamWState, grad: Ref, options: AdamWOptions): AdamWState {
  const { lr, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 1e-2 } = options;
  const step = state.step + 1;
  const m = map(state.m ?? zeros(grad.shape), (old, i) => beta1 * old + (1 - beta1) * grad.data[i]);
  const v = map(state.v ?? zeros(grad.shape), (old, i) => beta2 * old + (1 - beta2) * grad.data[i] ** 2);
  const param = map(state.param, (p, i) => {
    const mhat = m.data[i] / (1 - beta1 ** step);
    const vhat = v.data[i] / (1 - beta2 ** step);
    return p * (1 - lr * weightDecay) - (lr * mhat) / (Math.sqrt(vhat) + eps);
  });
  return { param, m, v, step };
}
