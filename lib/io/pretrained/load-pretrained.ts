import { checkPair } from '../../check.js';
import { onlyGiven } from '../../check-options.js';
import * as init from '../../nn/init.js';
import { checkOptionNames, type ViTConfig, type ViTOptions } from '../../nn/vit/config.js';
import { ViT } from '../../nn/vit/vit.js';
import type { Weights } from '../formats/weights.js';
import { convertPositions, type Resizing } from './convert-positions.js';
import { fillModel } from './fill-model.js';
import { shapesOf } from './fit.js';
import { FoldedWeights } from './fold-class-position.js';
import { checkHeld } from './held.js';
import { labelsOf, namesFrom } from './labels.js';
import type { Guess } from './layouts/guess.js';
import type { Evidence, Layout, ModelSize } from './layouts/layout.js';
import { refuseMissing } from './layouts/missing-features.js';
import { recogniseLayout } from './layouts/recognise.js';
import { type Mapping, mapNames } from './layouts/rules.js';
import { evidenceFor, type OpenCheckpoint } from './open-checkpoint.js';
import { planModel, warnOfGuess } from './plan-model.js';
import {
  followSize,
  type PretrainedConfig,
  preprocessingOf,
  setPretrainedConfig,
  setPretrainedGuess,
} from './pretrained-config.js';

/** Reads a ViT; see `ViT.fromPretrained`. */
export async function loadViT(checkpoint: OpenCheckpoint, options: ViTOptions): Promise<ViT> {
  checkOptionNames(options);
  const { files } = checkpoint;
  const opened = { weights: checkpoint.weights, evidence: evidenceFor(checkpoint, 'vit') };
  refuseMissing(opened.evidence);
  const layout = recogniseLayout(opened.evidence);
  const { weights, evidence } = folded(opened, layout);
  const { infos } = evidence;
  const reading = layout.read(evidence);
  const mapping = mapNames(reading.names, reading.rules, (source) => infos.get(source)?.shape[0] ?? 0);
  const given = onlyGiven(options);
  const plan = planModel(shapesOf(mapping, infos), given, layout, evidence);
  checkHeld(plan.config, infos, weights.path);
  const config: ViTOptions = { ...plan.config, ...given };
  const ownHead = config.numClasses === plan.config.numClasses;
  if (!ownHead) replaceHead(mapping, config, given);

  const model = init.withoutInit(() => new ViT(config));
  const source = { weights, infos, mapping, reading, layout: layout.name };
  await fillModel(model, source, {
    isFresh: (name) => !ownHead && isHead(name),
    converted: () => convertPositions(model, resizingOf(layout, evidence), plan, weights.path),
  });
  warnOfGuess(plan, given, weights.path);
  const names = ownHead ? namesFrom(files.classes, config.numClasses, weights.path) : undefined;
  const { pretrainedConfig, certain } = preparationOf(model, plan, layout, evidence, { ownHead, names });
  if (certain) setPretrainedConfig(model, pretrainedConfig);
  else setPretrainedGuess(model, pretrainedConfig, weights.path);
  return model.eval();
}

/** The class token's position as a part of the token, where the layout has it apart. */
function folded(
  { weights, evidence }: { weights: Weights; evidence: Evidence },
  layout: Layout,
): { weights: Weights; evidence: Evidence } {
  const names = layout.classPosition?.(evidence);
  if (names === undefined || !evidence.infos.has(names.token) || !evidence.infos.has(names.positions)) {
    return { weights, evidence };
  }
  const without = new FoldedWeights(weights, names);
  const infos = new Map(without.names().map((name) => [name, without.info(name)]));
  return { weights: without, evidence: { ...evidence, infos } };
}

/**
 * How images are prepared and what the classes are called: as the files beside the weights say, then the file of ours;
 * names at last as `classes.json` has them.
 */
function preparationOf(
  { config }: ViT,
  plan: Guess,
  layout: Layout,
  evidence: Evidence,
  { ownHead, names }: { ownHead: boolean; names: readonly string[] | undefined },
): { pretrainedConfig: PretrainedConfig; certain: boolean } {
  const size = sizeOf(config, plan.config.imgSize ?? config.imgSize);
  const stated = layout.statesPreprocessing(evidence);
  const own = stated && evidence.preprocessor !== undefined ? undefined : evidence.own?.pretrainedConfig;
  const preprocessing = own === undefined ? layout.preprocessing(evidence, size) : preprocessingOf(own);
  const beside = evidence.config && labelsOf(evidence.config, config.numClasses);
  const labels = ownHead ? (beside ?? evidence.own?.pretrainedConfig?.labels ?? names) : undefined;
  return {
    pretrainedConfig: {
      layout: layout.name,
      ...followSize(preprocessing, size.imgSize),
      ...(labels?.length === config.numClasses && { labels }),
    },
    certain: own !== undefined || (stated && evidence.own === undefined) || evidence.preprocessor !== undefined,
  };
}

function isHead(name: string): boolean {
  return /^head(_dist)?\.(weight|bias)$/.test(name);
}

/**
 * Leaves the checkpoint's head out for one of other classes; with the layer before it, as the paper does.
 * @see Dosovitskiy et al. 2021, section 3.2
 */
function replaceHead({ pieces }: Mapping, config: ViTOptions, given: ViTOptions): void {
  const representation = given.representationSize === undefined && given.numClasses !== 0;
  if (representation) delete config.representationSize;
  for (const own of [...pieces.keys()]) {
    if (isHead(own) || (representation && own.startsWith('pre_logits.'))) pieces.delete(own);
  }
}

function resizingOf({ name, positionResize }: Layout, evidence: Evidence): Resizing {
  const positions = typeof positionResize === 'function' ? positionResize(evidence) : positionResize;
  return { positions, scores: name === 'hf' ? 'bilinear' : 'timm' };
}

function sizeOf(
  { inChans, embedDim, depth, distilled, imgSize }: Readonly<ViTConfig>,
  trained: ViTConfig['imgSize'],
): ModelSize {
  const pair = (size: ViTConfig['imgSize']): readonly [number, number] => checkPair(size, 'ViT imgSize', 1);
  return { imgSize: pair(imgSize), trained: pair(trained), inChans, embedDim, depth, distilled };
}
