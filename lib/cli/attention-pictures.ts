import { stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { expected, Text } from '../check.js';
import { writeFileAtomically } from '../io/formats/atomic-file.js';
import type { PretrainedModel } from '../io/pretrained/families.js';
import { ViT } from '../nn/vit/vit.js';
import { attention } from '../render/attention.js';
import { objectAttention } from '../render/object-attention.js';
import type { Tensor } from '../tensor.js';
import type { ImageInput } from './image-inputs.js';
import { makeFolder } from './run-folder.js';
import { UsageError } from './usage-error.js';

// Files that somebody may wish for: a folder of such a name is nobody's wish.
const OTHER_IMAGES = /\.(jpe?g|webp|gif|tiff?|svg|html|pdf)$/i;

/**
 * What writes the attention of a model over each image: to a `.png` file where there is one image, else into a folder,
 * under the images' own names (`cat.jpg.png`), numbered where two have the same.
 *
 * @param mass the share of attention by which each head's patches are drawn apart; else the mean is laid over the image
 * @throws UsageError for a file where there are several images, and for a model that is no ViT
 */
export async function attentionPictures(
  model: PretrainedModel,
  path: string,
  inputs: readonly ImageInput[],
  mass?: number,
): Promise<(input: ImageInput, pixels: Tensor) => Promise<void>> {
  if (!(model instanceof ViT)) {
    const advice = 'Attention within windows has no picture of the whole image.';
    throw new UsageError(expected('a ViT', '--attention', new Text(`a ${model.constructor.name}`), advice));
  }
  const there = await stat(path).catch(() => undefined);
  const isFolder = there?.isDirectory() === true;
  const isFile = !isFolder && extname(path).toLowerCase() === '.png';
  if (!isFolder && !isFile && (there !== undefined || OTHER_IMAGES.test(path))) {
    throw new UsageError(expected('a .png file, or a folder,', '--attention', path, 'Pictures are PNG.'));
  }
  if (isFile && inputs.length > 1) {
    const received = new Text(`a file, for ${inputs.length} images`);
    throw new UsageError(expected('a folder', '--attention', received, 'One picture is made for each image.'));
  }
  if (!isFile) await makeFolder(path);
  const taken = new Map<string, number>();
  return async ({ name }, pixels) => {
    const picture = await (mass === undefined ? attention(model, pixels) : objectAttention(model, pixels, { mass }));
    await writeFileAtomically(isFile ? path : join(path, freeName(name, taken)), [picture]);
  };
}

function freeName(image: string, taken: Map<string, number>): string {
  const name = image === '-' ? 'stdin' : basename(image);
  const uses = (taken.get(name) ?? 0) + 1;
  taken.set(name, uses);
  return uses === 1 ? `${name}.png` : `${name}.${uses}.png`;
}
