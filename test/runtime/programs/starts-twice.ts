// Loads vitrine in two workers and in the main thread, in that order.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

const start = fileURLToPath(new URL('./start.js', import.meta.url));
for (let i = 0; i < 2; i++) await once(new Worker(start), 'exit');
await import('./start.js');
