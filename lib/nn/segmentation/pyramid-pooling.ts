import { cat } from '../../ops/cat.js';
import { interpolate } from '../../ops/interpolate.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { ItemList } from '../item-list.js';
import { AdaptiveAvgPool2d } from '../pooling.js';
import { Sequential } from '../sequential.js';
import { ConvNorm } from './conv-norm.js';

/**
 * What a map shows at large: its means over parts of several sizes, each with a convolution of its own, and at the map's
 * size again.
 * @see Zhao et al. 2017 (PSPNet)
 * @see `UperNetPyramidPoolingModule` of Hugging Face's library, with its parameter names
 */
export class PyramidPooling extends ItemList<Sequential> {
  /** @param poolScales into how many rows and columns the map is parted @param channels of each result */
  constructor(poolScales: readonly number[], inChannels: number, channels: number) {
    super('scales');
    for (const [i, scale] of poolScales.entries()) {
      const part = new Sequential(new AdaptiveAvgPool2d(scale), new ConvNorm(inChannels, channels, 1));
      this.add(this.child(String(i), part));
    }
  }

  /** @param x (N,C,H,W) @returns x and what is found at each scale, (N,C + scales*channels,H,W) */
  forward(x: Tensor): Tensor {
    const size = x.shape.slice(2) as [number, number]; // of four axes
    return scope(() =>
      cat([x, ...[...this].map((part) => interpolate(part.forward(x), { size, mode: 'bilinear' }))], 1),
    );
  }
}
