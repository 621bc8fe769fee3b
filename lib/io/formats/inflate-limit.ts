import { fileError } from './file-error.js';

// Deflate cannot shrink by more than this (zlib technical details, "Maximum Compression Factor").
const deflateCeiling = 1032;
// Weights and images shrink two- to tenfold. A file past both of these would rather fill the memory than hold data.
const alwaysAllowedBytes = 256 * 2 ** 20;
const plausibleRatio = 100;

/** Throws if `stored` bytes of a file declare more data than they can hold, or so much that it must be a bomb. */
export function checkInflation(declared: number, stored: number, where: string): void {
  const most = Math.min(stored * deflateCeiling, Math.max(alwaysAllowedBytes, stored * plausibleRatio));
  if (declared > most) {
    const what = `at most ${most} bytes of data from the ${stored} bytes stored`;
    throw fileError(
      what,
      where,
      `a declaration of ${declared} bytes`,
      'The file is damaged, or made to fill the memory.',
    );
  }
}
