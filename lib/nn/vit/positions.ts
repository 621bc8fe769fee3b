import { add } from '../../ops/elementwise.js';
import type { Tensor } from '../../tensor.js';
import type { Module } from '../module.js';
import { ModuleList } from '../module-list.js';
import type { Grid } from '../resample.js';
import { addToStream } from '../residual-stream.js';
import type { AttentionPlaces } from './attention.js';
import type { ViTConfig } from './config.js';
import {
  LearnedPositions1d,
  LearnedPositions2d,
  type PositionEmbedding,
  type PositionSizes,
  SincosPositions2d,
} from './position-embedding.js';
import { RelativePositionBias } from './relative-position-bias.js';
import { RelativePositions } from './relative-positions.js';
import { RotaryPositions } from './rotary.js';

type Rotary = 'rope' | 'ropeTemperature' | 'ropeGrid' | 'ropeRegTemperature' | 'regTokens' | 'relPosBias';
type Settings = Pick<ViTConfig, 'posEmbed' | 'posEmbedPlacement' | 'noEmbedClass' | 'depth' | 'numHeads' | Rotary>;

/** The position embeddings of a ViT and where each comes in. @see Dosovitskiy et al. 2021, appendix D.4 */
export class Positions {
  /** By the name that each goes by in the model. */
  readonly modules = new Map<string, Module>();
  readonly #settings: Settings;
  readonly #absolute: readonly PositionEmbedding[];
  readonly #relative: readonly RelativePositions[];
  readonly #rotary: RotaryPositions | undefined;
  readonly #shared: RelativePositionBias | undefined;

  constructor(settings: Settings, sizes: PositionSizes) {
    this.#settings = settings;
    this.#absolute = this.#make(() => absolute(settings, sizes));
    this.#relative = this.#make(() => relative(settings, sizes));
    this.#rotary = rotary(settings, sizes);
    if (this.#rotary !== undefined) this.modules.set('rope', this.#rotary);
    if (settings.relPosBias !== 'shared') return;
    this.#shared = new RelativePositionBias(sizes.grid, settings.numHeads);
    this.modules.set('rel_pos_bias.relative_position_bias_table', this.#shared);
  }

  /** The one table of learned positions (1,T,D), if there is such. */
  get table(): Tensor | undefined {
    const [only, ...others] = this.#absolute;
    return only instanceof LearnedPositions1d && others.length === 0 ? only.table : undefined;
  }

  /** @param x (N,T,D) tokens on their way to the blocks */
  atStem(x: Tensor, grid: Grid): Tensor {
    const positions = this.#settings.posEmbedPlacement === 'stem' ? this.#absolute[0] : undefined;
    return positions === undefined ? x : add(x, positions.forward(grid));
  }

  /** @param x (N,T,D) what goes into block `i` */
  before(i: number, x: Tensor, grid: Grid): Tensor {
    const positions = this.#settings.posEmbedPlacement === 'stem' ? undefined : this.#ofBlock(this.#absolute, i);
    return positions === undefined ? x : addToStream(x, positions.forward(grid));
  }

  /** What block `i` knows of places, of images of this grid; `undefined` for a block that knows of none. */
  inAttention(grid: Grid): (i: number) => AttentionPlaces | undefined {
    const turns = this.#rotary?.forward(grid);
    const bias = this.#shared?.forward();
    const common = { ...(turns && { rotary: turns }), ...(bias && { bias }) };
    return (i) => {
      const first = this.#settings.posEmbedPlacement === 'stem' && i > 0;
      const keys = first ? undefined : this.#ofBlock(this.#relative, i);
      const places = { ...common, ...(keys && { relative: keys }) };
      return Object.keys(places).length === 0 ? undefined : places;
    };
  }

  #ofBlock<M>(modules: readonly M[], i: number): M | undefined {
    return modules.length === 1 ? modules[0] : modules[i];
  }

  /** One, or with 'layers' one a block, if there are parameters to differ in. */
  #make<M extends Module>(make: () => M | undefined): M[] {
    const first = make();
    if (first === undefined) return [];
    if (this.#settings.posEmbedPlacement !== 'layers' || first.numParameters() === 0) {
      this.modules.set('pos_embed', first);
      return [first];
    }
    const others = Array.from({ length: this.#settings.depth - 1 }, () => make() as M); // as the first was made
    const all = [first, ...others];
    this.modules.set('pos_embeds', new ModuleList(all));
    return all;
  }
}

function absolute({ posEmbed, noEmbedClass }: Settings, sizes: PositionSizes): PositionEmbedding | undefined {
  if (posEmbed === 'learned1d') return new LearnedPositions1d(sizes, !noEmbedClass);
  if (posEmbed === 'learned2d') return new LearnedPositions2d(sizes);
  return posEmbed === 'sincos2d' ? new SincosPositions2d(sizes) : undefined;
}

function relative(
  { posEmbed, numHeads }: Settings,
  { dim, grid, prefix }: PositionSizes,
): RelativePositions | undefined {
  if (posEmbed !== 'relative') return undefined;
  return new RelativePositions(prefix + grid[0] * grid[1], dim / numHeads);
}

// Of timm's models; DINOv3's own is 100.
const TEMPERATURE = { eva: 10000, dinov3: 100 } as const;

function rotary(settings: Settings, { dim, grid, prefix }: PositionSizes): RotaryPositions | undefined {
  const { rope, numHeads, ropeTemperature, ropeGrid, ropeRegTemperature, regTokens } = settings;
  if (rope === 'none') return undefined;
  const temperature = ropeTemperature ?? TEMPERATURE[rope];
  const registers =
    ropeRegTemperature === undefined ? undefined : { count: regTokens, temperature: ropeRegTemperature };
  return new RotaryPositions(
    { rope, headDim: dim / numHeads, temperature, reference: ropeGrid, registers },
    grid,
    prefix,
  );
}
