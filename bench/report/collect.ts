import { expected, Text } from '../../lib/check.js';
import type { Info } from '../../lib/index.js';
import { vitrine } from '../contenders.js';
import { addMemory } from '../kernels/elementwise.js';
import type { BenchRecord } from '../record.js';
import { runCases } from '../run-suite.js';
import { type RunEvents, Runner } from '../runner.js';
import type { Session } from '../session.js';
import type { SuiteOptions } from '../suite.js';
import { EMBED_DEFAULTS, embed, embedCases } from '../suites/embed.js';
import { infer } from '../suites/infer.js';
import { kernels } from '../suites/kernels.js';
import { peak } from '../suites/peak.js';
import { tokenCases } from '../suites/scale.js';
import { tiny } from '../suites/tiny.js';
import { train } from '../suites/train.js';
import type { BenchReport, Sweep } from './report-data.js';

const SWEEPS = {
  img: { name: 'image size, pixels', values: [64, 128, 224, 448] },
  patch: { name: 'patch size, pixels', values: [8, 16, 32, 56] },
  dim: { name: 'width', values: [192, 384, 768, 1536] },
  batch: { name: 'batch', values: [1, 2, 4, 8, 16, 32] },
} as const;

/** Runs the reduced set of the report: whole suites beside the others, sweeps by vitrine alone. */
export async function collectReport(session: Session, threads: number, events: RunEvents): Promise<BenchReport> {
  const options: SuiteOptions = { threads };
  const { machine, runner, info, peakOf } = session;
  const suites = [peak, kernels, embed, train, infer, tiny];
  const records: BenchRecord[] = [];
  for (const suite of suites) records.push(...(await runCases(suite.cases(options, machine), runner)));

  const alone = new Runner([vitrine('fp32')], runner.seconds, peakOf, events);
  const embedSweeps: Sweep[] = [];
  for (const [option, { name, values }] of Object.entries(SWEEPS)) {
    const points: { value: number; record: BenchRecord }[] = [];
    for (const value of values) {
      const found = await runCases(embedCases({ ...EMBED_DEFAULTS, [option]: value, threads }), alone);
      for (const record of found) points.push({ value, record });
    }
    embedSweeps.push({ name, points });
  }
  const tokens = tokenCases(options);
  const tokenRecords = await runCases(tokens, alone);

  const fp32 = await peakOf(threads, 'fp32');
  const memory = records.find((record) => record.case === addMemory.op && record.contender === vitrine('fp32').name);
  if (fp32 === null || memory?.gigabytesPerSecond == null) throw expected('a peak', 'the report', new Text('none'));
  return {
    createdAt: new Date().toISOString(),
    machine: machineFacts(info, threads),
    setting: `${info.cpu}, ${threads} ${threads === 1 ? 'thread' : 'threads'}, ${info.isa}; ${new Date().toISOString().slice(0, 10)}`,
    threads,
    peaks: { fp32, bf16: await peakOf(threads, 'bf16') },
    bandwidth: memory.gigabytesPerSecond,
    versions: Object.fromEntries(runner.versions),
    records,
    embed: embedSweeps,
    tokens: {
      name: 'tokens',
      points: tokenRecords.map((record, i) => ({ value: tokens[i]?.axis?.value ?? 0, record })),
    },
  };
}

function machineFacts(info: Info, threads: number) {
  return [
    { name: 'processor', value: info.cpu },
    { name: 'threads', value: `${threads} (${info.cpus} usable)` },
    { name: 'instruction set', value: info.isa },
    { name: 'matrix products', value: `${info.blas.name}, ${info.blas.core}` },
    { name: 'Node.js', value: `${info.node}, ${info.platform}` },
    { name: 'vitrine', value: info.version },
  ];
}
