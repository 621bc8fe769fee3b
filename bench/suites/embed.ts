import { expected } from '../../lib/check.js';
import { UsageError } from '../../lib/cli/usage-error.js';
import { image2embConv, image2embNaive } from '../kernels/image2emb.js';
import { kernelWork } from '../kernels/index.js';
import type { Suite, SuiteOptions } from '../suite.js';
import type { Case } from '../work.js';

/** The patch embedding of ViT-B/16. */
export const EMBED_DEFAULTS = { img: 224, patch: 16, dim: 768, batch: 8 } as const;
const CHANNELS = 3;

/** Both routes, forward and with backward. */
export function embedCases(options: SuiteOptions): Case[] {
  const { img, patch, dim, batch } = { ...EMBED_DEFAULTS, ...options };
  if (img % patch !== 0) {
    throw new UsageError(expected(`an image size that the patch size ${patch} divides`, '--img', img));
  }
  const params = { batch, channels: CHANNELS, img, patch, dim };
  const routes = { naive: image2embNaive, conv: image2embConv };
  return [false, true].flatMap((backward) =>
    Object.entries(routes).flatMap(([route, bench]) => {
      const cost = kernelWork(bench, params, backward);
      if (cost === undefined) return [];
      const name = `${route} ${backward ? 'fwd+bwd' : 'fwd'} ${img}/${patch}/${dim}`;
      return [{ suite: 'embed', name, model: null, batch, threads: options.threads, ...cost }];
    }),
  );
}

/** Patch embedding: unfold and multiply against the convolution. */
export const embed: Suite = {
  name: 'embed',
  description: 'patch embedding, naive (unfold and multiply) against convolution; --img, --patch, --dim, --batch',
  options: ['img', 'patch', 'dim', 'batch'],
  hasPeers: true,
  cases: (options) => embedCases(options),
};
