import type { TestTimeAugmentation } from '../train/views.js';
import { oneOf } from './flags.js';

/** The views that `--tta` knows, and what the library calls them. */
const VIEWS = { flip: 'flip', 'five-crop': 'fiveCrop', 'ten-crop': 'tenCrop' } as const;

const NAMES = ['flip', 'five-crop', 'ten-crop'] as const satisfies readonly (keyof typeof VIEWS)[];

/** How often an image is looked at: see `TestTimeAugmentation`. */
export type Tta = Extract<TestTimeAugmentation, string>;

export const TTA_FLAG = '--tta <views>';
export const TTA_HELP = `take the mean over views of an image: ${NAMES.join(', ')}`;

const named = oneOf('--tta', NAMES);

/** Parses `--tta`. */
export const ttaFlag = (text: string): Tta => VIEWS[named(text)];
