import { peakCase } from '../peaks.js';
import type { Suite } from '../suite.js';

/** What the machine can do at best, of one core and of all. */
export const peak: Suite = {
  name: 'peak',
  description: 'multiply-adds on registers alone: the peak of one core and of all, fp32 and bf16',
  options: [],
  hasPeers: false,
  cases: ({ threads }, { bf16 }) =>
    (bf16 ? (['fp32', 'bf16'] as const) : (['fp32'] as const)).flatMap((precision) =>
      [...new Set([1, threads])].map((count) => peakCase(count, precision)),
    ),
};
