import { expected } from '../../check.js';
import { interpolate } from '../../ops/interpolate.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { checkPyramid, type FeaturePyramidOptions, type PyramidBackbone } from '../feature-pyramid.js';
import { Module } from '../module.js';
import { DecodeHead } from './decode-head.js';

/**
 * A class for each pixel: a backbone's maps, a head, and its scores at the image's size.
 *
 * @see `UperNetForSemanticSegmentation` of Hugging Face's library
 * @example
 * const backbone = new ViT({ imgSize: 64, patchSize: 8, embedDim: 48, depth: 4, numHeads: 3, numClasses: 0 });
 * const inChannels = backbone.featureInfo().map(({ channels }) => channels);
 * const model = new nn.SegmentationModel(backbone, new nn.UPerHead({ inChannels, numClasses: 3, channels: 32 }));
 * const loss = F.crossEntropy(model.forward(images), labels, { ignoreIndex: 255 }); // labels (N,H,W)
 */
export class SegmentationModel<B extends PyramidBackbone = PyramidBackbone> extends Module {
  /** Gives maps. */
  readonly backbone: B;
  /** Makes classes of them. */
  readonly decodeHead: DecodeHead;
  /** Which maps. */
  readonly options: Readonly<FeaturePyramidOptions>;

  /**
   * @param options which maps the head is given; see `featurePyramid`
   * @throws TypeError for a backbone without `featurePyramid`, a head that is none, and options that are unknown
   */
  constructor(backbone: B, decodeHead: DecodeHead, options: FeaturePyramidOptions = {}) {
    super();
    if (typeof backbone?.featurePyramid !== 'function' || typeof backbone.featureInfo !== 'function') {
      throw expected('a backbone with featurePyramid(images), such as a ViT or a Swin,', 'SegmentationModel', backbone);
    }
    if (!(decodeHead instanceof DecodeHead)) throw expected('a DecodeHead', 'SegmentationModel', decodeHead);
    checkPyramid(options);
    backbone.featureInfo(options.outIndices); // throws for layers that are none
    this.options = Object.freeze({ ...options });
    this.backbone = this.child('backbone', backbone);
    this.decodeHead = this.child('decode_head', decodeHead);
  }

  /** @param images (N,C,H,W) @returns logits (N,classes,H,W) */
  forward(images: Tensor): Tensor {
    return scope(() => {
      const scores = this.decodeHead.forward(this.backbone.featurePyramid(images, this.options));
      const size = images.shape.slice(2) as [number, number]; // the backbone looked at the axes
      return interpolate(scores, { size, mode: 'bilinear' });
    });
  }
}
