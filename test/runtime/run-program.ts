import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../child-environment.js';

/** How a program ended. */
export interface ProgramResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Options of `runProgram`. */
export interface ProgramOptions {
  args?: readonly string[];
  /** Added to the environment; undefined takes a variable away. */
  env?: Record<string, string | undefined>;
  /** Node's own flags. */
  flags?: readonly string[];
}

/** Where a compiled program of test/runtime/programs lies. */
export function programPath(name: string): string {
  return fileURLToPath(new URL(`./programs/${name}.js`, import.meta.url));
}

/** Runs a program of test/runtime/programs in a process of its own. */
export function runProgram(name: string, options: ProgramOptions = {}): Promise<ProgramResult> {
  const { args = [], env = {}, flags = [] } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, programPath(name), ...args], { env: childEnvironment(env) });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
