import { checkPair } from '../../../check.js';
import { onlyGiven } from '../../../check-options.js';
import * as init from '../../../nn/init.js';
import { checkSwinOptions, type SwinOptions } from '../../../nn/swin/config.js';
import { Swin } from '../../../nn/swin/swin.js';
import { WindowAttention } from '../../../nn/swin/window-attention.js';
import { warnOnce } from '../../../warning.js';
import { resizeBiasTable } from '../bias-table.js';
import type { CheckpointFiles } from '../checkpoint-files.js';
import { fillModel } from '../fill-model.js';
import { shapesOf } from '../fit.js';
import { checkHeldParameters } from '../held.js';
import { labelsOf, namesFrom } from '../labels.js';
import { mapNames } from '../layouts/rules.js';
import { evidenceFor, type OpenCheckpoint } from '../open-checkpoint.js';
import {
  followSize,
  type PretrainedConfig,
  preprocessingOf,
  setPretrainedConfig,
  setPretrainedGuess,
} from '../pretrained-config.js';
import { parametersOf } from './architecture.js';
import { pretrainedWindowsOf, readBuffers } from './buffers.js';
import { type SwinEvidence, type SwinLayout, swinLayoutOf } from './layouts.js';
import { planSwin, type SwinPlan, warnOfSwinGuess } from './plan.js';
import { paddedStages } from './windows.js';

const HEAD = /^head\.fc\./;

/** Reads a Swin; see `Swin.fromPretrained`. */
export async function loadSwin(checkpoint: OpenCheckpoint, options: SwinOptions): Promise<Swin> {
  checkSwinOptions(options);
  const { files, weights } = checkpoint;
  const evidence = evidenceFor(checkpoint, 'swin');
  const { infos, path } = evidence;
  const layout = swinLayoutOf(evidence);
  const reading = layout.read(evidence);
  const mapping = mapNames(reading.names, reading.rules, () => 0);
  const given = onlyGiven(options);
  const buffers = readBuffers(weights);
  const pretrainedWindows = await pretrainedWindowsOf(weights, buffers);
  const plan = planSwin(shapesOf(mapping, infos), layout, evidence, { given, buffers, pretrainedWindows });
  checkHeldParameters(parametersOf(plan.config), infos, path);
  const config: SwinOptions = { ...plan.config, ...given };
  const ownHead = config.numClasses === plan.config.numClasses;
  if (!ownHead) for (const own of [...mapping.pieces.keys()]) if (HEAD.test(own)) mapping.pieces.delete(own);

  const model = init.withoutInit(() => new Swin(config));
  const source = { weights, infos, mapping, reading, layout: layout.name };
  await fillModel(model, source, {
    isFresh: (name) => !ownHead && HEAD.test(name),
    converted: () => convertTables(model, plan),
  });
  warnOfSwinGuess(plan, given, path);
  warnOfPadding(model, layout, path);
  prepare(model, { plan, layout, evidence, classes: files.classes, ownHead });
  return model.eval();
}

/** How to make the tables of the model's windows from those of the checkpoint's, by parameter, where they differ. */
function convertTables(model: Swin, { windows }: SwinPlan): Map<string, (values: Float32Array) => Float32Array> {
  const converted = new Map<string, (values: Float32Array) => Float32Array>();
  for (const [name, module] of model.namedModules()) {
    if (!(module instanceof WindowAttention)) continue;
    const from = windows[Number(/^layers\.(\d+)/.exec(name)?.[1] ?? 0)];
    const to = module.settings.window;
    if (from === undefined || (from[0] === to[0] && from[1] === to[1])) continue;
    converted.set(`${name}.relative_position_bias_table`, (values) => resizeBiasTable(values, from, to));
  }
  return converted;
}

/** Where zeros complete a grid, Transformers puts them before the shift, and timm, as here, after it. */
function warnOfPadding({ config }: Swin, { name }: SwinLayout, path: string): void {
  const stages = name === 'hf' ? paddedStages(config) : [];
  if (stages.length === 0) return;
  warnOnce(
    `${path}: windows of ${checkPair(config.windowSize, 'Swin windowSize', 1).join(' x ')} do not divide images of ${checkPair(config.imgSize, 'Swin imgSize', 1).join(' x ')} in stage ${stages.join(', ')}; zeros stand where timm puts them, and Transformers puts them elsewhere.`,
  );
}

interface Read {
  readonly plan: SwinPlan;
  readonly layout: SwinLayout;
  readonly evidence: SwinEvidence;
  readonly classes: CheckpointFiles['classes'];
  readonly ownHead: boolean;
}

/** Notes how images are prepared and what the classes are called, as `loadViT` does. */
function prepare(model: Swin, { plan, layout, evidence, classes, ownHead }: Read): void {
  const { inChans, numClasses, imgSize: asked } = model.config;
  const [imgSize, trained] = [asked, plan.config.imgSize].map((size) => checkPair(size, 'Swin imgSize', 1)) as [
    [number, number],
    [number, number],
  ]; // one each
  const { own, path } = evidence;
  const stated = layout.statesPreprocessing(evidence);
  const ours = stated && evidence.preprocessor !== undefined ? undefined : own?.pretrainedConfig;
  const preprocessing =
    ours === undefined ? layout.preprocessing(evidence, { imgSize, trained, inChans }) : preprocessingOf(ours);
  const beside = evidence.config && labelsOf(evidence.config, numClasses);
  const labels = ownHead
    ? (beside ?? own?.pretrainedConfig?.labels ?? namesFrom(classes, numClasses, path))
    : undefined;
  const known: PretrainedConfig = {
    layout: layout.name,
    ...followSize(preprocessing, imgSize),
    ...(labels?.length === numClasses && { labels }),
  };
  const certain = ours !== undefined || (stated && own === undefined) || evidence.preprocessor !== undefined;
  if (certain) setPretrainedConfig(model, known);
  else setPretrainedGuess(model, known, path);
}
