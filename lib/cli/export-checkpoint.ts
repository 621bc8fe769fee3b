import { stat } from 'node:fs/promises';
import { expected, Text } from '../check.js';
import { formatCount } from '../report/format.js';
import { openModel } from './open-model.js';
import { checkOutputFile } from './output-file.js';

/** Reads a checkpoint of any layout and writes it as ONNX; nothing is replaced unless forced. */
export async function exportCheckpoint(checkpoint: string, out: string, force: boolean): Promise<void> {
  await checkOutputFile(out, '--out');
  if (!force && (await stat(out).catch(() => undefined)) !== undefined) {
    throw expected(
      'a path where nothing is',
      out,
      new Text('a file'),
      'Choose another one, or replace it with --force.',
    );
  }
  const model = await openModel(checkpoint);
  await model.export(out);
  console.log(`${formatCount(model.numParameters())} parameters, as ONNX`);
  console.log(`  ${out}`);
}
