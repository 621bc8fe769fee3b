import { readFileSync } from 'node:fs';
import { type Ref, ref } from './reference/array.js';

/** One case of test/golden/NAME.json with its tensors of NAME.safetensors (int64 and bytes as numbers). */
export interface GoldenCase<Params> {
  params: Params;
  tensors: Record<string, Ref>;
}

// From dist/test, where this file is when it runs.
const folder = new URL('../../test/golden/', import.meta.url);

/** The fixtures that test/golden/generate.py wrote under `name`; Params is what its JSON says of each case. */
export function loadGolden<Params>(name: string): { cases: GoldenCase<Params>[] } {
  const { cases } = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as { cases: Params[] };
  const tensors = readTensors(readFileSync(new URL(`${name}.safetensors`, folder)));
  return {
    cases: cases.map((params, i) => {
      const own = [...tensors].filter(([key]) => key.startsWith(`${i}.`));
      return { params, tensors: Object.fromEntries(own.map(([key, x]) => [key.slice(`${i}.`.length), x])) };
    }),
  };
}

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

function readTensors(file: Buffer): Map<string, Ref> {
  const start = 8 + Number(file.readBigUInt64LE(0));
  const { __metadata__, ...entries } = JSON.parse(file.toString('utf8', 8, start)) as Header;
  return new Map(
    Object.entries(entries).map(
      ([
        key,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        const bytes = file.buffer.slice(file.byteOffset + start + from, file.byteOffset + start + to);
        return [key, ref(shape, numbersOf(bytes, dtype, key))];
      },
    ),
  );
}

function numbersOf(bytes: ArrayBufferLike, dtype: string, key: string): ArrayLike<number> {
  switch (dtype) {
    case 'F32':
      return new Float32Array(bytes);
    case 'U8':
      return new Uint8Array(bytes);
    case 'I64':
      return Array.from(new BigInt64Array(bytes), Number);
    default:
      throw new TypeError(`Golden tensor ${key} is ${dtype}, none of F32, I64 and U8`);
  }
}
