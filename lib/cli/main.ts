#!/usr/bin/env node
import { Command } from 'commander';
import { VERSION } from '../package-root.js';
import { addBench } from './commands/bench.js';
import { addConvert } from './commands/convert.js';
import { addEval } from './commands/eval.js';
import { addFindLr } from './commands/find-lr.js';
import { addInfo } from './commands/info.js';
import { addPredict } from './commands/predict.js';
import { addSetup } from './commands/setup.js';
import { addTrain } from './commands/train.js';
import { exitOnClosedOutput, isVerbose, reportFailure, tellWarnings } from './failure.js';

// Commands import what needs the addon only when they run: help and set-up must work before it is built.

const program = new Command('vitrine')
  .description('Vision Transformers in Node.js, on the CPU')
  .version(VERSION)
  .option('--verbose', 'show the stack of an error (as does VITRINE_DEBUG=1)')
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'vitrine: ')) })
  .showSuggestionAfterError()
  .exitOverride();

for (const add of [addTrain, addFindLr, addEval, addPredict, addConvert, addInfo, addBench, addSetup]) add(program);

exitOnClosedOutput();
tellWarnings();
try {
  await program.parseAsync();
} catch (error) {
  reportFailure(error, isVerbose(program));
}
