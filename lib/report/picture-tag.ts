import { type Html, html } from './html.js';
import type { ReportImage } from './report-data.js';

// Below, a picture's pixels are shown as squares; above, they are too small to be told apart.
const FEW_PIXELS = 64;

/** The class of an `img` by the picture's size. */
export function pictureClass({ width, height }: ReportImage): string {
  return Math.max(width, height) > FEW_PIXELS ? 'pixels smooth' : 'pixels';
}

/** A picture on the page. */
export function pictureTag(image: ReportImage, alt: string): Html {
  const { width, height, uri } = image;
  return html`<img class="${pictureClass(image)}" width="${width}" height="${height}" src="${uri}" alt="${alt}">`;
}
