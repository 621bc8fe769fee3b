import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json: three levels above dist/lib/cli. Here, so that no addon is loaded to know it. */
export const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
