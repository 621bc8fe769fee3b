/**
 * `npm run bench:report`: measures a reduced set, writes bench/report.json and bench/report.html, and brings the tables of
 * docs/performance.md and README.md up to date. `--machine` is for a machine beside the one of the report.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Command } from 'commander';
import { expected, Text } from '../lib/check.js';
import { reportFailure } from '../lib/cli/failure.js';
import { number, wholeNumber } from '../lib/cli/flags.js';
import { writeFileAtomically } from '../lib/io/formats/atomic-file.js';
import { packageRoot } from '../lib/package-root.js';
import { PEERS, type Peer } from './contenders.js';
import { peers } from './options.js';
import { collectReport } from './report/collect.js';
import { details, elsewhere, type OtherMachine, replaceBetweenMarkers, summary } from './report/markdown.js';
import { renderPage } from './report/page.js';
import type { BenchReport } from './report/report-data.js';
import { openSession } from './session.js';
import { Terminal } from './terminal.js';

interface Flags {
  seconds: number;
  threads?: number;
  vs?: readonly Peer[];
  allowOverride?: boolean;
  from?: string;
  machine?: string;
}

const DATA = join(packageRoot, 'bench', 'report.json');
const PAGE = join(packageRoot, 'bench', 'report.html');
const MACHINES = join(packageRoot, 'bench', 'machines');
const TABLES = {
  'docs/performance.md': (report: BenchReport): string =>
    [details(report), ...otherMachines().map(elsewhere)].join('\n\n'),
  'README.md': summary,
};

function read(path: string): BenchReport {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as BenchReport; // written by a former run
  } catch (error) {
    const received = new Text(error instanceof Error ? error.message : String(error));
    throw expected(
      'numbers of a former run',
      path,
      received,
      'Run `npm run bench:report` without --machine to have them.',
    );
  }
}

function otherMachines(): OtherMachine[] {
  if (!existsSync(MACHINES)) return [];
  const files = readdirSync(MACHINES).filter((name) => name.endsWith('.json'));
  return files.sort().map((name) => ({ name: basename(name, '.json'), report: read(join(MACHINES, name)) }));
}

async function measure({ seconds, vs = PEERS, threads, allowOverride = false }: Flags): Promise<BenchReport> {
  const terminal = new Terminal();
  const session = openSession({ vs, seconds, allowOverride, precision: 'fp32' }, terminal);
  const report = await collectReport(session, threads ?? session.info.threads, terminal);
  terminal.clear();
  return report;
}

async function write(path: string, text: string): Promise<void> {
  await writeFileAtomically(path, [Buffer.from(text)]);
  console.log(`wrote ${path}`);
}

async function run(flags: Flags): Promise<void> {
  const { machine, from } = flags;
  // Before anything is measured: the tables need the report that this machine is set beside.
  const first = machine === undefined ? undefined : read(DATA);
  const measured = from === undefined ? await measure(flags) : read(from);
  if (machine !== undefined) mkdirSync(MACHINES, { recursive: true });
  const data = machine === undefined ? DATA : join(MACHINES, `${machine}.json`);
  if (from === undefined || machine !== undefined) await write(data, `${JSON.stringify(measured, null, 1)}\n`);
  const report = first ?? measured;
  if (machine === undefined) await write(PAGE, renderPage(report));
  for (const [name, tables] of Object.entries(TABLES)) {
    const path = join(packageRoot, name);
    if (!existsSync(path)) {
      console.error(`There is no ${name} to bring up to date.`);
      continue;
    }
    await write(path, replaceBetweenMarkers(readFileSync(path, 'utf8'), tables(report), name));
  }
}

/** A name that makes a file name everywhere. */
function machineName(value: string): string {
  if (/^[a-z0-9][a-z0-9-]*$/.test(value)) return value;
  throw expected('lower-case letters, digits and hyphens', '--machine', value);
}

const program = new Command('bench:report')
  .description('Measures a reduced set and writes bench/report.html and the tables of the documentation')
  .option('--seconds <s>', 'for each contender of each case', number('--seconds', 0), 1)
  .option('--threads <n>', 'threads; default: the CPUs that the process may use', wholeNumber('--threads', 1, 1024))
  .option('--vs <names>', 'others to time in turn; default: all that are installed', peers)
  .option('--allow-override', 'measure even while OPENBLAS_CORETYPE forces slower kernels')
  .option('--from <report.json>', 'measure nothing: write all anew from the numbers of a former run')
  .option('--machine <name>', 'of another machine: keep the numbers in bench/machines, and add its tables', machineName)
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'vitrine: ')) })
  .exitOverride()
  .action(run);

try {
  await program.parseAsync();
} catch (error) {
  reportFailure(error, Boolean(process.env.VITRINE_DEBUG));
}
