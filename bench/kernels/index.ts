import { expected } from '../../lib/check.js';
import type { Work } from '../work.js';
import { gelu, relu } from './activation.js';
import { attention, attentionQkv } from './attention.js';
import { conv2d } from './conv2d.js';
import { cat, slice, transpose } from './copy.js';
import { crossEntropy } from './cross-entropy.js';
import { dropout, dropPath } from './dropout.js';
import { add, addMemory, mul } from './elementwise.js';
import { embedding } from './embedding.js';
import { image2embConv, image2embNaive } from './image2emb.js';
import type { KernelBench } from './kernel-bench.js';
import { addLayerNorm, layerNorm } from './layer-norm.js';
import { linear, linearGelu, linearResidual } from './linear.js';
import { matmul } from './matmul.js';
import { adamw, sgd } from './optimizer.js';
import { mean } from './reduce.js';
import { softmax } from './softmax.js';
import { fold, unfold } from './unfold.js';

/** The ops that the `kernels` suite runs, heaviest first. */
export const KERNELS: readonly KernelBench[] = [
  linear,
  linearGelu,
  linearResidual,
  attention,
  attentionQkv,
  matmul,
  conv2d,
  image2embNaive,
  image2embConv,
  layerNorm,
  addLayerNorm,
  gelu,
  relu,
  softmax,
  crossEntropy,
  dropout,
  dropPath,
  add,
  mul,
  addMemory,
  mean,
  transpose,
  cat,
  slice,
  embedding,
  unfold,
  fold,
  sgd,
  adamw,
];

/** The benchmark of an op; throws TypeError for a name that is none. */
export function kernelBench(op: string): KernelBench {
  const bench = KERNELS.find((candidate) => candidate.op === op);
  if (bench === undefined) throw expected(`one of ${KERNELS.map((known) => known.op).join(', ')}`, 'a kernel', op);
  return bench;
}

/** The work of running an op, and what it costs; undefined for the backward of an op that has none. */
export function kernelWork(
  bench: KernelBench,
  params: ReturnType<KernelBench['params']>,
  backward: boolean,
): { work: Work; flops: number; bytes: number } | undefined {
  const flops = bench.flops(params);
  const bytes = bench.bytes(params);
  if (backward && (flops.backward === null || bytes.backward === null)) return undefined;
  return {
    work: { kind: 'kernel', op: bench.op, params, backward },
    flops: flops.forward + (backward ? (flops.backward ?? 0) : 0),
    bytes: bytes.forward + (backward ? (bytes.backward ?? 0) : 0),
  };
}
