import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { fileError, fileErrorFrom, listed } from '../formats/file-error.js';
import { torchPickle } from '../formats/foreign-format.js';
import { JsonFields } from '../formats/json-fields.js';
import { openNpz } from '../formats/npz.js';
import { regularFileSize } from '../formats/regular-file.js';
import { readSafetensors } from '../formats/safetensors.js';
import { openShardedWeights } from '../formats/sharded-weights.js';
import { parseStrictJson } from '../formats/strict-json.js';
import type { Weights } from '../formats/weights.js';
import { withoutInt8 } from './int8-weights.js';

/** A checkpoint's weights, open, and what lies beside them. Close the weights after use. */
export interface CheckpointFiles {
  readonly weights: Weights;
  /** `config.json`, or `open_clip_config.json` where the weights are open_clip's or there is no other. */
  readonly config: JsonFields | undefined;
  /** `preprocessor_config.json`. */
  readonly preprocessor: JsonFields | undefined;
  /** `classes.json`: the classes' names. */
  readonly classes: readonly string[] | undefined;
}

const weightsName = 'model.safetensors';
const indexName = 'model.safetensors.index.json';
const openClipName = 'open_clip_model.safetensors';
const classesName = 'classes.json';
const maxConfigBytes = 10_000_000;

/**
 * Opens a checkpoint: a .safetensors or .npz file, the index of several, or a folder that has one of them.
 *
 * Throws one clear error if there are no weights, or those there are cannot be read; files of other formats are named.
 */
export async function openCheckpointFiles(path: string): Promise<CheckpointFiles> {
  const file = (await isFolder(path)) ? await weightsIn(path) : path;
  // A lone file's neighbours may have nothing to do with it; those of a file with this name describe it.
  const described = file !== path || [weightsName, indexName, openClipName].includes(basename(file));
  const beside = (name: string): Promise<JsonFields | undefined> =>
    described ? readConfig(join(dirname(file), name)) : Promise.resolve(undefined);
  const configs = ['config.json', 'open_clip_config.json'];
  if (basename(file).startsWith('open_clip_')) configs.reverse();
  const [first = '', second = ''] = configs;
  const config = (await beside(first)) ?? (await beside(second));
  const preprocessor = await beside('preprocessor_config.json');
  const classes = described ? await readClasses(join(dirname(file), classesName)) : undefined;
  return { weights: await openWeights(file), config, preprocessor, classes };
}

async function openWeights(path: string): Promise<Weights> {
  const weights = await openStored(path);
  try {
    return withoutInt8(weights);
  } catch (error) {
    await weights.close();
    throw error;
  }
}

function openStored(path: string): Promise<Weights> {
  if (extname(path) === '.npz') return openNpz(path);
  return path.endsWith('.index.json') ? openShardedWeights(path) : readSafetensors(path);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw fileErrorFrom(cause, 'a checkpoint', path, 'Check the path and its permissions.');
  }
}

/** The file to read of a folder: one of the usual names, or else the only one with an extension of ours. */
async function weightsIn(folder: string): Promise<string> {
  const names = await readdir(folder);
  const usual = [weightsName, indexName].find((name) => names.includes(name));
  const candidates = names.filter((name) => /\.(safetensors|npz)$/.test(name));
  const [only] = candidates;
  if (usual !== undefined) return join(folder, usual);
  if (only !== undefined && candidates.length === 1) return join(folder, only);
  const what = `${weightsName}, ${indexName}, or one .safetensors or .npz file`;
  if (candidates.length > 1) {
    throw fileError(what, `the folder ${folder}`, listed(candidates), 'Give the path of one of them.');
  }
  const pickle = names.find((name) => /\.(bin|pth?|ckpt)$/.test(name));
  if (pickle !== undefined) {
    throw fileError(what, `the folder ${folder}`, pickle, torchPickle(join(folder, pickle)).advice);
  }
  const received = names.length === 0 ? 'nothing' : listed(names);
  throw fileError(what, `the folder ${folder}`, received, 'Fetch the weights too, not only their description.');
}

async function readConfig(path: string): Promise<JsonFields | undefined> {
  const json = await readJson(path);
  return json === undefined ? undefined : new JsonFields(json, path);
}

/**
 * The names of classes, in their order, as `vitrine train` writes them beside a model.
 *
 * @returns undefined where there is no such file
 * @throws TypeError for one that is no array of names
 */
export async function readClasses(path: string): Promise<readonly string[] | undefined> {
  const json = await readJson(path);
  if (json === undefined) return undefined;
  if (Array.isArray(json) && json.every((name) => typeof name === 'string')) return json;
  throw fileError('an array of names of classes', path, 'something else');
}

async function readJson(path: string): Promise<unknown> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) return undefined;
  const size = await regularFileSize(path);
  if (size > maxConfigBytes) throw fileError(`at most ${maxConfigBytes} bytes`, path, `${size}`);
  return parseStrictJson(await readFile(path, 'utf8'), path);
}
