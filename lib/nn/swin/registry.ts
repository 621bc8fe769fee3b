import { expected } from '../../check.js';
import type { SwinOptions } from './config.js';

// Width, depths and heads. @see Liu et al. 2021, section 3.3
const SIZES = {
  tiny: { embedDim: 96, depths: [2, 2, 6, 2], numHeads: [3, 6, 12, 24] },
  small: { embedDim: 96, depths: [2, 2, 18, 2], numHeads: [3, 6, 12, 24] },
  base: { embedDim: 128, depths: [2, 2, 18, 2], numHeads: [4, 8, 16, 32] },
  large: { embedDim: 192, depths: [2, 2, 18, 2], numHeads: [6, 12, 24, 48] },
} as const satisfies Record<string, SwinOptions>;

type Size = keyof typeof SIZES;

function first(): [string, SwinOptions][] {
  const models: [Size, number, number][] = [
    ['tiny', 7, 224],
    ['small', 7, 224],
    ['base', 7, 224],
    ['base', 12, 384],
    ['large', 7, 224],
    ['large', 12, 384],
  ];
  return models.map(([size, windowSize, imgSize]) => [
    `swin_${size}_patch4_window${windowSize}_${imgSize}`,
    { ...SIZES[size], windowSize, imgSize },
  ]);
}

/** Version 2; those that were trained with windows of 12 know it, and the last stage's of 6. */
function second(): [string, SwinOptions][] {
  const own = (['tiny', 'small', 'base'] as const).flatMap((size) =>
    [8, 16].map((windowSize): [string, SwinOptions] => [
      `swinv2_${size}_window${windowSize}_256`,
      { version: 2, ...SIZES[size], windowSize, imgSize: 256 },
    ]),
  );
  const larger = (['base', 'large'] as const).flatMap((size): [string, SwinOptions][] => [
    [`swinv2_${size}_window12_192`, { version: 2, ...SIZES[size], windowSize: 12, imgSize: 192 }],
    ...(
      [
        [16, 256],
        [24, 384],
      ] as const
    ).map(([windowSize, imgSize]): [string, SwinOptions] => [
      `swinv2_${size}_window12to${windowSize}_192to${imgSize}`,
      { version: 2, ...SIZES[size], windowSize, imgSize, pretrainedWindowSizes: [12, 12, 12, 6] },
    ]),
  ]);
  return [...own, ...larger];
}

const MODELS: ReadonlyMap<string, SwinOptions> = new Map([...first(), ...second()]);

/** The names that `Swin.create` knows; timm's. */
export function swinNames(): string[] {
  return [...MODELS.keys()];
}

/** The options behind a name; throws TypeError for a name that is none. */
export function swinConfigOf(name: string): SwinOptions {
  const config = MODELS.get(name);
  if (config !== undefined) return config;
  throw expected(`a model name such as ${swinNames().slice(0, 3).join(', ')}`, 'Swin.create', name, 'See Swin.list().');
}
