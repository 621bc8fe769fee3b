import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../lib/native.js';

interface Faults {
  readBinary(bytes: Buffer): { format: string; machine: string; libraries: string[]; imports: { name: string }[] };
  faultsOf(platform: string, bytes: Buffer): string[];
}

const module = pathToFileURL(join(packageRoot, 'scripts/prebuild/faults.mjs')).href;
const { readBinary, faultsOf } = (await import(module)) as Faults;

/** The least that Windows' loader takes: a section at address 0x1000 with one import and one export. */
function peFile(library: string, imported: string, exported: string): Buffer {
  const [section, raw, optional] = [0x1000, 0x200, 64 + 24];
  const bytes = Buffer.alloc(0x400);
  const word = (at: number, value: number) => bytes.writeUInt32LE(value, at);
  bytes.write('MZ');
  word(0x3c, 64);
  bytes.write('PE\0\0', 64, 'latin1');
  bytes.writeUInt16LE(0x8664, 68); // x64
  bytes.writeUInt16LE(1, 70); // sections
  bytes.writeUInt16LE(240, 84); // the optional header's bytes
  bytes.writeUInt16LE(0x20b, optional); // PE32+
  word(optional + 112, section + 0x80); // exports
  word(optional + 120, section); // imports
  for (const [field, value] of [
    [8, 0x200],
    [12, section],
    [16, 0x200],
    [20, raw],
  ] as const) {
    word(optional + 240 + field, value);
  }
  word(raw, section + 0x30); // the table of what is taken, from
  word(raw + 12, section + 0x40); // this library
  bytes.writeBigUInt64LE(BigInt(section + 0x60), raw + 0x30);
  bytes.write(library, raw + 0x40, 'latin1');
  bytes.write(imported, raw + 0x62, 'latin1'); // after a hint of two bytes
  word(raw + 0x80 + 24, 1); // names
  word(raw + 0x80 + 32, section + 0xb0);
  word(raw + 0xb0, section + 0xb8);
  bytes.write(exported, raw + 0xb8, 'latin1');
  return bytes;
}

/** The least that macOS' loader takes: a library, a table of symbols, and a signature if it is `signed`. */
function machOFile(library: string, imports: readonly string[], exports: readonly string[], signed: boolean): Buffer {
  const bytes = Buffer.alloc(0x400);
  const word = (at: number, value: number) => bytes.writeUInt32LE(value, at);
  for (const [i, value] of [0xfeedfacf, 0x0100000c, 0, 8, signed ? 3 : 2].entries()) word(4 * i, value); // arm64
  for (const [i, value] of [0xc, 64, 24].entries()) word(32 + 4 * i, value);
  bytes.write(library, 32 + 24, 'latin1');
  const [symbols, names] = [0x100, 0x200];
  for (const [i, value] of [2, 24, symbols, imports.length + exports.length, names].entries()) word(96 + 4 * i, value);
  for (const [i, value] of [0x1d, 16].entries()) word(120 + 4 * i, value);
  let text = 1;
  for (const [i, name] of [...imports, ...exports].entries()) {
    word(symbols + 16 * i, text);
    bytes[symbols + 16 * i + 4] = i < imports.length ? 0x01 : 0x0f; // external; undefined, or of a section
    text += bytes.write(`_${name}\0`, names + text, 'latin1');
  }
  return bytes;
}

const ENTRY = 'napi_register_module_v1';
const SYSTEM = '/usr/lib/libSystem.B.dylib';

describe('what a prebuilt binary is found at fault for', () => {
  it('is, on Windows, what it takes of a library that not every machine has, of node.exe by name too', () => {
    const file = peFile('KERNEL32.dll', 'GetProcAddress', ENTRY);
    assert.deepEqual(readBinary(file), {
      ...{ format: 'pe', machine: 'x64', libraries: ['KERNEL32.dll'] },
      ...{ imports: [{ name: 'GetProcAddress' }], exports: [ENTRY] },
    });
    assert.deepEqual(faultsOf('win32-x64', file), []);
    const faults = faultsOf('win32-x64', peFile('node.exe', 'napi_of_tomorrow', 'DllMain'));
    assert.match(faults.join(' '), /needs the library node\.exe.*napi_of_tomorrow is no function.*gives DllMain away/);
  });

  it('is, on macOS, a function that is not Node-API, and that it is not signed for Apple silicon', () => {
    const file = machOFile(SYSTEM, ['napi_create_function', 'malloc'], [ENTRY], true);
    const { imports } = readBinary(file);
    assert.deepEqual(imports, [{ name: 'napi_create_function' }, { name: 'malloc' }]);
    assert.deepEqual(faultsOf('darwin-arm64', file), []);
    const other = machOFile('/usr/lib/libc++.1.dylib', ['napi_of_tomorrow'], [ENTRY, 'vitrine'], false);
    assert.deepEqual(faultsOf('darwin-arm64', other), [
      'It needs the library /usr/lib/libc++.1.dylib, which not every machine has.',
      'napi_of_tomorrow is no function of Node-API 9.',
      'It takes nothing from Node-API.',
      'It is not signed, and Apple silicon loads no such file.',
      'It gives vitrine away.',
    ]);
  });

  it('is, on macOS, what is weakly defined, but for the operators new and delete', () => {
    const names = ['_Znwm', '_ZdaPvmSt11align_val_t', '_ZN7vitrine4weakEv', '__dso_handle'];
    const file = machOFile(SYSTEM, ['napi_create_function'], [ENTRY, ...names], true);
    for (const i of [2, 3, 4]) file.writeUInt16LE(0x80, 0x100 + 16 * i + 6); // N_WEAK_DEF
    assert.deepEqual(faultsOf('darwin-arm64', file), ['It gives _ZN7vitrine4weakEv away.']);
    file.writeUInt16LE(0, 0x100 + 16 * 2 + 6);
    assert.match(faultsOf('darwin-arm64', file).join(), /It gives _Znwm away/);
  });

  it('is another format, or none', () => {
    const file = peFile('KERNEL32.dll', 'GetProcAddress', ENTRY);
    assert.match(faultsOf('linux-arm64-musl', file).join(' '), /^Expected elf for arm64 but it is pe for x64\./);
    assert.throws(() => readBinary(Buffer.alloc(100)), /Expected an ELF, Mach-O or PE file of 64 bits/);
  });
});
