import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeedBatch } from '../../lib/data/feed/feed.js';
import { importSharp } from '../../lib/data/sharp.js';
import {
  autocast,
  Capture,
  data,
  F,
  fence,
  optim,
  scope,
  type Tensor,
  untracked,
  ViT,
  zeros,
} from '../../lib/index.js';
import { copyInto } from '../../lib/ops/copy.js';
import { background } from '../../lib/stream.js';
import type { FeedWork, Precision } from '../work.js';

/** A step to time, which takes its time itself. */
export type AsyncStep = () => Promise<void>;

/**
 * A training step on the next batch of a feed, two on their way at a time, as in the Trainer; for the engine alone, on
 * one batch again and again.
 */
export async function feedStep(work: FeedWork, precision: Precision, isEngine: boolean): Promise<AsyncStep> {
  const { model: sizes, batch } = work;
  const model = new ViT(sizes);
  const optimizer = new optim.SGD(model.parameters(), { lr: 1e-3, momentum: 0.9 });
  const images = zeros([batch, sizes.inChans, sizes.imgSize, sizes.imgSize]);
  const targets = zeros([batch, sizes.numClasses]);
  let loss: Tensor | undefined;
  const once = (): void => {
    loss = scope(() => {
      optimizer.zeroGrad();
      const value = F.crossEntropy(
        autocast(precision, () => model.forward(images)),
        targets,
      );
      value.backward();
      optimizer.apply();
      return value;
    });
  };
  optimizer.advance();
  once();
  await fence();
  optimizer.zeroGrad();
  const capture = untracked(() => new Capture(once));
  const next = isEngine ? undefined : await batchesOf(work);
  let before: Promise<number> | undefined;
  return async () => {
    const fed = await next?.();
    background(() => {
      optimizer.advance();
      if (fed !== undefined) take(fed, images, targets);
      capture.replay();
    });
    const value = loss?.item();
    await before;
    before = value;
  };
}

function take(fed: FeedBatch, images: Tensor, targets: Tensor): void {
  copyInto(images, fed.images);
  fed.images.dispose();
  const classes = targets.shape[1];
  const values = fed.targets ?? new Float32Array(fed.count * classes);
  if (fed.labels !== undefined) for (const [i, label] of fed.labels.entries()) values[i * classes + label] = 1;
  targets.set(values);
}

/** One batch after another, epoch after epoch; where they are cached, from the second epoch on. */
async function batchesOf({ model, batch, folder, photographs, cached, strong }: FeedWork) {
  await makePhotographs(folder, photographs, model.numClasses);
  const { train } = await data.imageFolder(folder);
  const side = model.imgSize;
  const half = new Array<number>(model.inChans).fill(0.5);
  const loader = new data.DataLoader(train, {
    ...{ batchSize: batch, shuffle: true, dropLast: true, cache: cached ? 'memory' : 'none' },
    preprocessing: { resize: side, crop: [side, side], interpolation: 'bicubic', mean: half, std: half },
    augment: strong ? { autoAugment: 'rand-m9-n2-mstd0.5-inc1', mixup: 0.8 } : {},
  });
  let epoch = 0;
  let batches = loader.feedBatches(epoch);
  const next = async (): Promise<FeedBatch> => {
    for (;;) {
      const { value, done } = await batches.next();
      if (!done) return value;
      batches = loader.feedBatches(++epoch);
    }
  };
  while (cached && epoch === 0) (await next()).images.dispose();
  return next;
}

/** JPEGs in folders of classes, smooth as photographs are; kept for other runs and contenders. */
async function makePhotographs(folder: string, sizes: FeedWork['photographs'], classes: number): Promise<void> {
  if (existsSync(folder)) return;
  const sharp = await importSharp();
  const { height, width, channels, count } = sizes;
  const making = `${folder}.${process.pid}.tmp`;
  for (let i = 0; i < count; i++) {
    const inside = join(making, String(i % classes));
    await mkdir(inside, { recursive: true });
    const coarse = {
      height: Math.ceil(height / 8),
      width: Math.ceil(width / 8),
      channels: channels === 1 ? 1 : 3,
    } as const;
    const pixels = Uint8Array.from(
      { length: coarse.height * coarse.width * coarse.channels },
      () => 256 * Math.random(),
    );
    const image = sharp(pixels, { raw: coarse }).resize(width, height, { fit: 'fill', kernel: 'cubic' });
    await image.jpeg({ quality: 90 }).toFile(join(inside, `${i}.jpg`));
  }
  await rename(making, folder).catch(() => rm(making, { recursive: true })); // another was as quick
}
