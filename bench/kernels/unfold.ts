import { F } from '../../lib/index.js';
import { bytesOf, input, type KernelBench, type Shapes } from './kernel-bench.js';

interface Params {
  [name: string]: number;
  batch: number;
  channels: number;
  img: number;
  patch: number;
}

const params = ({ batch, channels, img, patch }: Shapes): Params => ({ batch, channels, img, patch });
const bytes = ({ batch, channels, img }: Params) => {
  const moved = bytesOf(2 * batch * channels * img ** 2);
  return { forward: moved, backward: moved };
};

/** Patches to columns. */
export const unfold: KernelBench<Params> = {
  op: 'unfold',
  params,
  flops: () => ({ forward: 0, backward: 0 }),
  bytes,
  prepare: ({ batch, channels, img, patch }) => {
    const image = input(batch, channels, img, img);
    return { inputs: [image], run: () => F.unfold(image, { kernelSize: patch, stride: patch }) };
  },
};

/** Columns to patches. */
export const fold: KernelBench<Params> = {
  op: 'fold',
  params,
  flops: () => ({ forward: 0, backward: 0 }),
  bytes,
  prepare: ({ batch, channels, img, patch }) => {
    const columns = input(batch, channels * patch ** 2, (img / patch) ** 2);
    return { inputs: [columns], run: () => F.fold(columns, { outputSize: img, kernelSize: patch, stride: patch }) };
  },
};
