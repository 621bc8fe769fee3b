import type { OnnxGraph } from '../onnx/graph.js';
import { Float } from '../onnx/graph.js';
import * as onnx from '../onnx/operators.js';
import type { Tensor } from '../tensor.js';
import type { GroupNorm } from './group-norm.js';
import type { LayerNorm } from './layer-norm.js';
import type { Linear } from './linear.js';
import type { PatchEmbed } from './patch-embed.js';
import type { Grid } from './resample.js';
import { type StdConv2d, samePadding } from './std-conv2d.js';

// The nodes of the modules that many models share; `g.parameter` gives their tensors the state dict's names.

/** x (..., inFeatures) to (..., outFeatures) */
export function linearNodes(g: OnnxGraph, { weight, bias }: Linear, x: string): string {
  return onnx.linear(g, x, g.parameter(weight), bias && g.parameter(bias));
}

/** Over the last axis. */
export function layerNormNodes(g: OnnxGraph, { weight, bias, eps }: LayerNorm, x: string): string {
  return onnx.layerNorm(g, x, { weight: g.parameter(weight), bias: bias && g.parameter(bias), eps });
}

/** x (..., dim) to queries, keys and values (..., 3*dim), of which keys may have no bias where the others have one. */
export function qkvNodes(
  g: OnnxGraph,
  {
    qkv,
    qBias,
    vBias,
  }: { readonly qkv: Linear; readonly qBias: Tensor | undefined; readonly vBias: Tensor | undefined },
  x: string,
): string {
  const y = linearNodes(g, qkv, x);
  if (qBias === undefined || vBias === undefined) return y;
  const none = g.floats(new Float32Array(qBias.size), [qBias.size]);
  return onnx.add(g, y, onnx.concat(g, [g.parameter(qBias), none, g.parameter(vBias)], 0));
}

/** Images (N,C,H,W) to tokens (N,L,D), by either route. @param size (height, width) of the images */
export function patchEmbedNodes(g: OnnxGraph, embed: PatchEmbed, images: string, size: Grid): string {
  const { weight, bias } = embed.proj;
  const [kh, kw] = embed.patchSize;
  const [bottom, right] = [(kh - (size[0] % kh)) % kh, (kw - (size[1] % kw)) % kw]; // of `dynamicImgPad`, else none
  const inputs = [images, g.parameter(weight), ...(bias === undefined ? [] : [g.parameter(bias)])];
  const patches = g.node('Conv', inputs, { kernel_shape: [kh, kw], strides: [kh, kw], pads: [0, 0, bottom, right] });
  return onnx.transpose(g, onnx.reshape(g, patches, [0, weight.shape[0], -1]), [0, 2, 1]);
}

/** x (N,C,H,W), of known height and width */
export function stdConv2dNodes(g: OnnxGraph, conv: StdConv2d, x: string, size: Grid): string {
  const { weight, kernelSize, stride } = conv;
  const [filters, width] = [weight.shape[0], weight.size / weight.shape[0]];
  const rows = onnx.reshape(g, g.parameter(weight), [filters, width]);
  const ones = g.floats(new Float32Array(width).fill(1), [width]);
  const standardised = onnx.layerNorm(g, rows, { weight: ones, eps: conv.eps });
  return g.node('Conv', [x, onnx.reshape(g, standardised, weight.shape)], {
    ...{ kernel_shape: [kernelSize, kernelSize], strides: [stride, stride] },
    pads: samePads(size, kernelSize, stride),
  });
}

/** x (N,C,H,W) */
export function groupNormNodes(
  g: OnnxGraph,
  { weight, bias, numGroups, eps }: GroupNorm,
  x: string,
  size: Grid,
): string {
  const channels = weight.size;
  const [ones, zeros] = [1, 0].map((value) => g.floats(new Float32Array(numGroups).fill(value), [numGroups])) as [
    string,
    string,
  ]; // one each
  const groups = onnx.reshape(g, x, [0, numGroups, -1]);
  const normed = g.node('InstanceNormalization', [groups, ones, zeros], { epsilon: new Float(eps) });
  const [scale, shift] = [weight, bias].map((tensor) => onnx.reshape(g, g.parameter(tensor), [channels, 1, 1])) as [
    string,
    string,
  ]; // one each
  return onnx.add(g, onnx.mul(g, onnx.reshape(g, normed, [0, channels, ...size]), scale), shift);
}

/** ONNX's order: all that is before, then all that is after. */
export function samePads(size: Grid, kernel: number, stride: number): number[] {
  const [[top, bottom], [left, right]] = size.map((side) => samePadding(side, kernel, stride)) as [
    readonly [number, number],
    readonly [number, number],
  ]; // two sides
  return [top, left, bottom, right];
}
