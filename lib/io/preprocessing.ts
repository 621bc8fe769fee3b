/** How an image becomes a model's input. */
export interface Preprocessing {
  /** (height, width) to stretch the image to, or the length in pixels of its shorter side. */
  readonly resize: number | readonly [number, number];
  /** (height, width) cut from the middle after resizing: the model's input. */
  readonly crop: readonly [number, number];
  readonly interpolation: 'bilinear' | 'bicubic' | 'nearest' | 'lanczos';
  /** Of each channel, on a scale from 0 (black) to 1. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** The statistics of ImageNet's training images, red, green, blue. */
export const imagenetStatistics = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

/** What maps 0..1 to -1..1: Google's, called "inception" in timm and "standard" in Hugging Face's library. */
export const standardStatistics = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;

/** The standard statistics for any number of channels. */
export function standardFor(channels: number): { mean: number[]; std: number[] } {
  return { mean: new Array(channels).fill(0.5), std: new Array(channels).fill(0.5) };
}
