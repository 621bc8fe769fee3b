// What Windows' loader sees of a PE32+ file (Microsoft's "PE Format", .idata and .edata).

const MACHINES = { 34404: 'x64', 43620: 'arm64' };
const PE32_PLUS = 0x20b;

/** undefined for another kind of file. */
export function readPe(bytes) {
  if (bytes.length < 64 || bytes.toString('latin1', 0, 2) !== 'MZ') return undefined;
  const header = bytes.readUInt32LE(0x3c);
  if (bytes.toString('latin1', header, header + 4) !== 'PE\0\0') return undefined;
  const optional = header + 24;
  if (bytes.readUInt16LE(optional) !== PE32_PLUS) return undefined;
  const sections = optional + bytes.readUInt16LE(header + 20);

  /** The place in the file of an address relative to the image's. */
  const place = (address) => {
    for (let i = 0; i < bytes.readUInt16LE(header + 6); i++) {
      const at = sections + i * 40;
      const [size, begin, rawSize, raw] = [8, 12, 16, 20].map((field) => bytes.readUInt32LE(at + field));
      if (address >= begin && address < begin + Math.max(size, rawSize)) return raw + address - begin;
    }
    throw new Error(`Expected an address in a section of the PE file but received ${address}.`);
  };
  const text = (address) => bytes.toString('latin1', place(address), bytes.indexOf(0, place(address)));
  const directory = (index) => bytes.readUInt32LE(optional + 112 + index * 8);

  const libraries = [];
  const imports = [];
  for (let at = place(directory(1)); bytes.readUInt32LE(at + 12) !== 0; at += 20) {
    libraries.push(text(bytes.readUInt32LE(at + 12)));
    for (let entry = place(bytes.readUInt32LE(at)); bytes.readBigUInt64LE(entry) !== 0n; entry += 8) {
      const address = bytes.readBigUInt64LE(entry);
      const byNumber = address >> 63n === 1n;
      imports.push({ name: byNumber ? `number ${address & 0xffffn}` : text(Number(address) + 2) });
    }
  }
  const exports = [];
  if (directory(0) !== 0) {
    const at = place(directory(0));
    const names = place(bytes.readUInt32LE(at + 32));
    for (let i = 0; i < bytes.readUInt32LE(at + 24); i++) exports.push(text(bytes.readUInt32LE(names + i * 4)));
  }
  return {
    format: 'pe',
    machine: MACHINES[bytes.readUInt16LE(header + 4)] ?? 'another machine',
    libraries,
    imports,
    exports,
  };
}
