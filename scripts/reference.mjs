// The API reference, in docs/reference/html, or with --check only what is wrong with it: broken links, exports without a docstring,
// types that are used in public but not exported. TypeDoc reads with a TypeScript of its own, in docs/reference/node_modules.

import { spawnSync } from 'node:child_process';
import { hasPackages, installPackages } from './setup/npm.mjs';
import { runScript } from './setup/step.mjs';

const FOLDER = 'docs/reference';

await runScript(async (args) => {
  if (!hasPackages(FOLDER)) await installPackages(`reference: installing ${FOLDER}/node_modules`, FOLDER);
  const typedoc = [`${FOLDER}/node_modules/typedoc/bin/typedoc`, '--options', `${FOLDER}/typedoc.json`];
  if (args.includes('--check')) typedoc.push('--emit', 'none', '--logLevel', 'Warn');
  process.exitCode = spawnSync(process.execPath, typedoc, { stdio: 'inherit' }).status ?? 1;
});
