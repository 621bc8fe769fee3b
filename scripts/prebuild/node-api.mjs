// Node-API's functions, which the program that loads an addon has, as C for the linker.

import { createRequire } from 'node:module';

const { symbols } = createRequire(import.meta.url)('node-api-headers');

/** Node-API as of the version that the addon is built for, NAPI_VERSION. */
export const NODE_API = [...symbols.v9.js_native_api_symbols, ...symbols.v9.node_api_symbols];

/** Empty functions: what links with them, and leaves nothing open, takes nothing of its program but Node-API. */
export function stubs() {
  return NODE_API.map((name) => `void ${name}(void) {}\n`).join('');
}

/**
 * Functions that go on to those of the same name in the program that loads the addon, whatever that is called; for Windows,
 * where imports name the file that they are from, node.exe, which Electron and programs of one file are not.
 */
export function forwards() {
  const jumps = NODE_API.map((name, i) => `  ".globl ${name}\\n${name}: jmp *vitrine_node_api+${8 * i}(%rip)\\n"\n`);
  return `#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

static const char* const kNames[] = {
${NODE_API.map((name) => `  "${name}",\n`).join('')}};
enum { kCount = sizeof(kNames) / sizeof(*kNames) };
FARPROC vitrine_node_api[kCount];

__asm__(
  ".text\\n"
${jumps.join('')});

static void Missing(void) {
  fputs("Expected a Node.js with Node-API 9 for vitrine's addon but a function of it is missing. Install a newer one.\\n", stderr);
  abort();
}

BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, LPVOID reserved) {
  (void)self;
  (void)reserved;
  if (reason != DLL_PROCESS_ATTACH) return TRUE;
  HMODULE program = GetModuleHandleW(NULL);
  for (int i = 0; i < kCount; ++i) {
    FARPROC function = GetProcAddress(program, kNames[i]);
    vitrine_node_api[i] = function != NULL ? function : (FARPROC)Missing;
  }
  return GetProcAddress(program, "napi_create_function") != NULL;
}
`;
}
