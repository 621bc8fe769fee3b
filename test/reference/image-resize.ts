/** An image of unsigned bytes, (H,W,C). */
export interface Bytes {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** PIL's filters: how far they reach, and their weight at a distance. */
export const FILTERS: Record<string, { support: number; weight: (x: number) => number }> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: {
    support: 1,
    weight: (x) => (Math.abs(x) < 1 ? sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x)) : 0),
  },
  bicubic: { support: 2, weight: keys },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Keys' cubic convolution, as its paper writes it. */
function keys(at: number): number {
  const a = -0.5;
  const x = Math.abs(at);
  if (x < 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * (x ** 3 - 5 * x ** 2 + 8 * x - 4) : 0;
}

/** Along a line: each output's first input and whole weights, of which 2^22 make 1. */
function lineWeights(filter: string, size: number, out: number): { first: number; weights: number[] }[] {
  const { support, weight } = FILTERS[filter];
  const scale = size / out;
  const width = Math.max(1, scale);
  return Array.from({ length: out }, (_, i) => {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support * width + 0.5));
    const last = Math.min(size, Math.trunc(center + support * width + 0.5));
    const exact = Array.from({ length: last - first }, (_, k) => weight((first + k - center + 0.5) / width));
    const sum = exact.reduce((a, b) => a + b, 0);
    return { first, weights: exact.map((w) => Math.trunc(Math.sign(w) * 0.5 + (w / sum) * 2 ** 22)) };
  });
}

function byte(sum: number): number {
  return Math.min(255, Math.max(0, Math.floor((sum + 2 ** 21) / 2 ** 22)));
}

function alongRows({ height, width, channels, data }: Bytes, filter: string, out: number): Bytes {
  if (width === out) return { height, width, channels, data };
  const result = new Uint8Array(height * out * channels);
  for (const [j, { first, weights }] of lineWeights(filter, width, out).entries()) {
    for (let i = 0; i < height; i++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (const [k, w] of weights.entries()) sum += w * (data[(i * width + first + k) * channels + c] ?? 0);
        result[(i * out + j) * channels + c] = byte(sum);
      }
    }
  }
  return { height, width: out, channels, data: result };
}

function transposed({ height, width, channels, data }: Bytes): Bytes {
  const result = new Uint8Array(data.length);
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      for (let c = 0; c < channels; c++) {
        result[(j * height + i) * channels + c] = data[(i * width + j) * channels + c] ?? 0;
      }
    }
  }
  return { height: width, width: height, channels, data: result };
}

/** As `PIL.Image.resize`: along the rows, then along the columns, bytes in between. */
export function resizeBytes(image: Bytes, filter: string, [height, width]: readonly [number, number]): Bytes {
  if (filter === 'nearest') return nearest(image, height, width);
  return transposed(alongRows(transposed(alongRows(image, filter, width)), filter, height));
}

/** The inputs nearest to outputs along a line; positions are summed up, by which PIL decides ties. */
function nearestInputs(size: number, out: number): number[] {
  let position = (0.5 * size) / out;
  return Array.from({ length: out }, () => {
    const input = Math.floor(position);
    position += size / out;
    return input;
  });
}

function nearest({ height, width, channels, data }: Bytes, outHeight: number, outWidth: number): Bytes {
  const columns = nearestInputs(width, outWidth);
  const pixels = nearestInputs(height, outHeight).flatMap((row) =>
    columns.flatMap((column) => {
      const start = (row * width + column) * channels;
      return [...data.subarray(start, start + channels)];
    }),
  );
  return { height: outHeight, width: outWidth, channels, data: Uint8Array.from(pixels) };
}

/** A part of an image. */
export function cut(
  { width, channels, data }: Bytes,
  part: { readonly top: number; readonly left: number; readonly height: number; readonly width: number },
): Bytes {
  const rows = Array.from({ length: part.height }, (_, i) => {
    const start = ((part.top + i) * width + part.left) * channels;
    return [...data.subarray(start, start + part.width * channels)];
  });
  return { height: part.height, width: part.width, channels, data: Uint8Array.from(rows.flat()) };
}

/** As `torch.nn.functional.interpolate(mode='bilinear')`, in float64 and rounded once. */
export function interpolateBytes(
  { height, width, channels, data }: Bytes,
  [outHeight, outWidth]: readonly [number, number],
): Bytes {
  // The two neighbours along a side; past the border they are the border's.
  const neighbours = (i: number, out: number, size: number): [index: number, weight: number][] => {
    const at = Math.max(0, ((i + 0.5) * size) / out - 0.5);
    const low = Math.floor(at);
    return [
      [low, 1 - (at - low)],
      [Math.min(size - 1, low + 1), at - low],
    ];
  };
  const result = new Uint8Array(outHeight * outWidth * channels);
  for (let i = 0; i < outHeight; i++) {
    for (let j = 0; j < outWidth; j++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (const [y, wy] of neighbours(i, outHeight, height)) {
          for (const [x, wx] of neighbours(j, outWidth, width)) {
            sum += wy * wx * (data[(y * width + x) * channels + c] ?? 0);
          }
        }
        result[(i * outWidth + j) * channels + c] = Math.round(sum);
      }
    }
  }
  return { height: outHeight, width: outWidth, channels, data: result };
}
