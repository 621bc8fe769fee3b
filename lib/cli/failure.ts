import { type Command, CommanderError } from 'commander';
import { printable } from '../check.js';
import { fileErrorFrom } from '../io/formats/file-error.js';
import { UsageError } from './usage-error.js';

// What `sysexits` and most tools use: 2 for a command line that makes no sense, 1 for work that failed.
const USAGE = 2;
const FAILED = 1;

/** Tells of an error on stderr, in one line unless `verbose`, and sets the exit code. */
export function reportFailure(error: unknown, verbose: boolean): void {
  if (error instanceof CommanderError) {
    // Commander has written its message, or the help that was asked for.
    process.exitCode = error.exitCode === 0 ? 0 : USAGE;
    return;
  }
  process.exitCode = error instanceof UsageError ? USAGE : FAILED;
  console.error(`vitrine: ${verbose ? stackOf(error) : sentenceOf(error)}`);
}

/** Whether stacks are wanted: by --verbose, or by VITRINE_DEBUG=1. */
export function isVerbose(command: Command): boolean {
  return command.optsWithGlobals().verbose === true || Boolean(process.env.VITRINE_DEBUG);
}

function sentenceOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return printable(message.trim().replace(/\s*\n\s*/g, ' '));
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Tells of the library's warnings as of everything else, in a line on stderr; of others as Node does, without its advice. */
export function tellWarnings(): void {
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => {
    console.error(`vitrine: ${name === 'VitrineWarning' ? '' : `${name}: `}${sentenceOf(message)}`);
  });
}

/**
 * Ends the process quietly when the reader of its output has gone, as in `vitrine train | head`, and with a sentence when
 * stdout cannot be written for another reason, such as a full disk. Messages that cannot be written end nothing.
 */
export function exitOnClosedOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    reportFailure(fileErrorFrom(error, 'an output that can be written', 'stdout'), false);
    process.exit();
  });
  process.stderr.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') process.exit();
  });
}
