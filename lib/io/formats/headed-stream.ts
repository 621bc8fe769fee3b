import { fileError } from './file-error.js';
import { allocateBytes } from './tensor-record.js';

/** What a header must tell: how long it is, and how many bytes follow it. */
export interface StreamHeader {
  readonly headerBytes: number;
  readonly bodyBytes: number;
}

/**
 * Reads a stream that is a header and then just as many bytes as the header says, allocating no more than that.
 *
 * `parse` gets the bytes so far, and returns undefined until they hold the whole header; it throws to refuse one.
 * Throws if the stream is shorter or longer than declared.
 */
export async function readHeadedStream<Header extends StreamHeader>(
  chunks: AsyncIterable<Uint8Array>,
  parse: (head: Uint8Array) => Header | undefined,
  where: string,
): Promise<{ header: Header; body: Uint8Array<ArrayBuffer> }> {
  let head: Uint8Array = new Uint8Array(0);
  let header: Header | undefined;
  let body = new Uint8Array(0);
  let filled = 0;
  for await (const chunk of chunks) {
    let rest = chunk;
    if (header === undefined) {
      head = Buffer.concat([head, chunk]);
      header = parse(head);
      if (header === undefined) continue;
      body = allocateBytes(header.bodyBytes, where);
      rest = head.subarray(header.headerBytes);
    }
    if (filled + rest.byteLength > body.byteLength) {
      throw fileError(`${body.byteLength} bytes after the header`, where, 'more', 'The header or the data is damaged.');
    }
    body.set(rest, filled);
    filled += rest.byteLength;
  }
  if (header === undefined) throw fileError('a whole header', where, `only ${head.byteLength} bytes`, truncatedAdvice);
  if (filled < body.byteLength) {
    throw fileError(`${body.byteLength} bytes after the header`, where, `only ${filled}`, truncatedAdvice);
  }
  return { header, body };
}

const truncatedAdvice = 'The file is truncated; fetch or save it again.';
