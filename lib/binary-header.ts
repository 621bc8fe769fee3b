/** Bytes of a binary's beginning that tell what it is for. */
export const HEADER_BYTES = 64;

const ELF_MACHINES: Readonly<Record<number, string>> = { 62: 'x64', 183: 'arm64', 243: 'riscv64', 258: 'loong64' };
const MACH_O_MACHINES: Readonly<Record<number, string>> = { 16777223: 'x64', 16777228: 'arm64' };

/** Whether it is an ELF file of 64 bits, little-endian. */
export function isElf(header: Buffer): boolean {
  return header.readUInt32BE(0) === 0x7f454c46 && header[4] === 2 && header[5] === 1;
}

/** The platform that a binary is for, as `linux-x64`; undefined where it is not of a kind that is known here. */
export function platformOf(header: Buffer): string | undefined {
  if (isElf(header)) {
    // ELF does not tell systems apart.
    const system = ['win32', 'darwin'].includes(process.platform) ? 'linux' : process.platform;
    return named(system, ELF_MACHINES[header.readUInt16LE(18)]);
  }
  if (header.readUInt32LE(0) === 0xfeedfacf) return named('darwin', MACH_O_MACHINES[header.readUInt32LE(4)]);
  // Windows' tell the machine further on.
  return header.toString('latin1', 0, 2) === 'MZ' && process.platform !== 'win32' ? 'win32' : undefined;
}

const named = (system: string, machine: string | undefined): string | undefined =>
  machine === undefined ? undefined : `${system}-${machine}`;
