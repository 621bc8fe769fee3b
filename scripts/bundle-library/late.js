// Loads the package's late chunks, which are CommonJS so that they load at once, where they are first used. The chunks that load
// early are modules; late ones find them here, so that a class is one class. Copied beside the chunks, with their names filled in.

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** Literal paths, by which those who trace a program's files find them. */
const FILES = {
  /* late chunks */
};
const loaded = new Map();

/** Notes what an early chunk exports. */
export function provide(name, exports) {
  loaded.set(name, exports);
}

/** What a chunk exports. */
export function late(name) {
  let exports = loaded.get(name);
  if (exports === undefined) {
    exports = find(name)(late);
    loaded.set(name, exports);
  }
  return exports;
}

function find(name) {
  try {
    return FILES[name]();
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    return beside(name);
  }
}

/** Bundled into another file: the package itself may be installed beside that. */
function beside(name) {
  try {
    return require(join(dirname(require.resolve('vitrine/package.json')), 'dist', 'package', name));
  } catch (error) {
    throw new Error(
      `Expected ${name} of vitrine's package but it does not load. Install the same version of vitrine beside the bundle, or keep it out of the bundle (esbuild: \`--external:vitrine\`).`,
      { cause: error },
    );
  }
}

/** A namespace whose members load the first time that one is asked for. */
export function namespaceOf(load, names) {
  const get = (name) => ({ get: () => load()[name], enumerable: true });
  return Object.defineProperties({}, Object.fromEntries(names.map((name) => [name, get(name)])));
}
