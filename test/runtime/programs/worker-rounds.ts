// Lets several workers train and terminates them in the middle of it, again and again. Prints resident bytes after each
// round.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ones } from '../../../lib/index.js';

const [rounds = 1, workers = 1] = process.argv.slice(2).map(Number);
const program = new URL('./worker.js', import.meta.url);
const resident: number[] = [];
for (let round = 0; round < rounds; round++) {
  const team = Array.from({ length: workers }, () => new Worker(program, { workerData: {} }));
  await Promise.all(team.map((worker) => once(worker, 'message')));
  await Promise.all(team.map((worker) => worker.terminate()));
  resident.push(process.memoryUsage.rss());
}
const x = ones([64, 64]);
console.log(JSON.stringify({ resident, sum: x.matmul(x).sum().itemSync() }));
