// One action of a script: silent while it runs, a line with its time when it ends, the end of its output if it fails.

import { spawn } from 'node:child_process';

const TAIL_LINES = 40;

export class StepError extends Error {}

/** Runs a command with its output captured; resolves to { code, output } and never rejects. */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    const stop = () => child.kill();
    const end = (code, message = '') => {
      process.off('exit', stop);
      resolve({ code, output: Buffer.concat(chunks).toString() + message });
    };
    process.once('exit', stop);
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.once('error', (error) => end(127, `${error.message}\n`));
    child.once('close', (code, signal) => end(code ?? 1, signal ? `${command} was ended by ${signal}\n` : ''));
  });
}

/** Runs a command as a step and resolves to its output; throws a StepError with the end of it if the command fails. */
export async function step(label, command, args, options) {
  const start = performance.now();
  const { code, output } = await run(command, args, options);
  const time = `${((performance.now() - start) / 1000).toFixed(1)} s`;
  if (code !== 0) {
    const tail = output.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
    throw new StepError(
      `${tail}\n\n${label} failed after ${time} (exit code ${code}): ${[command, ...args].join(' ')}`,
    );
  }
  console.log(`${label} (${time})`);
  return output;
}
