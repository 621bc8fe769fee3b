import { crc32c } from '../../io/formats/crc32c.js';
import { bytesField, doubleField, doublesField, floatField, intField } from '../../io/formats/protobuf.js';

/**
 * Events as TensorBoard reads them, byte for byte: a TFRecord of a message `Event`.
 * @see tensorflow/core/util/event.proto, framework/summary.proto, and the TFRecord framing of lib/io/record_writer.h
 */
export interface EventTime {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
}

/** A record: its length and data, each with a masked checksum. */
export function record(data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(16 + data.byteLength);
  bytes.writeBigUInt64LE(BigInt(data.byteLength), 0);
  bytes.writeUInt32LE(masked(bytes.subarray(0, 8)), 8);
  bytes.set(data, 12);
  bytes.writeUInt32LE(masked(data), 12 + data.byteLength);
  return bytes;
}

/** A checksum as it is stored, so that a checksum of what holds checksums is no trivial one. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** What a file begins with. */
export function versionEvent(wallTime: number): Uint8Array {
  return record(Buffer.concat([doubleField(1, wallTime), bytesField(3, 'brain.Event:2')]));
}

/** Says that what was told of this step and of later ones is void, for they come again: a session that starts. */
export function restartEvent({ wallTime, step }: EventTime): Uint8Array {
  const start = 1;
  return record(Buffer.concat([doubleField(1, wallTime), intField(2, step), bytesField(7, [intField(1, start)])]));
}

export function scalarEvent(time: EventTime, tag: string, value: number): Uint8Array {
  return summaryEvent(time, tag, [floatField(2, value)]);
}

/** An encoded image: a PNG. */
export function imageEvent(
  time: EventTime,
  tag: string,
  image: { height: number; width: number; png: Uint8Array },
): Uint8Array {
  const message = [intField(1, image.height), intField(2, image.width), intField(3, 3), bytesField(4, image.png)];
  return summaryEvent(time, tag, [bytesField(4, message)]);
}

/** A text, which TensorBoard shows as Markdown. */
export function textEvent(time: EventTime, tag: string, text: string): Uint8Array {
  const strings = 7; // DT_STRING
  const tensor = [intField(1, strings), bytesField(2, [bytesField(2, [intField(1, 1)])]), bytesField(8, text)];
  return summaryEvent(time, tag, [bytesField(9, [bytesField(1, [bytesField(1, 'text')])]), bytesField(8, tensor)]);
}

/** How often values lie between the edges of `bins` equal parts of their range. Those that are not finite are left out. */
export function histogramEvent(time: EventTime, tag: string, values: Float32Array, bins = 30): Uint8Array {
  const finite = values.filter(Number.isFinite);
  const min = finite.reduce((least, value) => Math.min(least, value), Infinity);
  const max = finite.reduce((most, value) => Math.max(most, value), -Infinity);
  if (finite.length === 0) return summaryEvent(time, tag, [bytesField(5, [])]);
  const width = (max - min) / bins;
  const counts = new Array<number>(bins).fill(0);
  for (const value of finite) counts[width === 0 ? 0 : Math.min(bins - 1, Math.floor((value - min) / width))]++;
  const edges = counts.map((_, i) => (i === bins - 1 ? max : min + (i + 1) * width));
  let [sum, squares] = [0, 0];
  for (const value of finite) {
    sum += value;
    squares += value * value;
  }
  const numbers = [min, max, finite.length, sum, squares].map((value, i) => doubleField(i + 1, value));
  return summaryEvent(time, tag, [bytesField(5, [...numbers, doublesField(6, edges), doublesField(7, counts)])]);
}

function summaryEvent({ wallTime, step }: EventTime, tag: string, value: readonly Uint8Array[]): Uint8Array {
  const summary = bytesField(1, [bytesField(1, tag), ...value]);
  return record(Buffer.concat([doubleField(1, wallTime), intField(2, step), bytesField(5, summary)]));
}
