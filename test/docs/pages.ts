// The code of documentation pages, and what it finds around it when it runs.

import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../lib/native.js';

/** Where a page's `'vitrine'` is here. */
export const library = pathToFileURL(join(packageRoot, 'dist/lib/index.js')).href;

/** The code blocks of some languages on a page. TypeScript there is plain JavaScript too, so it runs as it is. */
export function codeOf(page: string, languages: readonly string[]): { language: string; text: string }[] {
  const text = readFileSync(join(packageRoot, page), 'utf8');
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```/gms)];
  return blocks
    .map(([, language = '', body = '']) => ({ language, text: body }))
    .filter(({ language }) => languages.includes(language));
}

/** Puts the bundled data into a folder. */
export function linkData(folder: string): void {
  symlinkSync(join(packageRoot, 'data'), join(folder, 'data'));
}

/** Writes a small checkpoint where pages have that of ViT-B/16. */
export function writeCheckpoint(folder: string): void {
  const checkpoint = join(folder, 'vit-base-patch16-224');
  cpSync(join(packageRoot, 'test/golden/hf-vit'), checkpoint, { recursive: true });
  // Published folders say how images are prepared; of one that does not, a warning says what is assumed.
  const processor = {
    do_resize: true,
    size: { height: 32, width: 32 },
    resample: 2,
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.5, 0.5, 0.5],
  };
  writeFileSync(join(checkpoint, 'preprocessor_config.json'), JSON.stringify(processor));
}
