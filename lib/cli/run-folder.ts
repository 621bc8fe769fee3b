import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The files that a training run leaves in its folder. */
export const RUN_FILES = {
  model: 'model.safetensors',
  config: 'config.json',
  summary: 'summary.json',
  report: 'report.html',
  metrics: 'metrics.jsonl',
  classes: 'classes.json',
} as const;

/** Those of them that can be read while the run goes on. */
export const LIVE_FILES = [RUN_FILES.report] as const;

/** The folder of a run's events for TensorBoard. */
export const EVENTS_FOLDER = 'tensorboard';

/** Where `npm start` leaves its run. */
export const DEFAULT_RUN = join('runs', 'digits');

/** As `mkdir` with `recursive`, which in Node 20 never returns where a file system refuses with ENOENT (/proc does). */
export async function makeFolder(folder: string): Promise<void> {
  const exists = await stat(folder).catch(() => undefined);
  if (exists?.isDirectory()) return;
  if (exists === undefined && dirname(folder) !== folder) await makeFolder(dirname(folder));
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    // Another process may have been quicker.
    if (error.code !== 'EEXIST' || exists !== undefined) throw error;
  });
}
