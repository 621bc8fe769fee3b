import { importSharp } from '../data/sharp.js';
import { pageDocument } from './document.js';
import { type Html, html } from './html.js';
import { pictureTag } from './picture-tag.js';
import type { ReportImage } from './report-data.js';

/** An image of the page. */
export interface PagedImage {
  /** As it is called. */
  readonly image: string;
  /** A path, or the file's bytes. */
  readonly file: string | Uint8Array;
}

/** An image that was found. */
export interface FoundImage extends PagedImage {
  /** Its cosine. */
  readonly similarity: number;
  readonly label?: string;
}

// At twice a screen's pixels a picture is as large as it is shown.
const SIDE = 224;

/** A page of the images that are most like another, nearest first; those that cannot be read any more are named. */
export async function neighboursPage(
  query: PagedImage,
  found: readonly FoundImage[],
  searched: string,
): Promise<string> {
  const [asked, ...pictures] = await Promise.all([query, ...found].map(({ file }) => pictureOf(file)));
  const title = `Most like ${query.image.split('/').at(-1)}`;
  return pageDocument({
    title,
    header: html`<header>
<p class="brand">vitrine</p>
<h1>${title}</h1>
<p class="muted">${found.length} of ${searched}</p>
<div class="samples">${[figure(asked, query.image, html`<b class="sample-name">this image</b>`)]}</div>
</header>`,
    main: [
      html`<section>
<h2>Nearest first</h2>
<p>Under each: its class, where it has one, its cosine similarity (1 is the same direction), and its file.</p>
<div class="samples">${found.map((each, i) => figure(pictures[i], each.image, caption(each)))}</div>
</section>`,
    ],
    data: () => ({ charts: [], confusion: null }),
  });
}

function caption({ image, similarity, label }: FoundImage): Html {
  const name = image.split('/').at(-1) ?? image;
  const title = label === undefined ? null : html`<b class="sample-name">${label}</b>`;
  return html`${title}<span class="sample-line"><span class="sample-class" title="${image}">${name}</span> <span>${similarity.toFixed(3)}</span></span>`;
}

function figure(picture: ReportImage | undefined, alt: string, text: Html): Html {
  const shown = picture === undefined ? html`<p class="muted">cannot be read</p>` : pictureTag(picture, alt);
  return html`<figure class="sample">
${shown}
<figcaption class="sample-text">${text}</figcaption>
</figure>`;
}

/** A small picture of a file; undefined where it cannot be read. */
async function pictureOf(file: string | Uint8Array): Promise<ReportImage | undefined> {
  const sharp = await importSharp();
  try {
    const size = { width: SIDE, height: SIDE, fit: 'inside', withoutEnlargement: true } as const;
    const image = sharp(file).rotate().resize(size).jpeg({ quality: 85 });
    const { data, info } = await image.toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, uri: `data:image/jpeg;base64,${data.toString('base64')}` };
  } catch {
    return undefined; // an archive's member, or a file that is gone: the page says so
  }
}
