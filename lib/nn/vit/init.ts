import * as init from '../init.js';
import { Linear } from '../linear.js';
import type { Module } from '../module.js';
import { PatchEmbed } from '../patch-embed.js';
import { ResNetStem, StemConv } from './resnet-stem.js';

/** How a ViT's weights are drawn: timm's schemes, by timm's names. */
export type WeightInit = '' | 'jax' | 'jax_nlhb' | 'reset';

/**
 * Draws a model's weights. '': linear weights normal with deviation 0.02, biases zero. 'jax': linear weights by Glorot
 * and Bengio, the head zero, the patch embedding by LeCun, as Google's releases. 'jax_nlhb': the same, but the head's
 * bias is -log(classes). 'reset': every layer as PyTorch draws it. Tokens and positions are drawn when made, in all.
 * @see timm's `init_weights_vit_timm` (whose truncation, at 100 deviations, is none) and `init_weights_vit_jax`
 */
export function drawWeights(model: Module, scheme: WeightInit, numClasses: number): void {
  if (scheme === 'reset') return;
  const headBias = scheme === 'jax_nlhb' ? -Math.log(numClasses) : 0;
  for (const [name, module] of model.namedModules()) {
    if (module instanceof ResNetStem) module.zeroLastNorms();
    else if (scheme === '') drawAsTimm(module);
    else drawAsJax(name, module, headBias);
  }
}

function drawAsTimm(module: Module): void {
  if (!(module instanceof Linear)) return;
  init.normal(module.weight, 0, 0.02);
  if (module.bias !== undefined) init.zeros(module.bias);
}

function drawAsJax(name: string, module: Module, headBias: number): void {
  if (module instanceof PatchEmbed) {
    init.lecunNormal(module.proj.weight);
    if (module.proj.bias !== undefined) init.zeros(module.proj.bias);
  }
  // Inside a ResNet the convolution keeps He's numbers.
  if (module instanceof StemConv && name === 'patch_embed.backbone') init.lecunNormal(module.conv.weight);
  if (!(module instanceof Linear)) return;
  const isHead = name.startsWith('head');
  if (isHead) init.zeros(module.weight);
  else init.xavierUniform(module.weight);
  if (module.bias === undefined) return;
  if (isHead) init.constant(module.bias, headBias);
  else if (name.includes('mlp')) init.normal(module.bias, 0, 1e-6);
  else init.zeros(module.bias);
}
