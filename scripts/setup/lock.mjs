// One setup at a time in a tree: a file that holds the process id of whoever works in it.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { StepError } from './step.mjs';

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function tryLock(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw new StepError(
      `Expected ${process.cwd()} to be writable for setup but received ${error.code}. Run it as the owner.`,
    );
  }
}

function holder(file) {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return 0;
  }
}

/** Runs `work` while holding the lock `file`, after whoever holds it now; a dead holder's lock is taken over. */
export async function withLock(file, work) {
  let waiting = false;
  // The file is empty for an instant between its creation and its content, so a lock without a holder is asked twice.
  for (let ownerless = 0; !tryLock(file); ) {
    const pid = holder(file);
    const owned = pid > 0 && isAlive(pid);
    ownerless = owned ? 0 : ownerless + 1;
    if (ownerless > 1) rmSync(file, { force: true });
    if (owned && !waiting) console.log(`setup: waiting for another setup of this tree (process ${pid})`);
    waiting ||= owned;
    await sleep(100);
  }
  const release = () => rmSync(file, { force: true });
  const quit = () => process.exit(130);
  process.once('exit', release);
  process.once('SIGINT', quit);
  process.once('SIGTERM', quit);
  try {
    return await work();
  } finally {
    process.off('SIGINT', quit);
    process.off('SIGTERM', quit);
    process.off('exit', release);
    release();
  }
}
