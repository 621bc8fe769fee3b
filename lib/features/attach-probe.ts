import { checkOneOf, expected, Text } from '../check.js';
import type { FeaturePool } from '../nn/features.js';
import { Swin } from '../nn/swin/swin.js';
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
export function attachProbe<Model extends ViT | Swin>(
  model: Model,
  probe: LinearProbe,
  pool: ProbePool = 'head',
): Model {
  checkOneOf(pool, 'features.attachProbe pool', POOLS);
  if (model instanceof ViT) attachToViT(model, probe, pool);
  else if (model instanceof Swin) attachToSwin(model, probe, pool);
  else throw expected('a ViT or a Swin', 'features.attachProbe', model);
  const { pretrainedConfig } = model;
  if (pretrainedConfig !== undefined && probe.classes !== undefined) {
    model.pretrainedConfig = { ...pretrainedConfig, labels: probe.classes };
  }
  return model;
}

function attachToViT(model: ViT, { weight, bias, width, numClasses }: LinearProbe, pool: ProbePool): void {
  const own = model.config.representationSize ?? model.config.embedDim;
  if (pool !== 'head' && model.config.representationSize !== undefined) {
    const advice = 'The layer before the classifier would come in between.';
    throw expected("pool 'head'", 'features.attachProbe of a model with representationSize', pool, advice);
  }
  checkWidth(width, own);
  const reads = READS[pool];
  if (reads === undefined) model.resetClassifier(numClasses);
  else model.resetClassifier(numClasses, reads);
  for (const head of [model.head, model.headDist]) {
    head?.weight.set(weight);
    head?.bias?.set(bias);
  }
}

/** Its classifier reads the mean of tokens, and no other pooling. */
function attachToSwin(model: Swin, { weight, bias, width, numClasses }: LinearProbe, pool: ProbePool): void {
  if (pool !== 'head' && pool !== 'mean')
    throw expected("'head' or 'mean'", 'features.attachProbe pool of a Swin', pool);
  checkWidth(width, model.norm.weight.size);
  const head = model.resetClassifier(numClasses, 'avg').getClassifier();
  head?.weight.set(weight);
  head?.bias?.set(bias);
}

function checkWidth(width: number, own: number): void {
  if (width === own) return;
  throw expected(`a probe of ${own} numbers`, 'features.attachProbe', new Text(`one of ${width}`));
}
