#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { expected, Text } from '../lib/check.js';
import { exitOnClosedOutput, reportFailure } from '../lib/cli/failure.js';
import { inFlags } from '../lib/cli/in-flags.js';
import { UsageError } from '../lib/cli/usage-error.js';
import {
  addCommonFlags,
  addPredictionFlags,
  addSuiteFlags,
  type CommonFlags,
  type PredictionFlags,
  refuseFlags,
} from './options.js';
import { predictedCases, runPredictions } from './predict/run.js';
import { DEFAULT_COSTS } from './predict/schedule.js';
import { casesOf, matching, runCases } from './run-suite.js';
import { openSession } from './session.js';
import type { Suite, SuiteOptions } from './suite.js';
import { SUITES } from './suites/index.js';
import { Terminal } from './terminal.js';
import { traceTable } from './trace-table.js';

/** As `casesOf`, whose refusals of sizes are those of flags: here --img is what `vitrine train` calls --img-size. */
function casesInFlags(...args: Parameters<typeof casesOf>): ReturnType<typeof casesOf> {
  try {
    return casesOf(...args);
  } catch (error) {
    const told = inFlags(error);
    if (told instanceof Error) told.message = told.message.replaceAll('--img-size', '--img');
    throw told;
  }
}

/** Runs a suite and prints its records. */
async function run(suite: Suite, flags: CommonFlags & Partial<SuiteOptions>): Promise<void> {
  const terminal = new Terminal();
  const { seconds, allowOverride = false, precision = 'fp32' } = flags;
  const vs = [...new Set([...(suite.beside ?? []), ...(flags.vs ?? [])])];
  const session = openSession({ vs, seconds, allowOverride, precision }, terminal);
  const options = { ...flags, threads: flags.threads ?? session.info.threads };
  const cases = casesInFlags(suite, options, session.machine, flags.case);
  if (flags.trace !== undefined) {
    const [only] = cases;
    if (only === undefined || cases.length > 1) {
      throw new UsageError(expected('one case', '--trace', new Text(`${cases.length}`), 'Choose one with --case.'));
    }
    await session.runner.trace(only, flags.trace);
    terminal.clear();
    if (!flags.json) console.log(`${traceTable(readFileSync(flags.trace, 'utf8'))}\n`);
  }
  if (flags.json) {
    await runCases(cases, session.runner, (records) => {
      terminal.clear();
      for (const record of records) console.log(JSON.stringify(record));
    });
    return;
  }
  const records = await runCases(cases, session.runner);
  await terminal.showTable(records, session, options.threads);
}

/** Predicts steps on more threads than there are. */
async function predictSteps(flags: CommonFlags & PredictionFlags & Partial<SuiteOptions>): Promise<void> {
  refuseFlags({ '--vs': flags.vs, '--trace': flags.trace, '--threads': flags.threads }, true);
  const terminal = new Terminal();
  const { seconds, allowOverride = false, precision = 'fp32' } = flags;
  const session = openSession({ vs: [], seconds, allowOverride, precision }, terminal);
  const cases = matching(predictedCases({ ...flags, threads: 1 }), flags.case);
  const { wake, barrier } = { ...DEFAULT_COSTS, ...flags };
  await runPredictions(cases, { ...flags, precision, costs: { wake, barrier } }, session, terminal);
}

const program = new Command('vitrine bench')
  .description('Times vitrine, and others beside it; medians of turns that alternate, each in a process of its own')
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'vitrine: ')) })
  .showSuggestionAfterError()
  .exitOverride();
for (const suite of SUITES) {
  const command = program.command(suite.name).description(suite.description);
  if (suite.predicts) addPredictionFlags(command);
  addCommonFlags(addSuiteFlags(command, suite.options), suite).action(async (flags) => {
    if (flags.predict) return await predictSteps(flags);
    refuseFlags({ '--wake': flags.wake, '--barrier': flags.barrier }, false);
    await run(suite, flags);
  });
}

exitOnClosedOutput();
try {
  await program.parseAsync();
} catch (error) {
  reportFailure(error, Boolean(process.env.VITRINE_DEBUG));
}
