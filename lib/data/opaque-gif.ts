/**
 * A GIF whose first picture has no transparent colour any more: its transparent pixels get the palette's colour, as
 * Pillow's `convert('RGB')` gives, where other readers leave black. Anything else is given back as it is.
 * Source: GIF89a specification, sections 18 to 23.
 */
export function opaqueGif(bytes: Uint8Array): Uint8Array {
  if (Buffer.from(bytes.subarray(0, 4)).toString('latin1') !== 'GIF8') return bytes;
  const table = bytes[10] ?? 0;
  let at = 13 + (table & 0x80 ? 3 << ((table & 7) + 1) : 0);
  while (bytes[at] === EXTENSION) {
    const packed = at + 3;
    if (bytes[at + 1] === GRAPHIC_CONTROL && ((bytes[packed] ?? 0) & 1) === 1) {
      const opaque = bytes.slice();
      opaque[packed] = (bytes[packed] ?? 0) & ~1;
      return opaque;
    }
    at += 2;
    for (let size = bytes[at]; size !== undefined && size > 0; size = bytes[at]) at += 1 + size;
    at += 1; // the block of size 0 that ends an extension
  }
  return bytes;
}

const EXTENSION = 0x21;
const GRAPHIC_CONTROL = 0xf9;
