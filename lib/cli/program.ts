import { Command } from 'commander';
import { VERSION } from '../package-root.js';
import { addBench } from './commands/bench.js';
import { addConvert } from './commands/convert.js';
import { addEmbed } from './commands/embed.js';
import { addEval } from './commands/eval.js';
import { addExport } from './commands/export.js';
import { addFindLr } from './commands/find-lr.js';
import { addInfo } from './commands/info.js';
import { addKnn } from './commands/knn.js';
import { addNearest } from './commands/nearest.js';
import { addPredict } from './commands/predict.js';
import { addProbe } from './commands/probe.js';
import { addSetup } from './commands/setup.js';
import { addTrain } from './commands/train.js';
import { widthOf } from './progress.js';

// Commander leaves descriptions unwrapped where they have less room; beside the longest flag, 60 columns leave this.
const LEAST_WIDTH = 20;

/** `vitrine`, with all its commands. They import what needs the addon only when they run. */
export function makeProgram(): Command {
  const program = new Command('vitrine')
    .description('Vision Transformers in Node.js, on the CPU')
    .version(VERSION)
    .option('--verbose', 'show the stack of an error (as does VITRINE_DEBUG=1)')
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'vitrine: ').replace(/\n(?=\()/, ' ')),
      getOutHelpWidth: () => widthOf(process.stdout),
      getErrHelpWidth: () => widthOf(process.stderr),
    })
    .configureHelp({ minWidthToWrap: LEAST_WIDTH })
    .showSuggestionAfterError()
    .exitOverride();
  for (const add of [
    addTrain,
    addFindLr,
    addEval,
    addPredict,
    addEmbed,
    addKnn,
    addProbe,
    addNearest,
    addConvert,
    addExport,
    addInfo,
    addBench,
    addSetup,
  ])
    add(program);
  return program;
}
