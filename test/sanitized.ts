/**
 * Whether the addon is one of AddressSanitizer's (`npm run sanitize`), under which a process takes some 5 s to start: what starts many,
 * for the sake of chance or of equal bits, starts fewer there.
 */
export const sanitized = process.env.ASAN_OPTIONS !== undefined;
