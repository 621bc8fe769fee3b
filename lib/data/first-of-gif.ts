/** The first picture of a GIF as Pillow sees it. */
export interface FirstOfGif {
  /** A GIF of the picture alone, without transparent colour: those pixels keep the colour of the palette. */
  readonly picture: Uint8Array;
  /** What is around the picture on its canvas, in pixels, and its colour: the transparent one, or the palette's first. */
  readonly margin: {
    readonly top: number;
    readonly left: number;
    readonly bottom: number;
    readonly right: number;
    readonly background: { readonly r: number; readonly g: number; readonly b: number };
  };
}

const EXTENSION = 0x21;
const GRAPHIC_CONTROL = 0xf9;
const PICTURE = 0x2c;
const CANVAS = 6; // where width and height of the whole are
const HEADER = 13; // bytes before the palette of all pictures

/**
 * Reads the blocks in front of a GIF's first picture; undefined for other files, and for what has none.
 * `Image.convert('RGB')` drops transparency and keeps colours, where other readers leave black.
 * @see GIF89a specification, sections 18 to 23
 */
export function firstOfGif(bytes: Uint8Array): FirstOfGif | undefined {
  if (Buffer.from(bytes.subarray(0, 4)).toString('latin1') !== 'GIF8') return undefined;
  const picture = Buffer.from(bytes); // a copy
  let transparent = 0;
  let at = HEADER + paletteBytes(bytes[10]);
  while (bytes[at] === EXTENSION) {
    const packed = at + 3;
    if (bytes[at + 1] === GRAPHIC_CONTROL && ((bytes[packed] ?? 0) & 1) === 1) {
      picture[packed] = (bytes[packed] ?? 0) & ~1;
      transparent = bytes[packed + 3] ?? 0;
    }
    at += 2;
    for (let size = bytes[at]; size !== undefined && size > 0; size = bytes[at]) at += 1 + size;
    at += 1; // the block of size 0 that ends an extension
  }
  if (bytes[at] !== PICTURE || at + 9 >= bytes.length) return undefined;
  const words = [at + 1, at + 3, at + 5, at + 7, CANVAS, CANVAS + 2].map((place) => picture.readUInt16LE(place));
  const [left = 0, top = 0, width = 0, height = 0, wholeWidth = 0, wholeHeight = 0] = words;
  const [right, bottom] = [wholeWidth - left - width, wholeHeight - top - height];
  if (right < 0 || bottom < 0) return undefined; // not on its canvas
  picture.fill(0, at + 1, at + 5);
  picture.copy(picture, CANVAS, at + 5, at + 9);
  const palette = paletteBytes(bytes[at + 9]) > 0 ? at + 10 : HEADER;
  const [r = 0, g = 0, b = 0] = bytes.subarray(palette + 3 * transparent, palette + 3 * transparent + 3);
  return { picture, margin: { top, left, bottom, right, background: { r, g, b } } };
}

/** The length of the palette that a packed field announces. */
function paletteBytes(packed = 0): number {
  return packed & 0x80 ? 3 << ((packed & 7) + 1) : 0;
}
