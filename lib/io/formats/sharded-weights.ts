import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileError, quoted } from './file-error.js';
import { isObject } from './json-fields.js';
import { regularFileSize } from './regular-file.js';
import { readSafetensors, type SafetensorsFile } from './safetensors.js';
import { parseStrictJson } from './strict-json.js';
import type { TensorInfo, TensorRecord } from './tensor-record.js';
import type { Weights } from './weights.js';

// The index of the largest sharded models takes some hundred kilobytes.
const maxIndexBytes = 100_000_000;

/** Several safetensors files that together hold one state dict, as `model.safetensors.index.json` tells. */
class ShardedWeights implements Weights {
  readonly #fileOf: ReadonlyMap<string, SafetensorsFile>;

  constructor(
    readonly path: string,
    fileOf: ReadonlyMap<string, SafetensorsFile>,
  ) {
    this.#fileOf = fileOf;
  }

  names(): string[] {
    const files = [...new Set(this.#fileOf.values())];
    return files.flatMap((file) => file.names().filter((name) => this.#fileOf.get(name) === file));
  }

  info(name: string): TensorInfo {
    return this.#file(name).info(name);
  }

  read(name: string): Promise<TensorRecord> {
    return this.#file(name).read(name);
  }

  chunks(name: string, buffer: Uint8Array): AsyncGenerator<Uint8Array> {
    return this.#file(name).chunks(name, buffer);
  }

  async close(): Promise<void> {
    for (const file of new Set(this.#fileOf.values())) await file.close();
  }

  #file(name: string): SafetensorsFile {
    const file = this.#fileOf.get(name);
    if (file === undefined) throw fileError('the name of a tensor', this.path, quoted(name), 'names() lists them.');
    return file;
  }
}

/**
 * Opens the files that a safetensors index names, all in its own folder.
 *
 * Throws one clear error if the index is damaged, names a file elsewhere or one that is missing, or a tensor that its
 * file does not hold.
 */
export async function openShardedWeights(path: string): Promise<Weights> {
  const size = await regularFileSize(path);
  if (size > maxIndexBytes) throw fileError(`an index of at most ${maxIndexBytes} bytes`, path, `${size} bytes`);
  const index = parseStrictJson(await readFile(path, 'utf8'), path);
  const map = isObject(index) ? index.weight_map : undefined;
  if (!isObject(map)) throw fileError('a "weight_map" object', path, 'none', 'Fetch or save the index again.');
  const opened = new Map<string, SafetensorsFile>();
  try {
    const fileOf = new Map<string, SafetensorsFile>();
    for (const [name, shard] of Object.entries(map)) {
      if (typeof shard !== 'string' || shard === '' || basename(shard) !== shard || shard.includes('\\')) {
        const received = typeof shard === 'string' ? quoted(shard) : typeof shard;
        throw fileError('the name of a file beside the index', `${quoted(name)} of ${path}`, received);
      }
      const file = opened.get(shard) ?? (await readSafetensors(join(dirname(path), shard)));
      opened.set(shard, file);
      if (!file.has(name)) {
        throw fileError(`the tensor ${quoted(name)} that ${path} tells of`, file.path, 'none of that name');
      }
      fileOf.set(name, file);
    }
    return new ShardedWeights(path, fileOf);
  } catch (error) {
    for (const file of opened.values()) await file.close();
    throw error;
  }
}
