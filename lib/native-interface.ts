// Written by scripts/generate.mjs: what the addon and its TypeScript know of each
// other, as a digest.

export const INTERFACE = 'fe09cc7038f7b0a6';
