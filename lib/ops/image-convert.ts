import { expected, Text } from '../check.js';
import { IMAGE_CONVERSION, native } from '../native.js';
import { ByteImage } from './byte-image.js';

/**
 * @internal An image in other colours: red, green, blue to grey by ITU-R 601, or four inks to red, green, blue. No
 * profile is asked.
 *
 * @param image (H,W,C) of C channels: 3 for 'greyFromRgb', 4 for 'rgbFromCmyk'
 * @returns (H,W,1) or (H,W,3)
 * @throws TypeError for another number of channels
 * @see `PIL.Image.convert('L')` and `convert('RGB')`
 */
export function imageConvert(image: ByteImage, conversion: keyof typeof IMAGE_CONVERSION): ByteImage {
  const [from, to] = conversion === 'greyFromRgb' ? [3, 1] : [4, 3];
  if (image.channels !== from) {
    throw expected(`an image of ${from} channels`, 'imageConvert', new Text(String(image.channels)));
  }
  const y = new ByteImage(image.height, image.width, to);
  const pixels = image.height * image.width;
  native.imageConvert({ y, x: image, pixels, conversion: IMAGE_CONVERSION[conversion] });
  return y;
}
