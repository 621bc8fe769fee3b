import { checkPair } from '../../check.js';
import { productDtype } from '../../precision.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { LayerNorm } from '../layer-norm.js';
import { Module } from '../module.js';
import { ModuleList } from '../module-list.js';
import { PatchEmbed } from '../patch-embed.js';
import type { Grid } from '../resample.js';
import { SwinBlock } from './block.js';
import type { SwinConfig } from './config.js';
import { PatchMerging } from './patch-merging.js';

/** Patches, normed: (N,C,H,W) to (N,H/4,W/4,D). */
export class NormedPatchEmbed extends PatchEmbed {
  /** Of each patch's token. */
  readonly norm: LayerNorm;

  constructor({ patchSize, inChans, embedDim, normEps }: SwinConfig) {
    super({ patchSize, inChans, embedDim });
    this.norm = this.child('norm', new LayerNorm(embedDim, { eps: normEps }));
  }

  override forward(image: Tensor): Tensor {
    return scope(() => this.norm.forward(super.forward(image), undefined, productDtype()));
  }
}

/** Blocks of one width, behind a merging but for the first stage. */
export class SwinStage extends Module {
  /** Undefined in the first stage. */
  readonly downsample: PatchMerging | undefined;
  /** Every second one shifts its windows. */
  readonly blocks: ModuleList<SwinBlock>;

  /** @param index of the stage @param dropPathRates of its blocks @param grid of its tokens */
  constructor(config: SwinConfig, index: number, dropPathRates: readonly number[], grid: Grid) {
    super();
    const { version, embedDim, normEps, numHeads, pretrainedWindowSizes } = config;
    const dim = embedDim * 2 ** index;
    this.downsample = index > 0 ? this.child('downsample', new PatchMerging(dim / 2, version, normEps)) : undefined;
    const asked = checkPair(config.windowSize, 'Swin windowSize', 1);
    const window = asked.map((size, axis) => Math.min(size, grid[axis as 0 | 1])) as [number, number]; // of two axes
    const shift = window.map((size, axis) =>
      grid[axis as 0 | 1] <= size ? 0 : Math.floor(asked[axis as 0 | 1] / 2),
    ) as [number, number]; // likewise
    const blocks = dropPathRates.map(
      (dropPathRate, i) =>
        new SwinBlock({
          ...{ version, dim, numHeads: numHeads[index], window, shift: i % 2 === 0 ? [0, 0] : shift },
          ...{ qkvBias: config.qkvBias, mlpRatio: config.mlpRatio, normEps, projDropRate: config.projDropRate },
          ...{ dropPathRate, pretrainedWindow: pretrainedWindowSizes[index] ?? 0 },
        }),
    );
    this.blocks = this.child('blocks', new ModuleList(blocks));
  }
}
