import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expected, Text } from '../check.js';
import { textChunks, writeFileAtomically } from '../io/formats/atomic-file.js';
import { fileErrorFrom } from '../io/formats/file-error.js';
import { JsonFields } from '../io/formats/json-fields.js';
import { writeSafetensors } from '../io/formats/safetensors.js';
import { parseStrictJson } from '../io/formats/strict-json.js';
import { modelMetadata } from '../io/pretrained/model-metadata.js';
import { loadSafetensors, tensorSources } from '../io/state-dict.js';
import { Swin } from '../nn/swin/swin.js';
import { ViT } from '../nn/vit/vit.js';
import { copyInto } from '../ops/copy.js';
import { randomState, setRandomState } from '../ops/random.js';
import type { Optimizer } from '../optim/optimizer.js';
import type { Tensor } from '../tensor.js';
import type { ModelEma } from './ema.js';
import type { EpochRecord } from './epoch-record.js';
import type { Classifier } from './evaluate.js';
import { encode, type FitState } from './fit-state.js';

/** The files of a checkpoint. */
export const CHECKPOINT_FILES = {
  model: 'model.safetensors',
  ema: 'ema.safetensors',
  optimizer: 'optimizer.safetensors',
  state: 'state.json',
} as const;

/** Of state.json; a reader takes its own. */
const FORMAT = 1;

/** What a checkpoint is of. */
export interface Trained {
  readonly model: Classifier;
  readonly optimizer: Optimizer;
  readonly ema: ModelEma | undefined;
}

/**
 * What writes a training's files, as it is now: all that is on the stream begins to be read before this returns.
 *
 * @param state what is in JavaScript
 */
export function checkpointWriter(
  { model, optimizer, ema }: Trained,
  state: FitState,
): (folder: string) => Promise<void> {
  const weights = tensorSources(model.stateDict());
  const averages = ema && tensorSources(ema.stateDict());
  const moments = tensorSources(optimizer.stateDict());
  const random = randomState();
  random.catch(() => undefined); // awaited below
  const metadata = model instanceof ViT || model instanceof Swin ? modelMetadata(model) : { format: 'pt' };
  const rates = { lr: optimizer.lr, groups: optimizer.groups.map(({ lr }) => lr) };
  const { state: told, history } = state.toJson();
  const json = { format: FORMAT, ...told, rates, ...(ema && { emaUpdates: ema.updates }) };
  return async (folder) => {
    await writeSafetensors(join(folder, CHECKPOINT_FILES.model), weights, metadata);
    if (averages !== undefined) await writeSafetensors(join(folder, CHECKPOINT_FILES.ema), averages, metadata);
    await writeSafetensors(join(folder, CHECKPOINT_FILES.optimizer), moments);
    const text = stateText({ ...json, random: await random }, history);
    await writeFileAtomically(join(folder, CHECKPOINT_FILES.state), textChunks(text));
  };
}

// Epochs that become text at a time: a millisecond's.
const RECORDS = 500;

/** The text of state.json in pieces, a line an epoch. */
function* stateText(state: object, history: readonly EpochRecord[]): Generator<string> {
  yield `${JSON.stringify(state, null, 1).slice(0, -'\n}'.length)},\n "history": [`;
  for (let from = 0; from < history.length; from += RECORDS) {
    const lines = history.slice(from, from + RECORDS).map((record) => `\n  ${JSON.stringify(encode(record))}`);
    yield `${from === 0 ? '' : ','}${lines.join(',')}`;
  }
  yield '\n ]\n}\n';
}

/**
 * Puts a training where a checkpoint found it; nothing is changed where something does not fit.
 *
 * @throws TypeError, one sentence, for files that are missing, damaged, or of another model or optimizer
 */
export async function readCheckpoint(
  folder: string,
  { model, optimizer, ema }: Trained,
  state: FitState,
): Promise<void> {
  const path = join(folder, CHECKPOINT_FILES.state);
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw fileErrorFrom(cause, 'a checkpoint of a training', folder, 'Name a folder of checkpoints, or one of them.');
  });
  const fields = new JsonFields(parseStrictJson(text, path), path);
  if (fields.integer('format') !== FORMAT) {
    throw expected(`format ${FORMAT}`, path, fields.raw('format'), 'Resume it with that vitrine.');
  }
  const random = fields.numbers('random');
  const emaUpdates = fields.integer('emaUpdates');
  if (random === undefined || random.length !== 4) throw expected('four numbers as "random"', path, random);
  if ((ema === undefined) !== (emaUpdates === undefined)) {
    throw expected(
      ema ? 'a checkpoint with ema' : 'ema',
      `resume from ${folder}`,
      new Text(ema ? 'one without' : 'none'),
    );
  }
  state.check(fields);
  const loaded: Map<string, Tensor>[] = [];
  const load = async (name: string): Promise<Map<string, Tensor>> => {
    const tensors = await loadSafetensors(join(folder, name));
    loaded.push(tensors);
    return tensors;
  };
  try {
    const weights = await load(CHECKPOINT_FILES.model);
    const averages = ema && (await load(CHECKPOINT_FILES.ema));
    const moments = await load(CHECKPOINT_FILES.optimizer);
    optimizer.loadStateDict(moments); // these two check before they change anything
    model.loadStateDict(weights);
    for (const [name, average] of ema?.stateDict() ?? []) copyInto(average, averages?.get(name) as Tensor); // the model's names
  } finally {
    for (const tensors of loaded) for (const held of tensors.values()) held.dispose();
  }
  if (ema !== undefined && emaUpdates !== undefined) ema.updates = emaUpdates;
  putRates(optimizer, fields.object('rates'));
  state.load(fields);
  setRandomState(random);
}

function putRates(optimizer: Optimizer, rates: JsonFields | undefined): void {
  optimizer.lr = rates?.number('lr') ?? optimizer.lr;
  const groups = rates?.numbers('groups') ?? [];
  for (const [i, group] of optimizer.groups.entries()) group.lr = groups[i] ?? group.lr;
}
