import { rand, scope } from '../../lib/index.js';
import { sanitized } from '../sanitized.js';

/** Enqueues work that takes far longer than enqueuing it: about 8 billion operations, and a tenth of them under a sanitizer, which is as slow. */
export function keepBusy(): void {
  scope(() => {
    const x = rand([512, 512]);
    for (let i = 0; i < (sanitized ? 3 : 30); i++) x.matmul(x);
  });
}
