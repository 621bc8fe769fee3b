// Starts work on the stream and ends in the way that its argument says.
import { isMainThread, Worker } from 'node:worker_threads';
import { F, fence, ones, tensor } from '../../../lib/index.js';

const x = ones([256, 256]);
const [image, weight] = [ones([4, 3, 64, 64]), ones([8, 3, 3, 3])];
// Much for those that end amid it, a little for those that wait for it or have more on its way when they end.
const amid = ['idle', 'late-read', 'exit', 'really-exit', 'throw'].includes(process.argv[2] ?? '');
for (let i = 0; i < (amid ? 300 : 30); i++) {
  x.matmul(x);
  F.conv2d(image, weight);
}

switch (process.argv[2]) {
  case 'idle':
    break; // nobody reads
  case 'settled':
    await fence();
    break;
  case 'read':
    void x
      .add(1)
      .data()
      .then((data) => console.log(`read ${data[0]}`));
    break;
  case 'fault':
    F.embedding(tensor(new Int32Array([5])), x.slice(0, 0, 5));
    void fence().catch((error) => console.log(error.name));
    break;
  case 'late-read':
    process.on('exit', () => {
      try {
        x.dataSync();
      } catch (error) {
        console.log(String(error));
      }
    });
    process.exit(0);
    break;
  case 'late-read-idle':
    process.on('exit', () => console.log(`read ${x.add(1).dataSync()[0]}`));
    await fence();
    break;
  case 'exit':
    void x.data().then(() => console.log('not reached'));
    process.exit(7);
    break;
  case 'really-exit':
    (process as unknown as { reallyExit(code: number): never }).reallyExit(7);
    break;
  case 'exit-in-callback':
    void x.data().then(() => process.exit(7));
    for (let i = 0; i < 300; i++) F.conv2d(image, weight);
    break;
  case 'exit-beside-worker':
    if (isMainThread) {
      const worker = new Worker(new URL(import.meta.url), { argv: ['worker'] });
      worker.on('message', () => process.exit(7));
    }
    break;
  case 'terminate':
    if (isMainThread) {
      const worker = new Worker(new URL(import.meta.url), { argv: ['worker'] });
      worker.on('message', () => void worker.terminate().then(() => process.exit(7)));
    }
    break;
  case 'throw':
    throw new Error('thrown while the stream works');
  case 'worker': {
    const { parentPort } = await import('node:worker_threads');
    parentPort?.postMessage('works');
    for (;;) {
      for (let i = 0; i < 20; i++) F.conv2d(image, weight).dispose();
      await fence();
    }
  }
}
