import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../child-environment.js';

const main = fileURLToPath(new URL('../../lib/cli/main.js', import.meta.url));

/** How a run of the command line ended. */
export interface CliResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Options of `runCli`. */
export interface CliOptions {
  env?: Record<string, string>;
  /** Sees the process and all that it has written to stdout and to stderr, at every write. */
  onOutput?: (child: ChildProcess, stdout: string, stderr: string) => void;
}

/** Runs `vitrine` with these arguments in a process of its own. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], { env: childEnvironment(options.env) });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      options.onOutput?.(child, stdout, stderr);
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
      options.onOutput?.(child, stdout, stderr);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
