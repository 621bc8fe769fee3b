// The platforms that binaries are made for, and what zig, a clang with the C libraries of all systems, is told for each.

// Highway names the instruction sets that kernels are compiled for; clang's 512-bit registers are a feature of their own,
// which Highway 1.0 does not know. It is of no effect without AVX-512.
const WIDE_REGISTERS = ['-Xclang', '-target-feature', '-Xclang', '+evex512'];

// Of two symbols that Node.js looks for, and none else: what lies in the binary of the C++ library stays there.
const ELF = [
  '-Wl,--version-script=native/exports.map',
  '-Wl,--gc-sections',
  '-Wl,-z,now',
  '-Wl,-z,nodelete',
  '-Wl,-z,relro',
];
const MAC = ['-Wl,-undefined,dynamic_lookup', '-Wl,-dead_strip'];

/** `libc` as Node.js has it; no symbol of glibc that is newer than Node.js 20 needs itself. */
export const PLATFORMS = {
  'linux-x64-glibc': { target: 'x86_64-linux-gnu.2.28', compile: WIDE_REGISTERS, link: ELF },
  'linux-x64-musl': { target: 'x86_64-linux-musl', compile: WIDE_REGISTERS, link: ELF },
  'linux-arm64-glibc': { target: 'aarch64-linux-gnu.2.28', compile: [], link: ELF },
  'linux-arm64-musl': { target: 'aarch64-linux-musl', compile: [], link: ELF },
  'darwin-arm64': { target: 'aarch64-macos.12.0', compile: [], link: MAC },
  'darwin-x64': { target: 'x86_64-macos.12.0', compile: WIDE_REGISTERS, link: MAC },
};
