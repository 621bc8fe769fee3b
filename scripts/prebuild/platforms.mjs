// The platforms that binaries are made for, and what zig, a clang with the C libraries of all systems, is told for each.

// Highway names the instruction sets that kernels are compiled for; clang's 512-bit registers are a feature of their own,
// which Highway 1.0 does not know. It is of no effect without AVX-512.
const WIDE_REGISTERS = ['-Xclang', '-target-feature', '-Xclang', '+evex512'];

// Of two symbols that Node.js looks for, and none else: what lies in the binary of the C++ library stays there.
// `whole` leaves no symbol open, `open` those that are in whatever program loads the file.
const ELF = {
  link: [
    '-Wl,--version-script=native/exports.map',
    '-Wl,--gc-sections',
    '-Wl,-z,now',
    '-Wl,-z,nodelete',
    '-Wl,-z,relro',
  ],
  whole: ['-Wl,-z,defs'],
  open: [],
};
const MAC = { link: ['-Wl,-dead_strip'], whole: [], open: ['-Wl,-undefined,dynamic_lookup'] };

// What would be open is in the file, see node-api.mjs; so Node-API's functions are not declared as another file's.
const WINDOWS = { compile: [...WIDE_REGISTERS, '-DNAPI_EXTERN='], link: [], whole: [] };

/**
 * `target` is zig's name; no symbol of glibc that is newer than Node.js 20 needs itself. `kernels` names the target that the
 * kernels are compiled for, where that is another: they take no more of a C library than what all have, and need most of the time.
 */
export const PLATFORMS = {
  'linux-x64-glibc': { target: 'x86_64-linux-gnu.2.28', compile: [...WIDE_REGISTERS, '-fPIC'], ...ELF },
  'linux-x64-musl': {
    target: 'x86_64-linux-musl',
    kernels: 'x86_64-linux-gnu.2.28',
    compile: [...WIDE_REGISTERS, '-fPIC'],
    ...ELF,
  },
  'linux-arm64-glibc': { target: 'aarch64-linux-gnu.2.28', compile: ['-fPIC'], ...ELF },
  'linux-arm64-musl': { target: 'aarch64-linux-musl', kernels: 'aarch64-linux-gnu.2.28', compile: ['-fPIC'], ...ELF },
  'darwin-arm64': { target: 'aarch64-macos.12.0', compile: [], ...MAC },
  'darwin-x64': { target: 'x86_64-macos.12.0', compile: WIDE_REGISTERS, ...MAC },
  'win32-x64': { target: 'x86_64-windows-gnu', ...WINDOWS },
};
