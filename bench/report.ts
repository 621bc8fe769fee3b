/**
 * `npm run bench:report`: measures a reduced set, writes bench/report.json and bench/report.html, and brings the tables of
 * docs/performance.md and README.md up to date.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { reportFailure } from '../lib/cli/failure.js';
import { number, wholeNumber } from '../lib/cli/flags.js';
import { packageRoot } from '../lib/cli/package-root.js';
import { writeFileAtomically } from '../lib/io/atomic-file.js';
import { PEERS, type Peer } from './contenders.js';
import { peers } from './options.js';
import { collectReport } from './report/collect.js';
import { details, replaceBetweenMarkers, summary } from './report/markdown.js';
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
}

const DATA = join(packageRoot, 'bench', 'report.json');
const PAGE = join(packageRoot, 'bench', 'report.html');
const TABLES = { 'docs/performance.md': details, 'README.md': summary };

async function measure({ seconds, vs = PEERS, threads, allowOverride = false }: Flags): Promise<BenchReport> {
  const terminal = new Terminal();
  const session = openSession({ vs, seconds, allowOverride, precision: 'fp32' }, terminal);
  const report = await collectReport(session, threads ?? session.info.threads, terminal);
  terminal.clear();
  await write(DATA, `${JSON.stringify(report, null, 1)}\n`);
  return report;
}

async function write(path: string, text: string): Promise<void> {
  await writeFileAtomically(path, [Buffer.from(text)]);
  console.log(`wrote ${path}`);
}

async function run(flags: Flags): Promise<void> {
  const report =
    flags.from === undefined ? await measure(flags) : (JSON.parse(readFileSync(flags.from, 'utf8')) as BenchReport);
  await write(PAGE, renderPage(report));
  for (const [name, tables] of Object.entries(TABLES)) {
    const path = join(packageRoot, name);
    if (!existsSync(path)) {
      console.error(`There is no ${name} to bring up to date.`);
      continue;
    }
    await write(path, replaceBetweenMarkers(readFileSync(path, 'utf8'), tables(report), name));
  }
}

const program = new Command('bench:report')
  .description('Measures a reduced set and writes bench/report.html and the tables of the documentation')
  .option('--seconds <s>', 'for each contender of each case', number('--seconds', 0), 1)
  .option('--threads <n>', 'threads; default: the CPUs that the process may use', wholeNumber('--threads', 1, 1024))
  .option('--vs <names>', 'others to time in turn; default: all that are installed', peers)
  .option('--allow-override', 'measure even while OPENBLAS_CORETYPE forces slower kernels')
  .option('--from <report.json>', 'measure nothing: write all anew from the numbers of a former run')
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'vitrine: ')) })
  .exitOverride()
  .action(run);

try {
  await program.parseAsync();
} catch (error) {
  reportFailure(error, Boolean(process.env.VITRINE_DEBUG));
}
