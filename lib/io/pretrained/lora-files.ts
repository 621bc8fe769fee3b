import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkInteger, expected, Text } from '../../check.js';
import { withoutInit } from '../../nn/init.js';
import { Linear } from '../../nn/linear.js';
import { applyLora, Lora, type LoraOptions } from '../../nn/lora.js';
import type { LoraBranch } from '../../nn/lora-branch.js';
import { Module } from '../../nn/module.js';
import { copyInto } from '../../ops/copy.js';
import type { Tensor } from '../../tensor.js';
import { writeFileAtomically } from '../formats/atomic-file.js';
import { fileError, fileErrorFrom, listed, quoted } from '../formats/file-error.js';
import { isObject, JsonFields } from '../formats/json-fields.js';
import { writeSafetensors } from '../formats/safetensors.js';
import { parseStrictJson } from '../formats/strict-json.js';
import { loadSafetensors, tensorSources } from '../state-dict.js';

const WEIGHTS = 'adapter_model.safetensors';
const CONFIG = 'adapter_config.json';
// Where PEFT keeps the model that it wraps.
const PREFIX = 'base_model.model.';

/**
 * Writes adapters, and what is trained as a whole beside them, to a folder as PEFT lays it out:
 * `adapter_config.json` and `adapter_model.safetensors`. PEFT loads it into timm's model of the same kind.
 *
 * @throws TypeError for adapters that were unloaded, or a path that cannot be written
 * @see `PeftModel.save_pretrained`
 */
export async function saveLora(lora: Lora, folder: string): Promise<void> {
  if (!(lora instanceof Lora)) throw expected('the adapters from applyLora', 'saveLora', lora);
  const branches = lora.branches();
  const [first] = branches.values();
  if (first === undefined) throw expected('adapters', 'saveLora', new Text('some that were unloaded'));
  const tensors = new Map<string, Tensor>();
  for (const [name, { A, B }] of branches) {
    tensors.set(`${PREFIX}${name}.lora_A.weight`, A).set(`${PREFIX}${name}.lora_B.weight`, B);
  }
  const modules = lora.model.namedModules();
  for (const name of lora.modulesToSave) {
    for (const [key, value] of modules.get(name)?.stateDict() ?? []) tensors.set(`${PREFIX}${name}.${key}`, value);
  }
  const { rank, alpha, dropout, useRslora } = first; // all are alike
  const config = {
    peft_type: 'LORA',
    r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout,
    use_rslora: useRslora,
    target_modules: [...branches.keys()],
    modules_to_save: lora.modulesToSave.length > 0 ? lora.modulesToSave : null,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    task_type: null,
    base_model_name_or_path: null,
  };
  const sources = tensorSources(tensors); // reading begins now, before any await: all are of one step
  await mkdir(folder, { recursive: true }).catch((cause) => {
    throw fileErrorFrom(cause, 'a folder that may be made', folder, 'Adapters are a folder.');
  });
  await writeSafetensors(join(folder, WEIGHTS), sources, { format: 'pt' });
  await writeFileAtomically(join(folder, CONFIG), [Buffer.from(`${JSON.stringify(config, null, 2)}\n`)]);
}

/**
 * Puts adapters from a folder, as `saveLora` or PEFT writes them, beside a model's layers, frozen parameters and all, as
 * `applyLora` does. Those of PEFT are for timm's names.
 *
 * @throws TypeError for adapters of another model, or of a kind that there is none of here; the model is not changed then
 * @see `PeftModel.from_pretrained`
 */
export async function loadLora(model: Module, folder: string): Promise<Lora> {
  if (!(model instanceof Module)) throw expected('a module', 'loadLora', model);
  const options = await readConfig(join(folder, CONFIG));
  const path = join(folder, WEIGHTS);
  const tensors = await loadSafetensors(path);
  try {
    const found = sorted(tensors, path);
    checkFits(model, found, options, path);
    const targets = new RegExp(`^(?:${[...found.adapters.keys()].map(literal).join('|')})$`);
    const lora = withoutInit(() => applyLora(model, { ...options, targets }));
    for (const [name, branch] of lora.branches()) {
      const { A, B } = found.adapters.get(name) as Pair; // the target's
      copyInto(branch.A, A);
      copyInto(branch.B, B);
    }
    const own = model.stateDict();
    for (const [name, value] of found.others) copyInto(own.get(name) as Tensor, value); // checked to be there
    return lora;
  } finally {
    for (const held of tensors.values()) held.dispose();
  }
}

type Pair = Pick<LoraBranch, 'A' | 'B'>;

interface Found {
  readonly adapters: ReadonlyMap<string, Pair>;
  /** Of modules that were trained as a whole. */
  readonly others: ReadonlyMap<string, Tensor>;
}

type Read = Required<Pick<LoraOptions, 'rank' | 'alpha' | 'dropout' | 'useRslora' | 'modulesToSave'>>;

/** What of PEFT's settings would give other results, were it passed over; each with the value that changes nothing. */
const NEUTRAL: Readonly<Record<string, readonly unknown[]>> = {
  use_dora: [false],
  use_qalora: [false],
  use_bdlora: [false],
  lora_bias: [false],
  bias: ['none'],
  rank_pattern: [],
  alpha_pattern: [],
  layer_replication: [],
  target_parameters: [],
  trainable_token_indices: [],
  alora_invocation_tokens: [],
  arrow_config: [],
  kasa_config: [],
  monteclora_config: [],
  velora_config: [],
};

async function readConfig(path: string): Promise<Read> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw fileErrorFrom(cause, 'the adapters of a LoRA', path, `A folder holds ${CONFIG} and ${WEIGHTS}.`);
  });
  const fields = new JsonFields(parseStrictJson(text, path), path);
  const type = fields.string('peft_type');
  if (type !== 'LORA') throw fileError('adapters of type LORA', path, quoted(type ?? 'none'));
  for (const [name, neutral] of Object.entries(NEUTRAL)) {
    const value = fields.raw(name);
    const isEmpty = value === undefined || (isObject(value) && Object.keys(value).length === 0);
    if (isEmpty || (Array.isArray(value) && value.length === 0) || neutral.includes(value)) continue;
    throw fileError('adapters of plain LoRA', path, `some with ${name}: ${JSON.stringify(value)}`.slice(0, 200));
  }
  const rank = checkInteger(fields.raw('r'), `"r" of ${path}`, 1);
  const names = fields.raw('modules_to_save') ?? [];
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) {
    throw fileError('names as "modules_to_save"', path, 'something else');
  }
  return {
    rank,
    alpha: fields.number('lora_alpha') ?? rank,
    dropout: fields.number('lora_dropout') ?? 0,
    useRslora: fields.boolean('use_rslora') ?? false,
    modulesToSave: names,
  };
}

/** The tensors of a file by what they are for, under the model's own names. */
function sorted(tensors: ReadonlyMap<string, Tensor>, path: string): Found {
  const halves = new Map<string, Partial<Pair>>();
  const others = new Map<string, Tensor>();
  for (const [key, value] of tensors) {
    if (!key.startsWith(PREFIX)) throw fileError(`names that begin with ${PREFIX}`, path, quoted(key));
    const name = key.slice(PREFIX.length);
    const [, layer, half] = /^(.+)\.lora_([AB])\.weight$/.exec(name) ?? [];
    if (layer === undefined) others.set(name, value);
    else halves.set(layer, { ...halves.get(layer), [half as 'A' | 'B']: value });
  }
  const adapters = new Map<string, Pair>();
  for (const [name, { A, B }] of halves) {
    if (A === undefined || B === undefined) throw fileError('A and B of each layer', path, `one of ${quoted(name)}`);
    adapters.set(name, { A, B });
  }
  if (adapters.size === 0) throw fileError('adapters of a LoRA', path, 'a file without');
  return { adapters, others };
}

/** Throws, before anything is changed, unless the model has such layers. */
function checkFits(model: Module, { adapters, others }: Found, { rank, modulesToSave }: Read, path: string): void {
  const modules = model.namedModules();
  const state = model.stateDict();
  const strange = [...adapters.keys()].filter((name) => !(modules.get(name) instanceof Linear));
  if (strange.length > 0) {
    throw fileError('adapters of linear layers of the model', path, `some of ${listed(strange.map(quoted))}`);
  }
  for (const [name, { A, B }] of adapters) {
    const { inFeatures, outFeatures } = modules.get(name) as Linear; // seen above
    checkShape(A, [rank, inFeatures], `${name}.lora_A`, path);
    checkShape(B, [outFeatures, rank], `${name}.lora_B`, path);
  }
  for (const [name, value] of others) {
    const target = state.get(name);
    if (target === undefined || !modulesToSave.some((saved) => isWithin(name, saved))) {
      throw fileError('adapters, and modules_to_save of the model', path, quoted(name));
    }
    checkShape(value, target.shape, name, path);
  }
}

/** Whether a parameter is of a module whose name is given, or ends so. */
function isWithin(parameter: string, module: string): boolean {
  return `.${parameter}`.includes(`.${module}.`);
}

function checkShape({ shape }: Tensor, wanted: readonly number[], name: string, path: string): void {
  if (shape.join() === wanted.join()) return;
  throw fileError(`${quoted(name)} of shape [${wanted.join(', ')}]`, path, `[${shape.join(', ')}]`);
}

function literal(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
