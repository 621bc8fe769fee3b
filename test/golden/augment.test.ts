import assert from 'node:assert/strict';
import { mixedTargets } from '../../lib/data/augment/mixup.js';
import { rotation } from '../../lib/data/augment/rand-augment.js';
import { type Tensor, zeros } from '../../lib/index.js';
import { AUGMENTATION } from '../../lib/native.js';
import { ByteImage } from '../../lib/ops/byte-image.js';
import { type AugmentStep, affineStep, type BatchImage, imageBatch } from '../../lib/ops/image-batch.js';
import { loadGolden } from '../golden.js';
import { returnsMemory } from '../native-op.js';
import type { Ref } from '../reference/array.js';
import { assertClose } from '../reference/assert-close.js';

/** A step of Pillow's, timm's or torchvision's, its parameters drawn already. */
interface AugmentCase {
  image: 'rgb' | 'l';
  name: string;
  values: number[];
  filter?: 'nearest' | 'bilinear' | 'bicubic';
}

const { cases } = loadGolden<AugmentCase>('augment');
const [rgb, grey] = cases.map(({ tensors }) => tensors.pixels);
const [H, W] = rgb.shape;
const FILL = [124, 116, 104];

const MATRICES: Record<string, (value: number) => number[]> = {
  ShearX: (value) => [1, value, 0, 0, 1, 0],
  ShearY: (value) => [1, 0, 0, value, 1, 0],
  TranslateXRel: (value) => [1, 0, value * W, 0, 1, 0],
  TranslateYRel: (value) => [1, 0, 0, 0, 1, value * H],
  Rotate: (value) => rotation(value, [H, W]),
};

function stepOf({ name, values, filter }: AugmentCase): AugmentStep[] {
  if (name === 'none') return [];
  const fill = filter === 'nearest' ? [0, 0, 0] : FILL;
  if (filter !== undefined) return [affineStep(MATRICES[name](values[0]), filter, fill)];
  assert.ok(name in AUGMENTATION, name);
  return [{ name: name as AugmentStep['name'], values }]; // as just asserted
}

/** The bytes that come out, by pixel, as the batch's planes of floats have them. */
function augmented(pixels: Ref, steps: readonly AugmentStep[]): number[] {
  const channels = pixels.shape[2];
  using images: Tensor = zeros([1, channels, H, W]);
  using bytes = ByteImage.from(Uint8Array.from(pixels.data), H, W, channels);
  const whole = { top: 0, left: 0, height: H, width: W };
  const image: BatchImage = {
    ...{ bytes, begin: 0, height: H, width: W, channels, window: whole, size: [H, W], kept: whole },
    ...{ interpolation: 'bilinear', antialias: true, top: 0, left: 0, steps, erasings: [] },
  };
  const each = (value: number): number[] => new Array(channels).fill(value);
  imageBatch(images, [image], { offset: each(0), divisor: each(1), fill: each(0) });
  const planes = images.dataSync();
  return Array.from({ length: H * W * channels }, (_, i) => planes[(i % channels) * H * W + Math.floor(i / channels)]);
}

describe('augmentations', () => {
  returnsMemory();

  for (const { params, tensors } of cases) {
    if (params.name === 'targets') continue;
    const { image, name, values, filter = '' } = params;
    it(`are PIL's pixels: ${name} ${values.join(' ')} ${filter} of ${image}`, () => {
      assert.deepEqual(augmented(image === 'rgb' ? rgb : grey, stepOf(params)), [...tensors.pixels.data]);
    });
  }

  it("mix labels as timm's mixup_target", () => {
    const [last] = cases.slice(-1);
    const targets = mixedTargets([2, 0, 1, 1], [0.3, 1, 0.75, 0.3], 3, 0.1);
    assertClose({ shape: [4, 3], data: targets }, last.tensors.targets, { relative: 1e-6, absolute: 1e-7 }, 'targets');
  });
});
