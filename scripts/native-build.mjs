// The CMake builds of the addon, for the sanitizers and for clang-tidy, each in a directory of its own beside node-gyp's build.

import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { step } from './setup/step.mjs';

/** Runs a command of cmake-js for the build in `directory`, with CMake's `definitions`. */
export async function cmakeJs(label, command, directory, definitions, ...args) {
  const prefix = dirname(dirname(process.execPath));
  // cmake-js would otherwise download Node's headers.
  const hasHeaders = existsSync(join(prefix, 'include/node/node.h'));
  const env = hasHeaders ? { npm_config_nodedir: prefix, ...process.env } : process.env;
  const options = Object.entries(definitions).map(([key, value]) => `--CD${key}=${value}`);
  await step(
    label,
    process.execPath,
    [
      'node_modules/cmake-js/bin/cmake-js',
      command,
      ...['--directory', 'native', '--out', directory, '--prefer-make'],
      ...['--config', 'RelWithDebInfo', '--parallel', String(availableParallelism())],
      ...options,
      ...args,
    ],
    { env },
  );
}
