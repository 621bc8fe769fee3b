import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json: two levels above dist/lib. No addon is loaded to know it. */
export const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
