/**
 * vitrine as a contender, in a process of its own. Requests come as lines of JSON on stdin, one answer each goes to
 * stdout; see protocol.ts.
 */
import { createInterface } from 'node:readline';
import { checkOneOf } from '../../lib/check.js';
import { info, setThreads, startTrace, stopTrace, writeTrace } from '../../lib/index.js';
import { peakCase } from '../peaks.js';
import type { Answer, Request } from '../protocol.js';
import { ResidentGrowth } from './resident-memory.js';
import { prepareStep } from './steps.js';
import { Timer } from './timing.js';

const PEAK_SECONDS = 0.05;

const precision = checkOneOf(process.argv[2], 'the precision', ['fp32', 'bf16', 'int8']);
let timer: Timer | undefined;
let growth: ResidentGrowth | undefined;
let threads = 1;
let isModel = false;

async function answer(request: Request): Promise<Answer> {
  if ('work' in request) {
    threads = request.threads;
    isModel = 'model' in request.work;
    setThreads(threads);
    growth = new ResidentGrowth();
    timer = new Timer(await prepareStep(request.work, precision, process.argv[3] === 'engine'));
    await timer.warmUp();
    return { prepared: true };
  }
  if ('seconds' in request) return { samplesMs: (await timer?.round(request.seconds)) ?? [] };
  if ('trace' in request) {
    startTrace({ tiles: request.tiles ?? false });
    await timer?.step();
    await writeTrace(request.trace, stopTrace());
    return { traced: true };
  }
  const peakBytes = growth?.peakBytes() ?? null;
  return isModel && precision !== 'int8' ? { peakBytes, ownGflops: await ownGflops() } : { peakBytes };
}

/** The peak as this process finds it, over a moment. */
async function ownGflops(): Promise<number> {
  const item = peakCase(threads, precision);
  const ofPeak = new Timer(await prepareStep(item.work, precision));
  await ofPeak.warmUp();
  return item.flops / Math.min(...(await ofPeak.round(PEAK_SECONDS))) / 1e6;
}

function send(message: Answer): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

send({ ready: `vitrine ${info().version}` });
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request; // from the runner
  send(await answer(request).catch((error: Error) => ({ error: error.message })));
}
