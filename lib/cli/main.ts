#!/usr/bin/env node
import { exitOnClosedOutput, isVerbose, reportFailure, tellWarnings } from './failure.js';
import { makeProgram } from './program.js';

// Help and set-up must work before the addon is built: commands import what needs it only when they run.

const program = makeProgram();

exitOnClosedOutput();
tellWarnings();
try {
  await program.parseAsync();
} catch (error) {
  reportFailure(error, isVerbose(program));
}
