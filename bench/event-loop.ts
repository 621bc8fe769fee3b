// How free the event loop stays while a ViT-Ti/16 trains on 224 x 224 images in batches of 8: the lateness of a 10 ms
// interval timer, and how long an HTTP server in the same process takes to answer a client in another.
//
//   node dist/bench/event-loop.js [seconds]
//
// Prints JSON, times in milliseconds. All is counted from the first step on, compiling and capturing included.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { info, manualSeed, optim, Trainer, ViT } from '../lib/index.js';
import { noise } from './noise.js';
import { summarise } from './statistics.js';

const INTERVAL = 10;

/** Asks once every interval until it is killed; sends each answer's time. */
async function runClient(port: string): Promise<void> {
  for (;;) {
    const asked = performance.now();
    const [response] = await once(get({ port, host: '127.0.0.1', agent: false }), 'response');
    response.resume();
    await once(response, 'end');
    process.send?.(performance.now() - asked);
    await setTimeout(INTERVAL);
  }
}

async function measure(seconds: number): Promise<void> {
  manualSeed(0);
  const model = ViT.create('vit_tiny_patch16_224', { numClasses: 10 });
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
  const train = noise(64, 224);

  const server = createServer((_, response) => response.end('here'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const client = fork(fileURLToPath(import.meta.url), ['client', String(port)]);

  const late: number[] = [];
  const answers: number[] = [];
  await once(client, 'message'); // it has started, and does not disturb any more
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    late.push(Math.max(0, now - last - INTERVAL));
    last = now;
  }, INTERVAL);
  client.on('message', (time: number) => answers.push(time));

  const signal = AbortSignal.timeout(seconds * 1000);
  const trainer = new Trainer({ model, optimizer, train, batchSize: 8, epochs: 1e6, clipGradNorm: 1, signal });
  const { imagesPerSecond } = await trainer.fit();

  clearInterval(timer);
  client.kill();
  server.closeAllConnections();
  server.close();
  const { isa, threads, cpus, blas } = info();
  const machine = { isa, threads, cpus, blas: `${blas.name} ${blas.core}` };
  const report = {
    seconds,
    imagesPerSecond,
    timerLateness: summarise(late),
    httpAnswer: summarise(answers),
    ...machine,
  };
  console.log(JSON.stringify(report, null, 2));
}

const [first = '20', port = ''] = process.argv.slice(2);
if (first === 'client') await runClient(port);
else await measure(Number(first));
