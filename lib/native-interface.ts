// Written by scripts/generate.mjs: what the addon and its TypeScript know of each
// other, as a digest.

export const INTERFACE = 'd58ebe450dda2291';
