// Formats both languages: Biome for TypeScript, JavaScript and JSON, clang-format for C++.
// With --check it changes nothing and fails where it would have.

import { spawnSync } from 'node:child_process';
import { listFiles } from './setup/freshness.mjs';

const check = process.argv.includes('--check');
const cpp = listFiles('native', (file) => /\.(h|cpp)$/.test(file));
const commands = [
  [
    process.execPath,
    'node_modules/@biomejs/biome/bin/biome',
    'check',
    '--linter-enabled=false',
    check ? '' : '--write',
  ],
  ['clang-format', ...(check ? ['--dry-run', '--Werror'] : ['-i']), ...cpp],
];
const statuses = commands.map(
  ([command, ...args]) => spawnSync(command, args.filter(Boolean), { stdio: 'inherit' }).status,
);
process.exitCode = statuses.every((status) => status === 0) ? 0 : 1;
