// Runs the test suite in some processes, as many at a time as there are CPUs; what they say is shown one after the other.
// Arguments are passed on to mocha: npm test -- --grep softmax.

import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { endOf, run } from './setup/step.mjs';
import { MOCHA, nameFiles, shares, sideBySide } from './side-by-side.mjs';

const SHARES = 6;

/** How many tests mocha says were passing, failing or pending, in all of its outputs. */
function count(outputs, what) {
  const pattern = new RegExp(`^ +(\\d+) ${what}\\b`, 'gm');
  const plain = stripVTControlCharacters(outputs.join('\n'));
  return [...plain.matchAll(pattern)].reduce((sum, match) => sum + Number(match[1]), 0);
}

/** Shows what some processes print, one after the other: what the first that has not ended says as it comes. */
class InTurn {
  #turn = 0;
  #waiting = [];
  #ended = [];

  print(index, text) {
    if (index === this.#turn) process.stdout.write(text);
    else this.#waiting[index] = (this.#waiting[index] ?? '') + text;
  }

  end(index) {
    this.#ended[index] = true;
    while (this.#ended[this.#turn]) process.stdout.write(this.#waiting[++this.#turn] ?? '');
  }
}

async function testInShares(mochaArgs) {
  const colour = process.stdout.isTTY ? ['--color'] : [];
  const shown = new InTurn();
  const tasks = shares(SHARES, [...colour, ...mochaArgs]).map((args, i) => async () => {
    const result = await run(process.execPath, [MOCHA, ...args], { onOutput: (text) => shown.print(i, text) });
    shown.end(i);
    return result;
  });
  const results = await sideBySide(tasks);
  const outputs = results.map(({ output }) => output);
  const counts = ['passing', 'failing', 'pending'].map((what) => `${count(outputs, what)} ${what}`);
  console.log(`test: ${counts.join(', ')} in ${SHARES} processes`);
  for (const [i, result] of results.entries()) {
    if (result.code !== 0) console.log(endOf(`test: process ${i + 1} of ${SHARES}`, result));
  }
  return results.find(({ code }) => code !== 0)?.code ?? 0;
}

const mochaArgs = process.argv.slice(2);
const whole = nameFiles(mochaArgs) || availableParallelism() < 2;
process.exitCode = whole
  ? (spawnSync(process.execPath, [MOCHA, ...mochaArgs], { stdio: 'inherit' }).status ?? 1)
  : await testInShares(mochaArgs);
