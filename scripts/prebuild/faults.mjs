// What is wrong with a binary that is to run on machines that nobody has seen: the wrong format, a library that they may not
// have, a symbol that is newer than they are, or one that it gives away.

import { readElf } from './elf.mjs';
import { readMachO } from './mach-o.mjs';
import { NODE_API } from './node-api.mjs';
import { readPe } from './pe.mjs';

const ENTRIES = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
const OLDEST_GLIBC = [2, 28];

const LIBRARIES = {
  glibc: /^(libc\.so\.6|libm\.so\.6|libdl\.so\.2|libpthread\.so\.0|ld-linux-(x86-64|aarch64)\.so\.[12])$/,
  musl: /^libc\.(so|musl-(x86_64|aarch64)\.so\.1)$/,
  darwin: /^\/usr\/lib\/libSystem\.B\.dylib$/,
  win32: /^(kernel32\.dll|ntdll\.dll|api-ms-win-crt-[a-z]+-l1-1-0\.dll)$/i,
};

// C++'s operators new and delete, which zig's linker for macOS does not hide. They are weakly defined: dyld takes one of each for a
// process, that of macOS' own C++ library where it is loaded, and all take their memory from malloc.
const OPERATORS = /^_Z(n[wa]m|d[la]Pvm?)(St11align_val_t)?$/;

const isNodeApi = (symbol) => /^(napi_|node_api_)/.test(symbol);

function tooNew(version) {
  const [major, minor] = version.slice('GLIBC_'.length).split('.').map(Number);
  return major > OLDEST_GLIBC[0] || (major === OLDEST_GLIBC[0] && minor > OLDEST_GLIBC[1]);
}

/** A binary's `format`, `machine`, `libraries`, `imports` (of a `name`, and a `version` in ELF), and `exports`. */
export function readBinary(bytes) {
  const read = [readElf, readMachO, readPe].map((reader) => reader(bytes)).find((found) => found !== undefined);
  if (read === undefined) throw new Error('Expected an ELF, Mach-O or PE file of 64 bits but received another.');
  return read;
}

/** Sentences, none for a binary that is as it should be. */
export function faultsOf(platform, bytes) {
  const [system, machine, libc] = platform.split('-');
  const { format, machine: found, libraries, imports, exports, weak = [], signed } = readBinary(bytes);
  const faults = [];
  const expectedFormat = { linux: 'elf', darwin: 'mach-o', win32: 'pe' }[system];
  if (format !== expectedFormat || found !== machine) {
    faults.push(`Expected ${expectedFormat} for ${machine} but it is ${format} for ${found}.`);
  }
  for (const library of libraries.filter((name) => !LIBRARIES[libc ?? system].test(name))) {
    faults.push(`It needs the library ${library}, which not every machine has.`);
  }
  for (const { name, version } of imports) {
    if (version?.startsWith('GLIBCXX') || version?.startsWith('CXXABI') || version?.startsWith('GCC_')) {
      faults.push(`It takes ${name} from a C++ library (${version}), which not every machine has.`);
    }
    if (version?.startsWith('GLIBC_') && tooNew(version)) faults.push(`${name} is of ${version}, newer than 2.28.`);
    if (isNodeApi(name) && !NODE_API.includes(name)) faults.push(`${name} is no function of Node-API 9.`);
  }
  // On Windows the addon looks them up itself.
  if (system !== 'win32' && !imports.some(({ name }) => name === 'napi_create_function'))
    faults.push('It takes nothing from Node-API.');
  if (platform === 'darwin-arm64' && !signed) faults.push('It is not signed, and Apple silicon loads no such file.');
  const given = [...exports, ...weak.filter((name) => !OPERATORS.test(name))];
  for (const name of given.filter((name) => !ENTRIES.includes(name))) faults.push(`It gives ${name} away.`);
  if (!exports.includes(ENTRIES[0])) faults.push(`It has no ${ENTRIES[0]}.`);
  return faults;
}
