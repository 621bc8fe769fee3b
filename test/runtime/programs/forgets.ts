// Makes tensors and graphs and forgets them. Prints the live bytes before, at most, and in the end, and what a tensor
// holds that shares the memory of a disposed and forgotten one.
import { setTimeout } from 'node:timers/promises';
import { memory, ones, randn, resetPeakMemory, type Tensor } from '../../../lib/index.js';

function trainWithoutScope(): void {
  const w = ones([1000], { requiresGrad: true });
  const x = randn([10, 1000]);
  x.mul(w).mul(w).sum().backward();
  x.mul(w).mul(w); // never walked
}

function sharesDisposed(): Tensor {
  const x = ones([2]);
  const shared = x.reshape([2, 1]);
  x.dispose();
  return shared;
}

trainWithoutScope();
if (process.argv[2] === 'gigabytes') {
  resetPeakMemory();
  for (let i = 0; i < 800; i++) {
    ones([2_500_000]); // 10 MB
    if (i % 10 === 0) await setTimeout(0); // finalizers run between turns of the event loop
  }
  console.log(JSON.stringify({ most: memory().peak }));
} else {
  const before = 16; // the state of the random generator
  for (let i = 0; i < 100; i++) trainWithoutScope();
  const shared = sharesDisposed();
  const most = memory().live;
  const { gc } = globalThis;
  for (let i = 0; i < 200 && memory().live > before + 8; i++) {
    gc?.();
    await setTimeout(10);
  }
  const [kept] = shared.dataSync();
  shared.dispose();
  console.log(JSON.stringify({ before, most, kept, after: memory().live }));
}
