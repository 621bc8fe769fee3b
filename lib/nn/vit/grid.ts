import { checkPair, expected, type Pair, Text } from '../../check.js';
import type { Grid } from '../resample.js';
import { featureSize } from './resnet-stem.js';

/** What the grid of patches follows from; see `ViTConfig`. */
export interface GridOptions {
  patchSize: Pair;
  dynamicImgPad: boolean;
  resnetLayers?: readonly number[] | undefined;
}

/**
 * The patches of an image of (height, width): rows and columns.
 *
 * @throws TypeError unless the patch size divides the image, or with a ResNet stem its features, or is padded to
 */
export function gridOf({ patchSize, dynamicImgPad, resnetLayers }: GridOptions, image: Grid, where: string): Grid {
  const patch = checkPair(patchSize, 'ViT patchSize', 1);
  const size = resnetLayers === undefined ? image : featureSize(image, resnetLayers.length);
  if (!dynamicImgPad && (size[0] % patch[0] !== 0 || size[1] % patch[1] !== 0)) {
    const stem = resnetLayers === undefined ? '' : `, of which the stem makes ${size.join(' x ')}`;
    throw expected(
      `an image size that the patch size ${patch.join(' x ')} divides`,
      where,
      new Text(`${image.join(' x ')}${stem}`),
      'Resize the images, or set dynamicImgPad to pad them with zeros.',
    );
  }
  return Object.freeze([Math.ceil(size[0] / patch[0]), Math.ceil(size[1] / patch[1])] as const);
}
