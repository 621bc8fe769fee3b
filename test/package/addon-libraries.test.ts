import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../lib/native.js';

/** The libraries that an ELF file of 64 bits, little-endian, asks the dynamic loader for; undefined for other files. */
function neededLibraries(elf: Buffer): string[] | undefined {
  if (elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2 || elf[5] !== 1) return undefined;
  const [sections, entrySize, count] = [Number(elf.readBigUInt64LE(40)), elf.readUInt16LE(58), elf.readUInt16LE(60)];
  const section = (index: number) => {
    const at = sections + index * entrySize;
    const [offset, size] = [24, 32].map((field) => Number(elf.readBigUInt64LE(at + field)));
    return {
      type: elf.readUInt32LE(at + 4),
      link: elf.readUInt32LE(at + 40),
      bytes: elf.subarray(offset, offset + size),
    };
  };
  const SHT_DYNAMIC = 6;
  const DT_NEEDED = 1n;
  const dynamic = Array.from({ length: count }, (_, i) => section(i)).find(({ type }) => type === SHT_DYNAMIC);
  assert.ok(dynamic, 'there is a dynamic section');
  const names = section(dynamic.link).bytes;
  const found: string[] = [];
  for (let at = 0; at < dynamic.bytes.length; at += 16) {
    if (dynamic.bytes.readBigUInt64LE(at) !== DT_NEEDED) continue;
    const begin = Number(dynamic.bytes.readBigUInt64LE(at + 8));
    found.push(names.toString('latin1', begin, names.indexOf(0, begin)));
  }
  return found;
}

describe('the addon', () => {
  it("is linked with the compiler's own libraries alone: Highway by its headers, products' libraries at run time", function () {
    const needed = neededLibraries(readFileSync(join(packageRoot, 'build/Release/vitrine.node')));
    if (needed === undefined) return this.skip(); // a Mac's
    assert.ok(
      needed.some((name) => /^libc\.|^libstdc\+\+\./.test(name)),
      `the libraries were found: ${needed}`,
    );
    const own = /^(lib(c|m|dl|pthread|gcc_s|stdc\+\+|c\+\+|c\+\+abi|unwind)|ld-linux.*|ld-musl.*)\./;
    assert.deepEqual(
      needed.filter((name) => !own.test(name)),
      [],
    );
  });
});
