import { spawn } from 'node:child_process';
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
  // A terminal sends Ctrl-C to the script as well; this process waits for what it makes of it.
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  try {
    process.exitCode = await new Promise<number>((resolve, reject) => {
      const child = spawn(process.execPath, [path, ...args], { stdio: 'inherit' });
      child.on('error', reject);
      child.on('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
  } finally {
    process.off('SIGINT', ignore);
  }
}
