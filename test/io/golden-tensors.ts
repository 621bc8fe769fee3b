import { readSafetensors } from '../../lib/io/formats/safetensors.js';
import type { TensorRecord } from '../../lib/io/formats/tensor-record.js';
import { goldenPath } from './pretrained/fixtures.js';

/** All tensors of a golden .safetensors file, to be written again otherwise. */
export async function goldenTensors(name: string): Promise<[name: string, record: TensorRecord][]> {
  await using file = await readSafetensors(goldenPath(name));
  const entries: [string, TensorRecord][] = [];
  for (const key of file.names()) entries.push([key, await file.read(key)]);
  return entries;
}
