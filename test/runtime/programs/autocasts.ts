// Asks for bfloat16 and tells what vitrine says of it, and what the call threw.
import { autocast, info } from '../../../lib/index.js';

let thrown: string | null = null;
try {
  autocast('bf16', () => 0);
} catch (error) {
  thrown = error instanceof Error ? error.message : String(error);
}
console.log(JSON.stringify({ ...info().bf16, thrown }));
