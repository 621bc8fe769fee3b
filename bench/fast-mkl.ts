import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// MKL, which PyTorch multiplies with, asks this whether it may use its fast kernels: by itself it says no on AMD.
const SOURCE = 'int mkl_serv_intel_cpu_true(void) { return 1; }\n';

let library: string | undefined;

/**
 * The environment in which MKL runs its fast kernels on every maker's CPU.
 *
 * @throws Error without a C compiler, or on a system without LD_PRELOAD
 */
export function preloadFastMkl(): NodeJS.ProcessEnv {
  if (process.platform !== 'linux') throw new Error('it needs LD_PRELOAD, which only Linux has');
  library ??= compile();
  const others = process.env.LD_PRELOAD;
  return { LD_PRELOAD: others ? `${library}:${others}` : library };
}

function compile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const source = join(folder, 'fast_mkl.c');
  const target = join(folder, 'fast_mkl.so');
  writeFileSync(source, SOURCE);
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-o', target, source], { stdio: 'pipe' });
  } catch (error) {
    throw new Error(`it needs a C compiler, \`cc\`: ${error instanceof Error ? error.message.split('\n')[0] : error}`);
  }
  return target;
}
