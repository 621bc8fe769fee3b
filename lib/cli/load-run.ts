import { join } from 'node:path';
import { loadSafetensors } from '../io/state-dict.js';
import { ViT } from '../nn/vit.js';
import { RUN_FILES, type RunConfig, readRunConfig } from './run-folder.js';

/** Builds a run's model again, with its weights, ready to be evaluated. */
export async function loadRun(folder: string): Promise<{ model: ViT; config: RunConfig }> {
  const config = await readRunConfig(folder);
  const weights = await loadSafetensors(join(folder, RUN_FILES.model));
  try {
    const model = new ViT(config.model);
    model.loadStateDict(weights);
    return { model: model.eval(), config };
  } finally {
    for (const weight of weights.values()) weight.dispose();
  }
}
