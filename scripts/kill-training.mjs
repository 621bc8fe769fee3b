// Kills a training with SIGKILL at random moments, resumes it each time, and compares what comes out with a training that was
// never stopped: node scripts/kill-training.mjs [kills, 50] [seed, 1]. What it trains is test/train/killed-training.ts, built.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { io } from '../dist/lib/index.js';

const [kills, seed] = [Number(process.argv[2] ?? 50), Number(process.argv[3] ?? 1)];
// Enough steps, five an epoch, that none of the kills comes after the last.
const epochs = 6 * kills;
// From the moment that is waited for to the kill: some steps, where the machine has the time for them.
const LONGEST_MS = 300;
const program = fileURLToPath(new URL('../dist/test/train/killed-training.js', import.meta.url));

let state = seed;
/** Numerical Recipes' generator, in [0, 1). */
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

function start(folder, count) {
  const child = spawn(process.execPath, [program, folder, String(count)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  child.stdout.on('data', (text) => {
    told += text;
  });
  return { child, ended: once(child, 'exit'), told: () => told };
}

/** Trains until it is killed; gives whether it was. */
async function trainAndKill(folder) {
  const { child, ended, told } = start(folder, epochs);
  // One in five moments lies before training begins, in imports, and one in five while it opens and reads a checkpoint; the
  // others come after its first save, so that every machine gets on.
  const from = [undefined, 'begun', 'saved', 'saved', 'saved'][Math.floor(random() * 5)];
  if (from !== undefined) while (!told().includes(from) && child.exitCode === null) await wait(1);
  await wait(random() * LONGEST_MS);
  child.kill('SIGKILL');
  const [, signal] = await ended;
  return signal === 'SIGKILL';
}

/** Reads every file of every checkpoint; a folder that is still being written has a name of its own. */
async function checkFiles(folder) {
  let files = 0;
  for (const name of readdirSync(folder)) {
    if (name === 'checkpoints.json') JSON.parse(readFileSync(join(folder, name), 'utf8'));
    if (!name.startsWith('step-')) continue;
    for (const file of readdirSync(join(folder, name))) {
      const path = join(folder, name, file);
      if (file.endsWith('.json')) JSON.parse(readFileSync(path, 'utf8'));
      else for (const tensor of (await io.loadSafetensors(path)).values()) tensor.dispose();
      files++;
    }
  }
  return files;
}

async function trainToEnd(folder, count) {
  const { ended, told } = start(folder, count);
  const [code] = await ended;
  if (code !== 0) throw new Error(`Expected a training that ends but it exited with ${code}.`);
  return told().trim().split('\n').at(-1);
}

function stepsDone(folder) {
  try {
    const { last } = JSON.parse(readFileSync(join(folder, 'checkpoints.json'), 'utf8'));
    return JSON.parse(readFileSync(join(folder, last, 'state.json'), 'utf8')).position.globalStep;
  } catch {
    return 0; // none yet
  }
}

const folder = mkdtempSync(join(tmpdir(), 'vitrine-kill-'));
try {
  const killed = join(folder, 'killed');
  let [done, files] = [0, 0];
  for (let kill = 0; kill < kills; kill++) {
    if (!(await trainAndKill(killed))) throw new Error('Expected a training that was killed but it had ended.');
    done++;
    files += await checkFiles(killed).catch((error) => {
      if (error.code === 'ENOENT' && error.path === killed) return 0; // killed before it made its folder
      throw error;
    });
  }
  const steps = stepsDone(killed);
  if (steps < kills || files === 0)
    throw new Error(`Expected kills among the steps but there were ${steps} after all.`);
  const resumed = await trainToEnd(killed, epochs);
  const whole = await trainToEnd(join(folder, 'whole'), epochs);
  console.log(`${done} kills up to step ${steps} of ${5 * epochs}; ${files} files were read after them, all whole.`);
  console.log(`resumed ${resumed}\nwhole   ${whole}`);
  if (resumed !== whole) throw new Error('Expected the same weights.');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
