import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expected, Text } from '../check.js';
import type { SaveOptions } from '../io/pretrained/save-checkpoint.js';
import { formatCount } from '../report/format.js';
import { openModel } from './open-model.js';

/** Reads a checkpoint of any layout and writes it in another; nothing is replaced unless forced, the original never. */
export async function convertCheckpoint(
  checkpoint: string,
  out: string,
  { layout, force }: { layout: NonNullable<SaveOptions['layout']>; force: boolean },
): Promise<void> {
  await checkOut(checkpoint, out, force);
  const model = await openModel(checkpoint);
  await model.save(out, { layout });
  console.log(`${formatCount(model.numParameters())} parameters, in the layout of ${layout}`);
  console.log(`  ${layout === 'hf' ? join(out, 'model.safetensors') : out}`);
}

async function checkOut(checkpoint: string, out: string, force: boolean): Promise<void> {
  const there = await stat(out).catch(() => undefined);
  if (there === undefined) return;
  const [from, to] = await Promise.all([checkpoint, out].map((path) => realpath(path).catch(() => path)));
  if (from === to) throw expected('another place than the checkpoint', '<out>', out);
  const isEmpty = there.isDirectory() && (await readdir(out)).length === 0;
  if (force || isEmpty) return;
  const what = there.isDirectory() ? 'a folder with files' : 'a file';
  throw expected('a path where nothing is', out, new Text(what), 'Choose another one, or replace it with --force.');
}
