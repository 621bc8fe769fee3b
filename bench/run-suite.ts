import { expected, listed } from '../lib/check.js';
import { UsageError } from '../lib/cli/usage-error.js';
import type { BenchRecord } from './record.js';
import type { Runner } from './runner.js';
import type { Machine, Suite, SuiteOptions } from './suite.js';
import { withExponents } from './sweep.js';
import type { Case } from './work.js';

/**
 * The cases of a suite whose names match.
 *
 * @throws TypeError when none does
 */
export function casesOf(suite: Suite, options: SuiteOptions, machine: Machine, pattern?: RegExp): Case[] {
  return matching(suite.cases(options, machine), pattern);
}

/**
 * The cases whose names match.
 *
 * @throws TypeError when none does
 */
export function matching(all: readonly Case[], pattern?: RegExp): Case[] {
  const chosen = all.filter((item) => pattern === undefined || pattern.test(item.name));
  if (chosen.length === 0) {
    const names = listed(
      all.map((item) => item.name),
      { most: 12, separator: '; ' },
    );
    throw new UsageError(expected('the name of a case', '--case', pattern?.source, `The cases are: ${names}.`));
  }
  return chosen;
}

/** Runs cases; `onRecords` gets each as soon as it is complete: a case's, or all of a sweep's axis. */
export async function runCases(
  cases: readonly Case[],
  runner: Runner,
  onRecords: (records: readonly BenchRecord[]) => void = () => undefined,
): Promise<BenchRecord[]> {
  const records: BenchRecord[] = [];
  let axis: BenchRecord[] = [];
  try {
    for (const [i, item] of cases.entries()) {
      const found = await runner.run(item);
      axis.push(...found);
      if (item.axis !== undefined && cases[i + 1]?.axis?.name === item.axis.name) continue;
      const complete = withExponents(cases, axis);
      axis = [];
      records.push(...complete);
      onRecords(complete);
    }
  } finally {
    await runner.close();
  }
  return records;
}
