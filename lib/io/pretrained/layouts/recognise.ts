import { fileError, listed, quoted } from '../../formats/file-error.js';
import { google } from './google.js';
import { huggingFace } from './hugging-face.js';
import type { Evidence, Layout } from './layout.js';
import { timm, vitrine } from './timm.js';
import { torchvision } from './torchvision.js';

const layouts: readonly Layout[] = [timm, torchvision, huggingFace, google];

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
  if (best !== undefined) return best === timm && own?.layout === 'vitrine' ? vitrine : best;
  const received = names.length === 0 ? 'no tensors' : `tensors such as ${listed(names.map(quoted))}`;
  throw fileError("a ViT's weights as timm, torchvision, Hugging Face or Google lay them out", path, received);
}
