import { expected } from '../check.js';
import { ViT } from '../nn/vit/vit.js';
import { checkTensor } from '../ops/check-tensor.js';
import type { Tensor } from '../tensor.js';

/** Throws unless `model` is a ViT. */
export function checkModel(model: unknown, where: string): void {
  if (!(model instanceof ViT)) throw expected('a ViT', where, model);
}

/** Throws unless these are a ViT and images. */
export function checkImages(model: unknown, images: Tensor, where: string): void {
  checkModel(model, where);
  checkTensor(images, `${where} images`, { rank: 4, letters: '(N,C,H,W)' });
}
