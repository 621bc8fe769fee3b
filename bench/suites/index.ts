import type { Suite } from '../suite.js';
import { embed } from './embed.js';
import { feed } from './feed.js';
import { gemm } from './gemm.js';
import { infer } from './infer.js';
import { kernels } from './kernels.js';
import { peak } from './peak.js';
import { scale } from './scale.js';
import { tiny } from './tiny.js';
import { train } from './train.js';

export const SUITES: readonly Suite[] = [peak, gemm, kernels, embed, train, feed, infer, tiny, scale];
