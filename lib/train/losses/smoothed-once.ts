import { expected, Text } from '../../check.js';
import type { DataFacts } from '../training-data.js';

/**
 * Throws where both a loss and the loader would smooth labels. timm has one smoothing: with mixup it is in the targets, and
 * the loss takes them as they are; without, it is in the loss.
 */
export function checkSmoothedOnce({ smoothing = 0 }: DataFacts, labelSmoothing: number, where: string): void {
  if (smoothing === 0 || labelSmoothing === 0) return;
  const received = new Text(`${labelSmoothing}, where the loader's augment has smoothing ${smoothing} already`);
  const advice = "Labels would be smoothed twice: say it in one place. timm's is the loader, where labels are mixed.";
  throw expected('no second smoothing', `${where} labelSmoothing`, received, advice);
}
