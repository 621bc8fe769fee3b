#!/usr/bin/env node
// Trains the digits preset with several seeds and prints each test accuracy and their mean: the figure of the README.
// No seed, epoch or setting is chosen by what comes out.
//
//   npm run accuracy [-- --seeds 5 <further flags of `vitrine train`>]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../dist/lib/cli/main.js', import.meta.url));
const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  console.log('npm run accuracy [-- --seeds 5 <further flags of `vitrine train`>]');
  process.exit(0);
}
const at = args.indexOf('--seeds');
const seeds = at === -1 ? 5 : Number(args.splice(at, 2)[1]);
if (!Number.isInteger(seeds) || seeds < 1) {
  console.error('Expected a whole number of at least 1 for --seeds.');
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'vitrine-accuracy-'));
try {
  const accuracies = [];
  for (let seed = 0; seed < seeds; seed++) {
    const out = join(folder, String(seed));
    const command = [
      cli,
      'train',
      '--preset',
      'digits',
      '--quiet',
      '--no-report',
      '--seed',
      seed,
      '--out',
      out,
      ...args,
    ];
    const { status } = spawnSync(process.execPath, command.map(String), { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) process.exit(status ?? 1);
    const { testAccuracy, trainSeconds } = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8'));
    accuracies.push(testAccuracy);
    console.log(`seed ${seed}   ${(testAccuracy * 100).toFixed(2)} %   ${trainSeconds.toFixed(1)} s`);
  }
  const mean = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / seeds;
  console.log(`mean of ${seeds}   ${(mean * 100).toFixed(2)} %`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
