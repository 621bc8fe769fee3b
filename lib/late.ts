/**
 * Node.js's own modules that take it milliseconds to load, a tenth of importing vitrine: loaded where they are first used. (Node.js
 * has `getBuiltinModule` from 20.16 on, and so have Bun and Deno.)
 */
export const late = {
  get crypto() {
    return process.getBuiltinModule('node:crypto');
  },
  get stream() {
    return process.getBuiltinModule('node:stream');
  },
  get threads() {
    return process.getBuiltinModule('node:worker_threads');
  },
  get zlib() {
    return process.getBuiltinModule('node:zlib');
  },
} as const;
