import { crc32, deflateRawSync } from 'node:zlib';

/** One file of an archive; `declaredBytes` and `checksum` make it lie. */
export interface ZipSource {
  name: string;
  data: Uint8Array;
  deflate?: boolean;
  declaredBytes?: number;
  checksum?: number;
}

/** A zip archive (APPNOTE.TXT 4.3): local headers with data, the central directory, its end record. */
export function makeZip(sources: readonly ZipSource[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data, deflate = false, declaredBytes = data.byteLength, checksum = crc32(data) } of sources) {
    const stored = deflate ? deflateRawSync(data) : Buffer.from(data);
    const nameBytes = Buffer.from(name);
    // From "version needed" to "extra field length", the same in both headers.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(deflate ? 8 : 0, 4);
    common.writeUInt32LE(checksum, 10);
    common.writeUInt32LE(stored.byteLength, 14);
    common.writeUInt32LE(declaredBytes, 18);
    common.writeUInt16LE(nameBytes.byteLength, 22);
    const file = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, nameBytes, stored]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, rest, nameBytes]));
    files.push(file);
    offset += file.byteLength;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(sources.length, 8);
  end.writeUInt16LE(sources.length, 10);
  end.writeUInt32LE(central.byteLength, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, central, end]);
}
