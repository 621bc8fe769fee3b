import { type Ref, zeros } from './array.js';

export interface RotateOptions {
  /** Whether pairs lie side by side; else half a head apart. */
  interleaved: boolean;
  prefix: number;
}

/** Each pair of channels (a, b) of x (...,T,heads*D) turned by its token's angles (T-prefix,D/2), of the first heads. */
export function rotate(
  x: Ref,
  angles: Ref,
  heads: readonly [rotated: number, all: number],
  options: RotateOptions,
): Ref {
  const pairs = angles.shape[1];
  const tokens = x.shape[x.shape.length - 2];
  const width = x.shape[x.shape.length - 1];
  const y = zeros(x.shape);
  y.data.set(x.data);
  for (let row = 0; row < x.data.length / width; row++) {
    const place = (row % tokens) - options.prefix;
    for (let head = 0; head < heads[0] && place >= 0; head++) {
      for (let i = 0; i < pairs; i++) {
        const at = row * width + head * (width / heads[1]);
        const [first, second] = options.interleaved ? [at + 2 * i, at + 2 * i + 1] : [at + i, at + pairs + i];
        const [a, b, angle] = [x.data[first], x.data[second], angles.data[place * pairs + i]];
        y.data[first] = a * Math.cos(angle) - b * Math.sin(angle);
        y.data[second] = b * Math.cos(angle) + a * Math.sin(angle);
      }
    }
  }
  return y;
}

/** The gradient of {@link rotate}: turned back. */
export function rotateBackward(
  dy: Ref,
  angles: Ref,
  heads: readonly [rotated: number, all: number],
  options: RotateOptions,
): Ref {
  return rotate(dy, { shape: angles.shape, data: angles.data.map((angle) => -angle) }, heads, options);
}
