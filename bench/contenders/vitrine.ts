/**
 * vitrine as a contender, in a process of its own. Requests come as lines of JSON on stdin, one answer each goes to
 * stdout; see protocol.ts.
 */
import { createInterface } from 'node:readline';
import { checkOneOf } from '../../lib/check.js';
import { info, setThreads, startTrace, stopTrace, writeTrace } from '../../lib/index.js';
import type { Answer, Request } from '../protocol.js';
import { ResidentGrowth } from './resident-memory.js';
import { prepareStep } from './steps.js';
import { Timer } from './timing.js';

const precision = checkOneOf(process.argv[2], 'the precision', ['fp32', 'bf16', 'int8']);
let timer: Timer | undefined;
let growth: ResidentGrowth | undefined;

async function answer(request: Request): Promise<Answer> {
  if ('work' in request) {
    setThreads(request.threads);
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
  return { peakBytes: growth?.peakBytes() ?? null };
}

function send(message: Answer): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

send({ ready: `vitrine ${info().version}` });
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request; // from the runner
  send(await answer(request).catch((error: Error) => ({ error: error.message })));
}
