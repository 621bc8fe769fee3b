import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
// By channels: grey, grey and alpha, colours, colours and alpha.
const COLOUR_TYPES = [0, 0, 4, 2, 6];
const BITS = 8;

/** Pixels of 8 bits a channel, row by row, as the bytes of a PNG file (ISO/IEC 15948), without filters. */
export function encodePng({
  width,
  height,
  data,
  channels,
}: {
  width: number;
  height: number;
  data: Uint8Array;
  channels: number;
}): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = BITS;
  header[9] = COLOUR_TYPES[channels] ?? 0;
  const stride = width * channels;
  // A byte before each row names its filter: 0, none.
  const rows = new Uint8Array((stride + 1) * height);
  for (let row = 0; row < height; row++) {
    rows.set(data.subarray(row * stride, (row + 1) * stride), row * (stride + 1) + 1);
  }
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, content: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const whole = Buffer.alloc(named.length + 8);
  whole.writeUInt32BE(content.length, 0);
  whole.set(named, 4);
  whole.writeUInt32BE(crc32(named), named.length + 4);
  return whole;
}
