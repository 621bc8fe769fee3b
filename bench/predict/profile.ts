/** What a trace file says of a span; times in microseconds. */
interface Span {
  readonly ph: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args?: { readonly loop: number; readonly range: number; readonly tile: number };
}

/** A span around the commands that a replay runs. */
const REPLAY = 'replay';

/** A parallel loop of a command. */
export interface Loop {
  readonly command: string;
  /** Which loop of the command, from 1. */
  readonly place: number;
  /** Microseconds that each tile takes on one thread, by the ranges that the loop is made of. */
  readonly ranges: readonly (readonly number[])[];
}

/** What a command does on the thread that leads, besides its loops. */
export interface Serial {
  readonly command: string;
  readonly time: number;
}

/** One step on one thread, taken apart. */
export interface Profile {
  readonly loops: readonly Loop[];
  readonly serial: readonly Serial[];
}

/** A step of one thread, by the text of a trace file with tiles. What noting a tile takes is left out. */
export function profileOf(trace: string): Profile {
  const { traceEvents } = JSON.parse(trace) as { traceEvents: Span[] }; // of writeTrace
  const loops: Loop[] = [];
  const serial: Serial[] = [];
  let tiles: Span[] = [];
  // A thread notes a span when it ends: a command's tiles come before it.
  for (const span of traceEvents) {
    if (span.ph !== 'X' || span.name === REPLAY) continue;
    if (span.args !== undefined) {
      tiles.push(span);
      continue;
    }
    const own = loopsOf(tiles);
    loops.push(...own.map((loop, i) => ({ command: span.name, place: i + 1, ranges: rangesOf(loop) })));
    serial.push({ command: span.name, time: own.reduce((time, loop) => time - lengthOf(loop), span.dur) });
    tiles = [];
  }
  return { loops, serial };
}

function loopsOf(tiles: readonly Span[]): Span[][] {
  const loops = new Map<number | undefined, Span[]>();
  for (const tile of tiles) {
    const loop = loops.get(tile.args?.loop);
    if (loop === undefined) loops.set(tile.args?.loop, [tile]);
    else loop.push(tile);
  }
  return [...loops.values()];
}

function rangesOf(loop: readonly Span[]): number[][] {
  const ranges = new Map<number | undefined, number[]>();
  for (const { args, dur } of loop) {
    const range = ranges.get(args?.range);
    if (range === undefined) ranges.set(args?.range, [dur]);
    else range.push(dur);
  }
  return [...ranges.values()];
}

/** From the first tile's begin to the last one's end. */
function lengthOf(loop: readonly Span[]): number {
  const last = loop.at(-1);
  return last === undefined ? 0 : last.ts + last.dur - (loop[0]?.ts ?? 0);
}

/** The same step traced several times as one: of each time the shortest, as other programs only ever add to it. */
export function fastestProfile(profiles: readonly Profile[]): Profile {
  const [first] = profiles;
  if (first === undefined) throw new Error('there is no trace');
  return {
    loops: first.loops.map((loop, i) => ({
      ...loop,
      ranges: loop.ranges.map((range, r) =>
        range.map((_, t) => Math.min(...profiles.map((profile) => profile.loops[i]?.ranges[r]?.[t] ?? Number.NaN))),
      ),
    })),
    serial: first.serial.map((part, i) => ({
      ...part,
      time: Math.min(...profiles.map((profile) => profile.serial[i]?.time ?? Number.NaN)),
    })),
  };
}
