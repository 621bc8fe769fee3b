import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { expected, Text } from '../check.js';
import { packageRoot } from '../package-root.js';

/**
 * Runs a script of the package in a process of its own, with this one's input and output, and takes over its exit code.
 *
 * @throws Error, with `advice`, when the package has no such script
 */
export async function runScript(script: string, args: readonly string[], advice: string): Promise<void> {
  const path = join(packageRoot, script);
  if (!existsSync(path)) throw expected('a script', path, new Text('nothing'), advice);
  // A terminal sends Ctrl-C to the script as well, whoever ends this process alone does not: it waits for what the script makes of it.
  const hasTerminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
  let child: ChildProcess | undefined;
  const handOn = (signal: NodeJS.Signals): void => {
    if (signal !== 'SIGINT' || !hasTerminal) child?.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, handOn);
  try {
    process.exitCode = await new Promise<number>((resolve, reject) => {
      child = spawn(process.execPath, [path, ...args], { stdio: 'inherit' });
      child.on('error', reject);
      child.on('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
  } finally {
    for (const signal of signals) process.off(signal, handOn);
  }
}
