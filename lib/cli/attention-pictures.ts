import { stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { expected, Text } from '../check.js';
import { writeFileAtomically } from '../io/formats/atomic-file.js';
import type { ViT } from '../nn/vit/vit.js';
import { attention } from '../render/attention.js';
import type { Tensor } from '../tensor.js';
import type { ImageInput } from './image-inputs.js';
import { makeFolder } from './run-folder.js';
import { UsageError } from './usage-error.js';

/**
 * What writes the attention of a model over each image: to a `.png` file where there is one image, else into a folder,
 * under the images' own names (`cat.jpg.png`), numbered where two have the same.
 *
 * @throws UsageError for a file where there are several images
 */
export async function attentionPictures(
  model: ViT,
  path: string,
  inputs: readonly ImageInput[],
): Promise<(input: ImageInput, pixels: Tensor) => Promise<void>> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  const isFile = !isFolder && extname(path).toLowerCase() === '.png';
  if (isFile && inputs.length > 1) {
    const received = new Text(`a file, for ${inputs.length} images`);
    throw new UsageError(expected('a folder', '--attention', received, 'One picture is made for each image.'));
  }
  if (!isFile) await makeFolder(path);
  const taken = new Map<string, number>();
  return async ({ name }, pixels) => {
    const picture = await attention(model, pixels);
    await writeFileAtomically(isFile ? path : join(path, freeName(name, taken)), [picture]);
  };
}

function freeName(image: string, taken: Map<string, number>): string {
  const name = image === '-' ? 'stdin' : basename(image);
  const uses = (taken.get(name) ?? 0) + 1;
  taken.set(name, uses);
  return uses === 1 ? `${name}.png` : `${name}.${uses}.png`;
}
