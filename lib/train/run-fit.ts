import { planData } from './data-plan.js';
import { claim } from './exclusive.js';
import { Fit } from './fit.js';
import type { FitResult } from './fit-result.js';
import type { TrainerOptions } from './trainer-options.js';

/** Trains; see `Trainer.fit`. */
export async function runFit(options: TrainerOptions): Promise<FitResult> {
  const release = claim(options.model, options.optimizer);
  try {
    const plan = await planData(options);
    try {
      return await new Fit(plan.options).run();
    } finally {
      await plan.dispose();
    }
  } finally {
    release();
  }
}
