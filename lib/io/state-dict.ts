import { expected } from '../check.js';
import { tensor } from '../ops/creation.js';
import { keep } from '../scope.js';
import type { DType, Tensor, TensorData } from '../tensor.js';
import { toFloat32, toInt32 } from './formats/convert.js';
import { readableNames } from './formats/readable-names.js';
import { readSafetensors, type TensorSource, writeSafetensors } from './formats/safetensors.js';
import type { RecordDtype } from './formats/tensor-record.js';
import { snapshots } from './snapshot.js';

const RECORDS: Readonly<Record<DType, RecordDtype>> = { float32: 'F32', int32: 'I32', bfloat16: 'BF16' };
const INTEGERS: readonly RecordDtype[] = ['I64', 'I32', 'I16', 'I8', 'U8', 'BOOL'];

/**
 * Reads a safetensors file: floating-point tensors become float32, integers int32.
 *
 * Tensors of dtypes that have no place here (complex, 8-bit floats, unsigned integers of more than 8 bits) are passed
 * over, and a warning names them.
 *
 * @returns a tensor for each other name, in the file's order; they live until disposed
 * @throws TypeError when the file is none, is damaged, holds integers past 32 bits, or only what would be passed over
 * @see the safetensors format of Hugging Face
 */
export async function loadSafetensors(path: string): Promise<Map<string, Tensor>> {
  const file = await readSafetensors(path);
  const loaded = new Map<string, Tensor>();
  try {
    for (const name of readableNames(file)) {
      const record = await file.read(name);
      const where = `'${name}' of ${path}`;
      const values = INTEGERS.includes(record.dtype) ? toInt32(record, where) : toFloat32(record, where);
      loaded.set(name, keep(tensor(values, record.shape)));
    }
  } catch (error) {
    for (const value of loaded.values()) value.dispose();
    throw error;
  } finally {
    await file.close();
  }
  return loaded;
}

/**
 * The values of all tensors as they are at the call: of one step, though training goes on. Reading them one by one, with
 * an `await` between, is not.
 *
 * @param tensors `model.stateDict()`, or an optimizer's
 */
export async function readStateDict(tensors: ReadonlyMap<string, Tensor>): Promise<Map<string, TensorData>> {
  if (!(tensors instanceof Map)) throw expected('a Map of tensors by name', 'readStateDict', tensors);
  const names = [...tensors.keys()];
  const values = await Promise.all([...tensors.values()].map((value) => value.data()));
  return new Map(names.map((name, i) => [name, values[i]]));
}

/**
 * Writes tensors as a safetensors file, beside the old one and then in its place: a good file is never half
 * overwritten. The values are those at the call, of one step of a training that goes on; they are held in memory until
 * they are written.
 *
 * @param metadata strings for the file's header
 * @throws TypeError for an empty name or an unwritable path
 */
export async function saveSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata?: Record<string, string>,
): Promise<void> {
  if (!(tensors instanceof Map)) throw expected('a Map of name to Tensor', 'saveSafetensors', tensors);
  await writeSafetensors(path, tensorSources(tensors), metadata);
}

/** @internal What `writeSafetensors` writes of tensors: their values as they are at the call. */
export function tensorSources(tensors: ReadonlyMap<string, Tensor>): [name: string, source: TensorSource][] {
  const data = snapshots([...tensors.values()]);
  return [...tensors].map(([name, { dtype, shape }], i) => [
    name,
    { dtype: RECORDS[dtype], shape: [...shape], data: data[i] as TensorSource['data'] }, // one for each
  ]);
}
