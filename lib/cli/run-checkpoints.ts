import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { FitResult } from '../train/fit-result.js';
import type { TrainSettings } from './train-settings.js';

/** Where a run's training keeps what it needs to go on: beside the run, which is replaced as a whole. */
export function checkpointFolder(out: string): string {
  return `${resolve(out)}.checkpoints`;
}

/** Removes what an earlier training of the run has left. */
export async function removeCheckpoints(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/** A training that came to its end needs them no more; of one that was stopped, says how it goes on. */
export async function finishCheckpoints(
  folder: string,
  { reason }: FitResult,
  { quiet }: TrainSettings,
): Promise<void> {
  if (reason === 'done') await removeCheckpoints(folder);
  else if (!quiet) console.log('To go on, run the same command with --resume.');
}
