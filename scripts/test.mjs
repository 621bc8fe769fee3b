// Runs the test suite in two processes, where there are CPUs for them: the one's output is shown as it comes, the other's
// after it. Arguments are passed on to mocha: npm test -- --grep softmax.

import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { run } from './setup/step.mjs';
import { halves, MOCHA, nameFiles } from './side-by-side.mjs';

/** How many tests mocha says were passing, failing or pending, in all of its outputs. */
function count(outputs, what) {
  const pattern = new RegExp(`^ +(\\d+) ${what}\\b`, 'gm');
  const plain = stripVTControlCharacters(outputs.join('\n'));
  return [...plain.matchAll(pattern)].reduce((sum, match) => sum + Number(match[1]), 0);
}

async function testInHalves(mochaArgs) {
  const colour = process.stdout.isTTY ? ['--color'] : [];
  const shown = [(output) => process.stdout.write(output)];
  const runs = halves([...colour, ...mochaArgs]).map((args, i) =>
    run(process.execPath, [MOCHA, ...args], { onOutput: shown[i] }),
  );
  const [first, second] = await Promise.all(runs);
  process.stdout.write(second.output);
  const counts = ['passing', 'failing', 'pending'].map(
    (what) => `${count([first.output, second.output], what)} ${what}`,
  );
  console.log(`test: ${counts.join(', ')} in two processes`);
  return first.code || second.code;
}

const mochaArgs = process.argv.slice(2);
const whole = nameFiles(mochaArgs) || availableParallelism() < 2;
process.exitCode = whole
  ? (spawnSync(process.execPath, [MOCHA, ...mochaArgs], { stdio: 'inherit' }).status ?? 1)
  : await testInHalves(mochaArgs);
