import { shapeText } from '../../check.js';
import { fileError, quoted, tensorOf } from './file-error.js';
import { isObject } from './json-fields.js';
import { parseStrictJson } from './strict-json.js';
import { isRecordDtype, recordBytes } from './tensor-record.js';

// Format: https://huggingface.co/docs/safetensors, section Format. A file is the header's length (uint64), the header
// (JSON), and the tensors' bytes without gaps.

/** Bytes before the header: its length. */
export const lengthBytes = 8;

/** The longest header that safetensors itself reads. */
export const maxHeaderBytes = 100_000_000;

/** What the header says of one tensor; its bytes are [begin, end) of the data section. */
export interface TensorEntry {
  /** One of the format's, or of a later version's; what this library cannot read may stand beside what it is to read. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of the tensors' bytes. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Advice of every error that means a broken file. */
export const damagedAdvice = 'The file is damaged or was not written by safetensors; fetch or save it again.';

/** Parses a header and proves it consistent with itself and with the data section's size; throws if it is not. */
export function parseHeader(bytes: Uint8Array, dataBytes: number, path: string): SafetensorsHeader {
  const where = `the header of ${path}`;
  const json = parseStrictJson(decodeUtf8(bytes, where), where);
  if (!isObject(json)) throw fileError('a JSON object', where, kindOf(json), damagedAdvice);
  const entries: [string, TensorEntry][] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') metadata = parseMetadata(value, where);
    else entries.push([name, parseEntry(value, tensorOf(name, path))]);
  }
  entries.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  checkLayout(entries, dataBytes, path);
  return { tensors: new Map(entries), metadata };
}

/** The length and the header as bytes, padded with spaces so that the data section starts aligned to 8 bytes. */
export function formatHeader({ tensors, metadata }: SafetensorsHeader, path: string): Uint8Array {
  // Text and not an object, which would reorder names that look like numbers and lose "__proto__".
  const fields = Object.keys(metadata).length === 0 ? [] : [`"__metadata__":${JSON.stringify(metadata)}`];
  for (const [name, { dtype, shape, begin, end }] of tensors) {
    fields.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
  }
  const json = Buffer.from(`{${fields.join(',')}}`);
  const headerBytes = Math.ceil(json.byteLength / 8) * 8;
  if (headerBytes > maxHeaderBytes) {
    const advice = 'Save fewer tensors in one file.';
    throw fileError(`a header of at most ${maxHeaderBytes} bytes`, path, `${headerBytes} bytes`, advice);
  }
  const bytes = Buffer.alloc(lengthBytes + headerBytes, ' ');
  bytes.writeBigUInt64LE(BigInt(headerBytes));
  json.copy(bytes, lengthBytes);
  return bytes;
}

function parseMetadata(value: unknown, where: string): Record<string, string> {
  if (value === null) return {}; // as safetensors itself reads it
  if (!isObject(value)) throw fileError('an object as __metadata__', where, kindOf(value), damagedAdvice);
  const pairs = Object.entries(value).map(([key, text]): [string, string] => {
    if (typeof text === 'string') return [key, text];
    throw fileError(`a string as __metadata__ ${quoted(key)}`, where, kindOf(text), damagedAdvice);
  });
  return Object.fromEntries(pairs);
}

function parseEntry(value: unknown, where: string): TensorEntry {
  if (!isObject(value)) throw fileError('a JSON object', where, kindOf(value), damagedAdvice);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string') throw fileError('a dtype by its name', where, kindOf(dtype), damagedAdvice);
  if (!isNumbers(shape)) throw fileError('a shape of numbers', where, kindOf(shape), damagedAdvice);
  if (!isNumbers(offsets) || offsets.length !== 2) {
    throw fileError('two data_offsets', where, kindOf(offsets), damagedAdvice);
  }
  const [begin, end] = offsets;
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 || end < begin) {
    throw fileError('data_offsets that run forwards from 0', where, `${begin} to ${end}`, damagedAdvice);
  }
  const bytes = isRecordDtype(dtype) ? recordBytes(dtype, shape, where) : end - begin;
  if (end - begin !== bytes) {
    const what = `data_offsets ${bytes} bytes apart (${dtype} of shape ${shapeText(shape)})`;
    throw fileError(what, where, `${begin} to ${end}, ${end - begin} bytes`, damagedAdvice);
  }
  return { dtype, shape, begin, end };
}

/** Every byte of the data section must belong to just one tensor; `entries` are sorted by offset. */
function checkLayout(entries: readonly [string, TensorEntry][], dataBytes: number, path: string): void {
  let previousEnd = 0;
  for (const [name, { begin, end }] of entries) {
    if (begin !== previousEnd) {
      const fault = begin < previousEnd ? 'an overlap' : 'a gap';
      throw fileError(`data from byte ${previousEnd}`, tensorOf(name, path), `${fault} at ${begin}`, damagedAdvice);
    }
    if (end > dataBytes) {
      const what = `data within the file's ${dataBytes} bytes of tensors`;
      throw fileError(what, tensorOf(name, path), `an end at byte ${end}`, 'The file is truncated; fetch it again.');
    }
    previousEnd = end;
  }
  if (previousEnd !== dataBytes) {
    throw fileError(`${previousEnd} bytes of tensors`, path, `${dataBytes - previousEnd} bytes more`, damagedAdvice);
  }
}

function decodeUtf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw fileError('JSON in UTF-8', where, 'other bytes', damagedAdvice);
  }
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number');
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value === null || value === undefined) return value === null ? 'null' : 'nothing';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
