import { checkArray, expected } from '../../check.js';
import { cat } from '../../ops/cat.js';
import { checkTensor } from '../../ops/check-tensor.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { checkExtractor, type FeatureExtractor } from '../features.js';
import { Module } from '../module.js';
import type { DINOHead } from './dino-head.js';

/**
 * A backbone and a head on crops of several sizes: those of one size that follow each other go through the backbone
 * together, and all through the head.
 *
 * @see `MultiCropWrapper` of Meta's DINO, with its parameter names
 * @throws TypeError for a backbone without `features`, and a head without `forward`
 * @example
 * const student = new nn.MultiCropWrapper(vit, new nn.DINOHead(vit.config.embedDim, 1024));
 */
export class MultiCropWrapper<B extends FeatureExtractor = FeatureExtractor> extends Module {
  /** Makes features of images. */
  readonly backbone: B;
  /** Makes scores of features. */
  readonly head: DINOHead;

  constructor(backbone: B, head: DINOHead) {
    super();
    checkExtractor(backbone, 'MultiCropWrapper');
    if (typeof head?.forward !== 'function') throw expected('a head such as a DINOHead', 'MultiCropWrapper', head);
    this.backbone = this.child('backbone', backbone);
    this.head = this.child('head', head);
  }

  /** @param crops each (N,C,h,w) @returns (crops * N, outDim), one crop after the other */
  forward(crops: readonly Tensor[]): Tensor {
    checkArray(crops, 'an array of crops', 'MultiCropWrapper');
    for (const crop of crops) checkTensor(crop, 'MultiCropWrapper crop', { rank: 4, letters: '(N,C,H,W)' });
    if (crops.length === 0) throw expected('at least one crop', 'MultiCropWrapper', crops);
    const groups: Tensor[][] = [];
    for (const crop of crops) {
      const last = groups.at(-1);
      if (last?.[0].shape.slice(1).join() === crop.shape.slice(1).join()) last.push(crop);
      else groups.push([crop]);
    }
    return scope(() => {
      const features = groups.map((group) =>
        this.backbone.features(group.length === 1 ? group[0] : cat(group, 0), { grad: true }),
      );
      return this.head.forward(features.length === 1 ? features[0] : cat(features, 0));
    });
  }
}
