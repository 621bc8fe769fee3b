import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * Loads a native addon.
 *
 * @throws Error that says what is wrong with the file and how to build it again
 */
export function loadAddon(path: string): unknown {
  if (!existsSync(path)) {
    throw new Error(
      `Expected vitrine's native addon at ${path} but there is none. Build it with \`npx vitrine setup\`, or \`npm run setup\` in a checkout.`,
    );
  }
  try {
    checkWhole(path);
    // Not require(), which would run a file of another kind as JavaScript.
    const addon = { exports: {} };
    process.dlopen(addon, path);
    return addon.exports;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (/^Expected /.test(reason)) throw error;
    if (/failed to map|cannot allocate|out of memory/i.test(reason)) {
      throw new Error(
        `Expected room for vitrine's native addon but this process may not have more memory or address space: ${reason}. Raise its limits (\`ulimit -v\`, a container's memory).`,
        { cause: error },
      );
    }
    throw new Error(
      `Expected a native addon built for ${process.platform}-${process.arch} and Node ${process.version} but ${path} does not load: ${reason}. Build it again with \`npx vitrine setup\`.`,
      { cause: error },
    );
  }
}

/** Throws for an ELF file that was cut short, which the dynamic loader maps all the same and then dies of. */
function checkWhole(path: string): void {
  const file = openSync(path, 'r');
  try {
    const header = Buffer.alloc(64);
    readSync(file, header);
    const isElf64 = header.readUInt32BE(0) === 0x7f454c46 && header[4] === 2 && header[5] === 1; // little-endian
    if (!isElf64) return;
    // The table of sections comes last in what linkers write.
    const bytes = Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60);
    const { size } = fstatSync(file);
    if (size < bytes) throw new Error(`it has ${size} bytes of ${bytes}`);
  } finally {
    closeSync(file);
  }
}
