import { checkOneOf, expected, Text } from '../check.js';
import type { FeaturePool } from '../nn/features.js';
import type { GlobalPool } from '../nn/vit/head.js';
import { ViT } from '../nn/vit/vit.js';
import type { LinearProbe } from './linear-probe.js';

/** What a classifier reads, by how its features were pooled; undefined for what the model's own reads. */
const READS = { head: undefined, cls: 'token', mean: 'avg', max: 'max' } as const satisfies Partial<
  Record<FeaturePool, GlobalPool | undefined>
>;

type ProbePool = keyof typeof READS;

const POOLS = Object.keys(READS) as ProbePool[]; // of this object

/**
 * Puts a linear probe in the place of a model's classifier, so that `forward` gives its classes; to be saved with
 * `model.save`. The features must have been those of the last block, not normalised.
 *
 * @param pool as the features were pooled
 * @throws TypeError for a probe of another width, and a pooling that no classifier of this model has
 */
export function attachProbe(model: ViT, probe: LinearProbe, pool: ProbePool = 'head'): ViT {
  if (!(model instanceof ViT)) throw expected('a ViT', 'features.attachProbe', model);
  checkOneOf(pool, 'features.attachProbe pool', POOLS);
  const { weight, bias, width, numClasses, classes } = probe;
  const own = model.config.representationSize ?? model.config.embedDim;
  if (pool !== 'head' && model.config.representationSize !== undefined) {
    const advice = 'The layer before the classifier would come in between.';
    throw expected("pool 'head'", 'features.attachProbe of a model with representationSize', pool, advice);
  }
  if (width !== own) {
    throw expected(`a probe of ${own} numbers`, 'features.attachProbe', new Text(`one of ${width}`));
  }
  const reads = READS[pool];
  if (reads === undefined) model.resetClassifier(numClasses);
  else model.resetClassifier(numClasses, reads);
  for (const head of [model.head, model.headDist]) {
    head?.weight.set(weight);
    head?.bias?.set(bias);
  }
  const { pretrainedConfig } = model;
  if (pretrainedConfig !== undefined && classes !== undefined) {
    model.pretrainedConfig = { ...pretrainedConfig, labels: classes };
  }
  return model;
}
