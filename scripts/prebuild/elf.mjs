// What a dynamic loader sees of an ELF file of 64 bits, little-endian (System V ABI, chapters 4 and 5; LSB 10.7 for versions).

const SHT = { dynamic: 6, dynsym: 11, versionNeeds: 0x6ffffffe, versions: 0x6fffffff };
const DT_NEEDED = 1;
const MACHINES = { 62: 'x64', 183: 'arm64' };

/** undefined for another kind of file. */
export function readElf(bytes) {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) return undefined;
  const number = (at) => Number(bytes.readBigUInt64LE(at));
  const [table, entrySize, count] = [number(40), bytes.readUInt16LE(58), bytes.readUInt16LE(60)];
  const sections = Array.from({ length: count }, (_, i) => {
    const at = table + i * entrySize;
    const offset = number(at + 24);
    return {
      type: bytes.readUInt32LE(at + 4),
      link: bytes.readUInt32LE(at + 40),
      bytes: bytes.subarray(offset, offset + number(at + 32)),
    };
  });
  const find = (type) => sections.find((section) => section.type === type);
  const text = (names, at) => names.toString('latin1', at, names.indexOf(0, at));

  const dynamic = find(SHT.dynamic);
  const libraries = [];
  for (let at = 0; at < dynamic.bytes.length; at += 16) {
    if (dynamic.bytes.readBigUInt64LE(at) !== BigInt(DT_NEEDED)) continue;
    libraries.push(text(sections[dynamic.link].bytes, Number(dynamic.bytes.readBigUInt64LE(at + 8))));
  }

  const symbols = find(SHT.dynsym);
  const names = sections[symbols.link].bytes;
  const versions = versionNames(find(SHT.versionNeeds), sections, text);
  const versionOf = find(SHT.versions)?.bytes;
  const imports = [];
  const exports = [];
  for (let i = 1; i < symbols.bytes.length / 24; i++) {
    const at = i * 24;
    const name = text(names, symbols.bytes.readUInt32LE(at));
    if (name === '') continue;
    const defined = symbols.bytes.readUInt16LE(at + 6) !== 0;
    if (defined) exports.push(name);
    else imports.push({ name, version: versionOf && versions.get(versionOf.readUInt16LE(i * 2) & 0x7fff) });
  }
  const machine = MACHINES[bytes.readUInt16LE(18)] ?? 'another machine';
  return { format: 'elf', machine, libraries, imports, exports };
}

/** The names of the versions of symbols that are needed, by the index that symbols have for them. */
function versionNames(needs, sections, text) {
  const found = new Map();
  if (needs === undefined) return found;
  const { bytes, link } = needs;
  for (let at = 0, next = 1; next !== 0; at += next) {
    const count = bytes.readUInt16LE(at + 2);
    let entry = at + bytes.readUInt32LE(at + 8);
    for (let i = 0; i < count; i++) {
      found.set(bytes.readUInt16LE(entry + 6), text(sections[link].bytes, bytes.readUInt32LE(entry + 8)));
      entry += bytes.readUInt32LE(entry + 12);
    }
    next = bytes.readUInt32LE(at + 12);
  }
  return found;
}
