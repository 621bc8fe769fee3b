import type { Preprocessing } from '../io/pretrained/preprocessing.js';

/** (height, width) in pixels. */
export type Size = readonly [height: number, width: number];

/** Python's round: halves go to the even number. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * The size that an image is resized to.
 * @see torchvision's `Resize`, timm's `ResizeKeepRatio`, Transformers' `get_resize_output_image_size`,
 *   `get_size_with_aspect_ratio` and `get_image_size_for_max_height_width`
 */
export function resizedSize(size: Size, preprocessing: Preprocessing): Size {
  const { resize, fit = 'stretch', longest, rounding } = preprocessing;
  if (resize === 'none') return size;
  const [height, width] = size;
  if (typeof resize === 'number') {
    return longest === undefined ? withShorter(size, resize, resize) : withLimit(size, resize, longest);
  }
  if (fit === 'stretch') return resize;
  if (rounding === 'down') {
    const scales = [resize[0] / height, resize[1] / width] as const;
    const scale = fit === 'contain' ? Math.min(...scales) : Math.max(...scales);
    return [atLeastOne(Math.floor(height * scale)), atLeastOne(Math.floor(width * scale))];
  }
  const ratios = [height / resize[0], width / resize[1]] as const;
  const ratio = fit === 'contain' ? Math.max(...ratios) : Math.min(...ratios);
  return [atLeastOne(roundHalfEven(height / ratio)), atLeastOne(roundHalfEven(width / ratio))];
}

// A thin line of an image keeps one row; the libraries fail here.
function atLeastOne(side: number): number {
  return Math.max(1, side);
}

/** The shorter side `shorter` long, the other in proportion to `exact`, which is the shorter side before rounding. */
function withShorter([height, width]: Size, shorter: number, exact: number): Size {
  return height <= width
    ? [shorter, atLeastOne(Math.floor((exact * width) / height))]
    : [atLeastOne(Math.floor((exact * height) / width)), shorter];
}

function withLimit(size: Size, shorter: number, longest: number): Size {
  const [short, long] = [Math.min(...size), Math.max(...size)];
  if ((long / short) * shorter <= longest) return withShorter(size, shorter, shorter);
  const exact = (longest * short) / long;
  return withShorter(size, atLeastOne(roundHalfEven(exact)), exact);
}

/** Where a crop begins in an image, along one side; less than 0 where the image is smaller and is surrounded. */
export function cropOffset(from: number, to: number, rounding: Preprocessing['rounding']): number {
  // Not -floor: 0 must not become -0.
  if (from < to) return 0 - Math.floor((to - from) / 2);
  return rounding === 'down' ? Math.floor((from - to) / 2) : roundHalfEven((from - to) / 2);
}
