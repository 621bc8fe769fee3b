import type { SwinConfig } from '../nn/swin/config.js';
import type { ViTConfig } from '../nn/vit/config.js';

/** What a model is made of, in a line. @param times the sign for it */
export function encoderText(config: Readonly<ViTConfig> | Readonly<SwinConfig>, times = 'x'): string {
  const mlp = `MLP ${config.mlpRatio} ${times}`;
  if (!('depths' in config))
    return `width ${config.embedDim}, ${config.depth} blocks, ${config.numHeads} heads, ${mlp}`;
  const { version, embedDim, depths, numHeads, windowSize } = config;
  const window = typeof windowSize === 'number' ? [windowSize, windowSize] : windowSize;
  return `Swin v${version}, width ${embedDim}, stages of ${depths.join(', ')} blocks, ${numHeads.join(', ')} heads, windows of ${window.join(` ${times} `)}, ${mlp}`;
}
