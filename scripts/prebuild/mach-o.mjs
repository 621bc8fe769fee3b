// What macOS's dynamic loader sees of a Mach-O file of 64 bits (mach-o/loader.h, nlist.h).

const LC = { symtab: 0x2, loadDylib: 0xc, loadWeakDylib: 0x80000018, reexportDylib: 0x8000001f, signature: 0x1d };
const MACHINES = { 16777223: 'x64', 16777228: 'arm64' };
const N_STAB = 0xe0;
const N_PRIVATE = 0x10;
const N_TYPE = 0x0e;
const N_EXTERNAL = 0x01;
const N_WEAK_DEFINITION = 0x80;
/** Where the file lies, which zig's linker tells. */
const OF_THE_LINKER = ['_mh_dylib_header', '__dso_handle'];

/** undefined for another kind of file. `weak` are exports of which dyld takes one for all that a process has loaded. */
export function readMachO(bytes) {
  if (bytes.length < 32 || bytes.readUInt32LE(0) !== 0xfeedfacf) return undefined;
  const text = (at) => bytes.toString('latin1', at, bytes.indexOf(0, at));
  const libraries = [];
  const imports = [];
  const exports = [];
  const weak = [];
  let signed = false;
  let at = 32;
  for (let i = 0; i < bytes.readUInt32LE(16); i++, at += bytes.readUInt32LE(at + 4)) {
    const command = bytes.readUInt32LE(at);
    if ([LC.loadDylib, LC.loadWeakDylib, LC.reexportDylib].includes(command)) {
      libraries.push(text(at + bytes.readUInt32LE(at + 8)));
    }
    if (command === LC.signature) signed = true;
    if (command !== LC.symtab) continue;
    const [symbols, count, names] = [8, 12, 16].map((field) => bytes.readUInt32LE(at + field));
    for (let entry = symbols; entry < symbols + count * 16; entry += 16) {
      const type = bytes[entry + 4];
      if ((type & N_STAB) !== 0 || (type & N_EXTERNAL) === 0 || (type & N_PRIVATE) !== 0) continue;
      const name = text(names + bytes.readUInt32LE(entry)).replace(/^_/, '');
      if ((type & N_TYPE) === 0) imports.push({ name });
      else if ((bytes.readUInt16LE(entry + 6) & N_WEAK_DEFINITION) !== 0) weak.push(name);
      else if (!OF_THE_LINKER.includes(name)) exports.push(name);
    }
  }
  return {
    format: 'mach-o',
    machine: MACHINES[bytes.readUInt32LE(4)] ?? 'another machine',
    libraries,
    imports,
    exports,
    weak,
    signed,
  };
}
