import { extname } from 'node:path';
import { expected } from '../check.js';
import { DataLoader } from '../data/loader.js';
import { findLr, type LrFinding, type LrStep, setThreads } from '../index.js';
import { writeFileAtomically } from '../io/formats/atomic-file.js';
import { lrCurve } from '../render/lr-curve.js';
import { renderLrPage, renderLrSvg } from '../report/lr-curve.js';
import { jsonLine } from '../train/loggers/json-lines.js';
import type { FindLrFlags } from './commands/find-lr.js';
import { checkOutputFile } from './output-file.js';
import { CLEAR_LINE, isLive, widthOf } from './progress.js';
import { sketch } from './sketch.js';
import { trainerOptions } from './trainer-options.js';
import { prepareTraining } from './training-data.js';
import { UsageError } from './usage-error.js';

/** Runs the learning-rate finder as the flags say, draws its curve and tells the rate. */
export async function findRate(flags: FindLrFlags): Promise<void> {
  const { startLr, endLr, steps, plot, threads, json = false, quiet = false } = flags;
  if (endLr <= startLr) throw new UsageError(expected(`a rate above --start-lr, ${startLr},`, '--end-lr', endLr));
  const render = plot === undefined ? undefined : rendererOf(plot);
  if (plot !== undefined) await checkOutputFile(plot, '--plot');
  if (threads !== undefined) setThreads(threads);
  const prepared = await prepareTraining(flags);
  const { train, settings } = prepared;
  const onStep = (step: LrStep): void => {
    if (json) process.stdout.write(jsonLine({ event: 'log', ...step }));
    if (!quiet) showStep(step);
  };
  let finding: LrFinding;
  try {
    finding = await findLr(trainerOptions(settings, prepared), { startLr, endLr, steps, onStep });
  } finally {
    if (isLive(process.stderr)) process.stderr.write(CLEAR_LINE);
    if (train instanceof DataLoader) await train.dispose();
  }
  if (plot !== undefined && render !== undefined) await writeFileAtomically(plot, [render(finding)]);
  const { valley, steep } = finding;
  if (json) process.stdout.write(jsonLine({ event: 'result', valley, steep, ...(plot !== undefined && { plot }) }));
  else console.log(findingText(finding, widthOf(process.stdout), plot));
}

/** What writes the curve, by the file's ending. */
function rendererOf(path: string): (finding: LrFinding) => Uint8Array {
  switch (extname(path).toLowerCase()) {
    case '.png':
      return lrCurve;
    case '.svg':
      return (finding) => Buffer.from(renderLrSvg(finding));
    case '.html':
      return (finding) => Buffer.from(renderLrPage(finding));
    default:
      throw new UsageError(expected('a .png, .svg or .html file', '--plot', path));
  }
}

// A line each tenth of the way, where there is no terminal.
const PLAIN_LINES = 10;

function showStep({ step, steps, learningRate, loss }: LrStep): void {
  const text = `step ${step}/${steps}: rate ${learningRate.toExponential(1)}, loss ${loss.toFixed(4)}`;
  if (isLive(process.stderr)) process.stderr.write(CLEAR_LINE + text.slice(0, widthOf(process.stderr) - 1));
  else if (step % Math.ceil(steps / PLAIN_LINES) === 0) process.stderr.write(`${text}\n`);
}

/** The curve as characters, and the rate to take. */
export function findingText({ lrs, losses, valley, steep }: LrFinding, width: number, plot?: string): string {
  const drawn = sketch(
    { x: lrs.map(Math.log10), y: losses, marks: valley === undefined ? [] : [Math.log10(valley)] },
    width,
  );
  const ends = [lrs[0], lrs.at(-1)].map((lr) => (lr === undefined ? '' : lr.toExponential(0)));
  const gap = ' '.repeat(Math.max(1, (drawn[0]?.length ?? 0) - ends.join('').length));
  const lines = drawn.length === 0 ? [] : [...drawn, ends.join(gap), ''];
  if (valley === undefined) {
    const why = ['No rate to suggest: too few steps before the loss exploded.', 'Try more --steps.'];
    return [...lines, ...why].join('\n');
  }
  return [
    ...lines,
    `Suggested: --lr ${rateText(valley)}`,
    ...(steep === undefined ? [] : [`The loss falls most steeply at ${rateText(steep)}`]),
    ...(plot === undefined ? [] : [`  ${plot}`]),
  ].join('\n');
}

const rateText = (rate: number): string => String(Number(rate.toPrecision(2)));
