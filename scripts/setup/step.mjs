// One action of a script: told when it begins, counted while it runs, and told with its time when it ends, or with the end of
// its output if it fails.

import { spawn } from 'node:child_process';

const TAIL_LINES = 40;
// As seldom as a reader of a log wants it, as often as somebody at a terminal.
const TOLD_MS = 20_000;
const DRAWN_MS = 500;

export class StepError extends Error {}

/** Runs a script's main function; what a step failed with is told without a stack, and so are flags that it has not. */
export async function runScript(main) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof StepError) && !error.code?.startsWith('ERR_PARSE_ARGS')) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/**
 * Runs a command with its output captured; resolves to { code, output } and never rejects.
 *
 * @param onOutput sees all of the output so far, at every piece of it
 */
export function run(command, args, { onOutput, ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    const stop = () => child.kill();
    const end = (code, message = '') => {
      process.off('exit', stop);
      resolve({ code, output: Buffer.concat(chunks).toString() + message });
    };
    const take = (chunk) => {
      chunks.push(chunk);
      onOutput?.(chunk.toString());
    };
    process.once('exit', stop);
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', (error) => end(127, `${error.message}\n`));
    child.once('close', (code, signal) => end(code ?? 1, signal ? `${command} was ended by ${signal}\n` : ''));
  });
}

/** How a command that failed ended, and the last lines of what it said, marked as said before. */
export function endOf(title, { code, output }) {
  const lines = output.trimEnd().split('\n').slice(-TAIL_LINES);
  return `${title} ended with exit code ${code}, having said last:\n${lines.map((line) => `| ${line}\n`).join('')}`;
}

/** Tells how a step goes: on a terminal in one line that is drawn over, elsewhere in a line now and then. */
function progress(label, items) {
  const start = performance.now();
  const { isTTY } = process.stdout;
  let done = 0;
  const seconds = () => ((performance.now() - start) / 1000).toFixed(isTTY ? 0 : 1);
  const text = () => {
    const counted = items && done > 0 ? `${Math.min(done, items.count)} of ${items.count} files, ` : '';
    return `${label} ... ${counted}${seconds()} s`;
  };
  if (!isTTY) process.stdout.write(`${label} ...\n`);
  const timer = setInterval(
    () => process.stdout.write(isTTY ? `\r\x1b[2K${text()}` : `${text()}\n`),
    isTTY ? DRAWN_MS : TOLD_MS,
  );
  return {
    see: (output) => {
      if (items) done += output.match(items.pattern)?.length ?? 0;
    },
    /** Leaves the terminal at the start of an empty line; gives the time. */
    end: () => {
      clearInterval(timer);
      if (isTTY) process.stdout.write('\r\x1b[2K');
      return `${((performance.now() - start) / 1000).toFixed(1)} s`;
    },
  };
}

/**
 * Runs a command as a step and resolves to its output; throws a StepError with the end of it if the command fails.
 *
 * @param items what the step makes: `pattern` is found in its output once for each of about `count`
 */
export async function step(label, command, args, { items, ...options } = {}) {
  const shown = progress(label, items);
  const { code, output } = await run(command, args, { ...options, onOutput: shown.see });
  const time = shown.end();
  if (code !== 0) {
    const tail = output.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
    throw new StepError(
      `${tail}\n\n${label} failed after ${time} (exit code ${code}): ${[command, ...args].join(' ')}`,
    );
  }
  console.log(`${label} (${time})`);
  return output;
}
