import type { OnnxGraph } from '../../onnx/graph.js';
import * as onnx from '../../onnx/operators.js';
import type { GroupNorm } from '../group-norm.js';
import { groupNormNodes, samePads, stdConv2dNodes } from '../onnx.js';
import type { Grid } from '../resample.js';
import type { StdConv2d } from '../std-conv2d.js';
import { type Bottleneck, type ResNetStem, StemConv } from './resnet-stem.js';

interface Features {
  x: string;
  /** (height, width) */
  size: Grid;
}

/** Images (N,C,H,W) of a known size to features. */
export function resNetStemNodes(g: OnnxGraph, stem: ResNetStem | StemConv, images: string, size: Grid): string {
  if (stem instanceof StemConv) return stemConvNodes(g, stem, { x: images, size }).x;
  let features = stemConvNodes(g, stem.stem, { x: images, size });
  for (const stage of stem.stages) for (const block of stage.blocks) features = bottleneckNodes(g, block, features);
  return features.x;
}

/** A convolution and its norm. */
function convNorm(g: OnnxGraph, conv: StdConv2d, norm: GroupNorm, { x, size }: Features): Features {
  const smaller = size.map((side) => Math.ceil(side / conv.stride)) as [number, number]; // two sides
  return { x: groupNormNodes(g, norm, stdConv2dNodes(g, conv, x, size), smaller), size: smaller };
}

function relu(g: OnnxGraph, { x, size }: Features): Features {
  return { x: onnx.activate(g, x, 'relu'), size };
}

function stemConvNodes(g: OnnxGraph, { conv, norm }: StemConv, images: Features): Features {
  const { x, size } = relu(g, convNorm(g, conv, norm, images));
  const pads = samePads(size, 3, 2);
  const pooled = g.node('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads });
  return { x: pooled, size: size.map((side) => Math.ceil(side / 2)) as [number, number] }; // two sides
}

function bottleneckNodes(g: OnnxGraph, block: Bottleneck, input: Features): Features {
  const { downsample } = block;
  const shortcut = downsample === undefined ? input : convNorm(g, downsample.conv, downsample.norm, input);
  let y = relu(g, convNorm(g, block.conv1, block.norm1, input));
  y = relu(g, convNorm(g, block.conv2, block.norm2, y));
  y = convNorm(g, block.conv3, block.norm3, y);
  return relu(g, { x: onnx.add(g, y.x, shortcut.x), size: y.size });
}
