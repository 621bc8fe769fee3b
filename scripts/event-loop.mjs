// How free the event loop stays while `vitrine train` trains on a folder of JPEGs, with its report, metrics.jsonl, checkpoints
// and evaluations: node scripts/event-loop.mjs [runs, 3] [folder, made] [flags of vitrine train]. Of the built library.
//
// A timer asks every two milliseconds how late it is. `own` is without the time in which the thread was ready and the system ran
// others (/proc/<pid>/task/<tid>/schedstat), so that a loaded machine tells much the same as an idle one. What the thread did
// while it was late is named by the profiler's samples, one a millisecond.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const EVERY_MS = 2;
const [CHILD, MOST_MS, P99_MS] = ['--child', 50, 10];

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const quantile = (values, q) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.ceil(q * values.length))];

/** Photographs in four folders of classes, smooth noise of 500 x 375. */
async function makePhotographs(folder) {
  const { default: sharp } = await import('sharp');
  for (let i = 0; i < 400; i++) {
    const inside = join(folder, String(i % 4));
    mkdirSync(inside, { recursive: true });
    const coarse = { height: 47, width: 63, channels: 3 };
    const pixels = Uint8Array.from(
      { length: 47 * 63 * 3 },
      (_, at) => (at * 7919 + i * 104729 + ((at * at) % 251)) % 256,
    );
    const image = sharp(pixels, { raw: coarse }).resize(500, 375, { fit: 'fill', kernel: 'cubic' });
    await image.jpeg({ quality: 90 }).toFile(join(inside, `${i}.jpg`));
  }
}

/** Milliseconds that this thread has run, and that it has waited for a CPU. */
function scheduled() {
  const path = `/proc/self/task/${process.pid}/schedstat`;
  if (!existsSync(path)) return () => [0, 0];
  const [file, text] = [openSync(path, 'r'), Buffer.alloc(64)];
  return () =>
    text
      .toString('latin1', 0, readSync(file, text, 0, 64, 0))
      .split(' ', 2)
      .map((ns) => Number(ns) / 1e6);
}

/** Watches the event loop until it is ended. */
async function watch() {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 1000 });
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  await session.post('Profiler.start');
  histogram.enable();
  const times = scheduled();
  const late = [];
  let last = performance.now();
  let [ran, waited] = times();
  const timer = setInterval(() => {
    const now = performance.now();
    const [run, wait] = times();
    const wall = Math.max(0, now - last - EVERY_MS);
    late.push({ at: now, wall, own: Math.max(0, wall - (wait - waited)), cpu: Math.min(wall, run - ran) });
    [last, ran, waited] = [now, run, wait];
  }, EVERY_MS);
  const [start, hrStart] = [performance.now(), process.hrtime.bigint()];
  return async () => {
    clearInterval(timer);
    histogram.disable();
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    return { late, histogram, blockers: blockersOf(profile, late, start, Number(hrStart) / 1e3) };
  };
}

/** What the samples of the latest moments were at, by function, innermost of ours first. */
function blockersOf({ nodes, samples, timeDeltas, startTime }, late, start, hrStart) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const name = (id) => {
    const { functionName, url, lineNumber } = byId.get(id).callFrame;
    return `${functionName || '(anonymous)'}${url ? ` ${url.replace(/^.*\/(?=(dist|node_modules)\/)/, '')}:${lineNumber + 1}` : ''}`;
  };
  const stack = (id) => {
    const frames = [];
    for (let at = id; at !== undefined && frames.length < 7; at = parents.get(at))
      if (name(at) !== '(root)') frames.push(name(at));
    return frames.join(' < ');
  };
  const times = [];
  let time = startTime;
  for (const delta of timeDeltas) {
    time += delta;
    times.push(time);
  }
  const worst = [...late].sort((a, b) => b.own - a.own).slice(0, Number(process.env.WORST ?? 12));
  return worst.map(({ at, wall, own, cpu }) => {
    const [to, from] = [(at - start) * 1e3 + hrStart, (at - start - wall - EVERY_MS) * 1e3 + hrStart];
    const counts = new Map();
    for (const [i, sample] of samples.entries()) {
      if (times[i] < from || times[i] > to) continue;
      counts.set(stack(sample), (counts.get(stack(sample)) ?? 0) + 1);
    }
    const found = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 4);
    return { wall, own, cpu, at: (at - start) / 1000, found };
  });
}

async function measure(flags) {
  const { Trainer } = await import('../dist/lib/index.js');
  await import('sharp'); // the command line has it by then, too: it looks at the images' sizes first
  const { fit } = Trainer.prototype;
  let end;
  Trainer.prototype.fit = async function () {
    end = await watch();
    return fit.call(this);
  };
  process.argv.splice(2, Infinity, 'train', ...flags);
  await import('../dist/lib/cli/main.js');
  const { late, histogram, blockers } = await end();
  const of = (kind) => late.map((item) => item[kind]);
  const summary = (kind) => ({
    p50: quantile(of(kind), 0.5),
    p99: quantile(of(kind), 0.99),
    max: Math.max(...of(kind)),
  });
  const delay = { p99: histogram.percentile(99) / 1e6, max: histogram.max / 1e6 };
  console.error(
    `VITRINE ${JSON.stringify({ wall: summary('wall'), own: summary('own'), cpu: summary('cpu'), delay, count: late.length, blockers })}`,
  );
}

if (process.argv[2] === CHILD) await measure(process.argv.slice(3));
else {
  const [runs = 3, given, ...flags] = process.argv.slice(2);
  const scratch = mkdtempSync(join(tmpdir(), 'vitrine-event-loop-'));
  const folder = given ?? join(scratch, 'photographs');
  if (given === undefined) await makePhotographs(folder);
  const all = [];
  for (let run = 0; run < Number(runs); run++) {
    const out = join(scratch, `run-${run}`);
    const args = [
      fileURLToPath(import.meta.url),
      CHILD,
      '--data',
      folder,
      '--out',
      out,
      ...(flags.length > 0 ? flags : ['--epochs', '4']),
    ];
    const { stderr, status } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      maxBuffer: 2 ** 28,
    });
    const line = stderr.split('\n').find((text) => text.startsWith('VITRINE '));
    if (status !== 0 || line === undefined) throw new Error(`the training failed: ${stderr.slice(-2000)}`);
    const found = JSON.parse(line.slice('VITRINE '.length));
    all.push(found);
    const row = ({ p99, max }) => `p99 ${p99.toFixed(1)}, most ${max.toFixed(1)} ms`;
    console.log(
      `run ${run + 1}: own ${row(found.own)}; running ${row(found.cpu)}; wall ${row(found.wall)}; monitorEventLoopDelay ${row(found.delay)}; ${found.count} times asked`,
    );
    for (const { own, wall, cpu, at, found: stacks } of found.blockers) {
      console.log(`  ${own.toFixed(1)} ms (wall ${wall.toFixed(1)}, running ${cpu.toFixed(1)}) at ${at.toFixed(2)} s`);
      for (const [text, count] of stacks) console.log(`    ${count} x ${text}`);
    }
  }
  rmSync(scratch, { recursive: true, force: true });
  const [p99, most] = [median(all.map(({ own }) => own.p99)), median(all.map(({ own }) => own.max))];
  const isFree = p99 < P99_MS && most <= MOST_MS;
  console.log(
    `median of ${all.length}: p99 ${p99.toFixed(1)} ms of its own (bar ${P99_MS}), most ${most.toFixed(1)} (bar ${MOST_MS}): ${isFree ? 'met' : 'missed'}`,
  );
  process.exitCode = isFree ? 0 : 1;
}
