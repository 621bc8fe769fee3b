/** Formats that are not read, by what stands in their files and where. @see the formats' registrations with IANA */
const SIGNATURES: readonly (readonly [name: string, at: number, texts: readonly string[]])[] = [
  ['BMP', 0, ['BM']],
  ['HEIC', 4, ['ftyphei', 'ftyphev', 'ftypmif1', 'ftypmsf1']],
  ['AVIF', 4, ['ftypavif', 'ftypavis']],
  ['JPEG XL', 0, ['\xff\x0a', '\0\0\0\x0cJXL ']],
  ['JPEG 2000', 0, ['\0\0\0\x0cjP  ', '\xff\x4f\xff\x51']],
  ['Photoshop', 0, ['8BPS']],
  ['an icon', 0, ['\0\0\x01\0', '\0\0\x02\0']],
  ['PDF', 0, ['%PDF-']],
];

// As many bytes as what stands before <svg may take.
const MOST = 512;

/** The name of a file's format, where it is one of those that are known but not read. */
export function foreignImage(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MOST)).toString('latin1');
  const found = SIGNATURES.find(([, at, texts]) => texts.some((text) => head.startsWith(text, at)));
  if (found !== undefined) return found[0];
  return head.trimStart().startsWith('<') && head.includes('<svg') ? 'SVG' : undefined;
}
