import { readFile } from 'node:fs/promises';
import type { Metadata, OutputInfo, SharpOptions } from 'sharp';
import { fileError, fileErrorFrom } from '../io/formats/file-error.js';
import { regularFileSize } from '../io/formats/regular-file.js';
import { ByteImage, MOST_PIXELS } from '../ops/byte-image.js';
import { imageConvert } from '../ops/image-convert.js';
import { firstOfGif } from './first-of-gif.js';
import { foreignImage } from './foreign-image.js';
import { importSharp } from './sharp.js';

const FORMATS = 'an image (PNG, JPEG, WebP, GIF or TIFF)';
// AVIF is left out: libheif repeats colours where Pillow's libavif interpolates them, up to 43 grey levels apart.
const KNOWN = ['png', 'jpeg', 'webp', 'gif', 'tiff'];

// As Pillow opens files: profiles are not applied, warnings of decoders pass, what is cut short does not. Pixels are
// counted by us, for a sentence of our own.
const OPTIONS: SharpOptions = { ignoreIcc: true, failOn: 'error', limitInputPixels: false };

/**
 * The pixels of an image file as `PIL.ImageOps.exif_transpose(PIL.Image.open(file)).convert('RGB')` or `convert('L')`
 * has them: upright, without alpha, of an animation the first picture. Samples of 16 bits are cut to their high 8;
 * Pillow does so for colours, and would make most of a grey picture white.
 *
 * @param file a path, or the file's bytes
 * @param where how messages name the file
 * @param most for training: what the shorter side has at most; a larger image is made smaller as it is decoded
 * @returns (H,W,1), or (H,W,3) for a picture in colours, unless `grey`
 * @throws TypeError, one sentence, for what is no image, is damaged, or is too large
 */
export async function decodeImage(
  file: string | Uint8Array,
  where: string,
  grey: boolean,
  most = Infinity,
): Promise<ByteImage> {
  const bytes = typeof file === 'string' ? await readWhole(file) : file;
  const raw = await decodeRaw(bytes, where, most);
  let image = ByteImage.taking(raw.data, raw.info.height, raw.info.width, raw.info.channels);
  if (image.channels === 4) image = converted(image, 'rgbFromCmyk');
  if (grey && image.channels === 3) image = converted(image, 'greyFromRgb');
  return image;
}

async function readWhole(path: string): Promise<Uint8Array> {
  await regularFileSize(path);
  try {
    return await readFile(path);
  } catch (cause) {
    throw fileErrorFrom(cause, 'a readable file', path, 'Check the path and its permissions.');
  }
}

async function decodeRaw(bytes: Uint8Array, where: string, most: number): Promise<{ data: Buffer; info: OutputInfo }> {
  const foreign = foreignImage(bytes);
  if (foreign !== undefined) throw fileError(FORMATS, where, foreign, 'Convert it to PNG or JPEG.');
  const sharp = await importSharp();
  let metadata: Metadata;
  try {
    metadata = await sharp(bytes, OPTIONS).metadata();
  } catch (cause) {
    throw fileErrorFrom(cause, FORMATS, where);
  }
  const { format, space, width, height } = metadata;
  if (!KNOWN.includes(format)) throw fileError(FORMATS, where, format.toUpperCase(), 'Convert it to PNG.');
  if (width * height > MOST_PIXELS) {
    const advice = 'Make it smaller first.';
    throw fileError(`an image of at most ${MOST_PIXELS} pixels`, where, `one of ${width} x ${height}`, advice);
  }
  const gif = firstOfGif(bytes);
  const image = sharp(gif?.picture ?? bytes, OPTIONS).autoOrient();
  const inks = space === 'cmyk';
  if (gif !== undefined) image.extend(gif.margin);
  // The one side given, the other follows; a JPEG is decoded at a half, a quarter or an eighth where that suffices.
  else if (Math.min(width, height) > most) image.resize({ [shorterSide(metadata)]: most });
  if (inks) image.pipelineColourspace('cmyk').toColourspace('cmyk');
  // libvips makes 'b-w' of 16 bits by luminance, a grey level off; as three equal channels they are cut.
  else image.removeAlpha().toColourspace(space === 'b-w' ? 'b-w' : 'srgb');
  try {
    return await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  } catch (cause) {
    throw fileErrorFrom(cause, FORMATS, where, 'The file is damaged.');
  }
}

/** Of the image upright: what turns it by a quarter has an orientation of 5 to 8 (EXIF 2.32, tag 274). */
function shorterSide({ width, height, orientation = 1 }: Metadata): 'width' | 'height' {
  return width < height === orientation < 5 ? 'width' : 'height';
}

function converted(image: ByteImage, conversion: Parameters<typeof imageConvert>[1]): ByteImage {
  try {
    return imageConvert(image, conversion);
  } finally {
    image.dispose(); // its last use is enqueued
  }
}
