import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expected, Text } from '../check.js';
import { attachProbe } from '../features/attach-probe.js';
import { linearProbe } from '../features/linear-probe.js';
import { info } from '../info.js';
import '../methods.js';
import { textChunks, writeFileAtomically } from '../io/formats/atomic-file.js';
import { formatCount, formatPercent } from '../report/format.js';
import { HtmlReport } from '../report/html-report.js';
import { jsonLine } from '../train/loggers/json-lines.js';
import { CountProgress } from './count-progress.js';
import { decodeSets } from './data-source.js';
import { findImages } from './image-data.js';
import type { Interruption } from './interrupt.js';
import { featuresOfFolder } from './labelled-features.js';
import { openModel } from './open-model.js';
import { makeFolder, RUN_FILES } from './run-folder.js';

/** What `vitrine probe` is told. */
export interface ProbeSettings {
  readonly model: string;
  readonly data: string;
  readonly out: string;
  readonly pool: 'head' | 'cls' | 'mean' | 'max';
  readonly epochs: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly weightDecay: number;
  readonly seed: number;
  readonly force: boolean;
  readonly json: boolean;
}

/** Computes a folder's features, trains a linear head on them, and writes the model with it, and a report. */
export async function probeModel(settings: ProbeSettings, { signal }: Interruption): Promise<void> {
  const { out, pool, epochs, lr, weightDecay, seed } = settings;
  const there = await readdir(out).catch(() => []);
  if (there.length > 0 && !settings.force) {
    const advice = 'Choose another one with --out, or replace it with --force.';
    throw expected('an empty folder', out, new Text('one with files'), advice);
  }
  const model = await openModel(settings.model);
  const { train, test } = await featuresOfFolder(model, settings.data, { pool, batchSize: settings.batchSize, signal });
  const progress = new CountProgress(process.stderr, 'epoch');
  const probe = await linearProbe(train, test, {
    ...{ epochs, lr, weightDecay, seed, signal },
    onEpoch: ({ epoch }) => progress.step(epoch + 1, epochs),
  }).finally(() => progress.end());
  const { training, evaluation } = probe;
  if (evaluation === undefined) throw new Error('A folder has images to test with.'); // as findImages sees to
  attachProbe(model, probe, pool);
  await makeFolder(out);
  const write = (name: string, text: string | Iterable<string>): Promise<void> =>
    writeFileAtomically(join(out, name), textChunks(typeof text === 'string' ? [text] : text));
  const summary = {
    ...{ testAccuracy: evaluation.accuracy, testLoss: evaluation.loss, epochs, lr, weightDecay, seed, pool },
    ...{ train: train.count, test: test.count, trainSeconds: training.trainSeconds, version: info().version },
  };
  await write(RUN_FILES.summary, `${JSON.stringify(summary, null, 2)}\n`);
  await write(
    RUN_FILES.metrics,
    training.history.map((record) => jsonLine({ ...record })),
  );
  await write(RUN_FILES.classes, `${JSON.stringify(probe.classes ?? [], null, 2)}\n`);
  const facts = Object.entries({ model: settings.model, data: settings.data, pool, epochs, lr, weightDecay, seed });
  const { pretrainedConfig } = model;
  // The page's pictures are of the test images as they were judged; where some could not be read, it has none.
  const images = (await findImages(settings.data, { valSplit: undefined, seed: 0 })).test;
  const [shown] =
    pretrainedConfig === undefined || images.length !== test.count
      ? []
      : await decodeSets([images], pretrainedConfig, true);
  const report = new HtmlReport(join(out, RUN_FILES.report), {
    title: 'Linear probe',
    classNames: probe.classes ?? [],
    settings: facts.map(([name, value]) => ({ name, value: String(value) })),
    ...(shown && { test: shown }),
  });
  await write(RUN_FILES.report, await report.lastPage(model, evaluation, epochs, training));
  await model.save(join(out, RUN_FILES.model)); // last: what is there is a whole one
  if (settings.json) console.log(JSON.stringify(summary, null, 2));
  else {
    console.log(`${formatCount(train.count)} images to learn from, ${formatCount(test.count)} to test with`);
    console.log(`  test accuracy  ${formatPercent(evaluation.accuracy)}\n  ${out}`);
  }
}
