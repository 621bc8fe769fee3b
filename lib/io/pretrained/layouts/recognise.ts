import { fileError, listed, quoted } from '../../formats/file-error.js';
import { google } from './google.js';
import { beit } from './hf/beit.js';
import { dinov2 } from './hf/dinov2.js';
import { dinov3 } from './hf/dinov3.js';
import { clip, siglip } from './hf/towers.js';
import { huggingFace } from './hugging-face.js';
import type { Evidence, Layout } from './layout.js';
import { isMeta, meta } from './meta.js';
import { isMetaDinov3, metaDinov3 } from './meta-dinov3.js';
import { openai } from './openai.js';
import { timm, vitrine } from './timm.js';
import { torchvision } from './torchvision.js';

const layouts: readonly Layout[] = [
  ...[timm, torchvision, huggingFace, google, openai],
  ...[dinov2, clip, siglip, dinov3, beit],
];

/** The layouts whose marks a tensor's name bears. */
export function layoutsMarking(name: string): Layout[] {
  return layouts.filter(({ marks }) => marks.test(name));
}

/** The layout whose marks most names bear; throws if none does. */
export function recogniseLayout({ infos, path, own }: Evidence): Layout {
  const names = [...infos.keys()];
  let best: Layout | undefined;
  let most = 0;
  for (const layout of layouts) {
    const count = names.filter((name) => layout.marks.test(name)).length;
    if (count > most) [best, most] = [layout, count];
  }
  if (best === timm && own?.layout === 'vitrine') return vitrine;
  if (best === timm && isMetaDinov3(new Set(names))) return metaDinov3;
  if (best === timm && isMeta(new Set(names))) return meta;
  if (best !== undefined) return best;
  const received = names.length === 0 ? 'no tensors' : `tensors such as ${listed(names.map(quoted))}`;
  throw fileError(
    "a ViT's weights as timm, torchvision, Hugging Face, OpenAI, Meta or Google lay them out",
    path,
    received,
  );
}
