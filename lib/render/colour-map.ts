/** Red, green and blue, each 0..255. */
export type Rgb = readonly [number, number, number];

// Every 16th entry of matplotlib's viridis (S. van der Walt and N. Smith, CC0), even in lightness and safe for the
// colour-blind.
const VIRIDIS: readonly Rgb[] = [
  [68, 1, 84],
  [72, 26, 108],
  [71, 47, 125],
  [65, 68, 135],
  [57, 86, 140],
  [49, 104, 142],
  [42, 120, 142],
  [35, 136, 142],
  [31, 152, 139],
  [34, 168, 132],
  [53, 183, 121],
  [84, 197, 104],
  [122, 209, 81],
  [165, 219, 54],
  [210, 226, 27],
  [253, 231, 37],
];

/** The colour of a share from 0 to 1; what lies outside is clipped. */
export function viridis(share: number): Rgb {
  const at = Math.min(1, Math.max(0, share)) * (VIRIDIS.length - 1);
  const low = VIRIDIS[Math.floor(at)];
  const high = VIRIDIS[Math.ceil(at)];
  const mix = (channel: 0 | 1 | 2): number => Math.round(low[channel] + (at % 1) * (high[channel] - low[channel]));
  return [mix(0), mix(1), mix(2)];
}

/** The whole map as a CSS gradient, for a legend. */
export const viridisGradient = `linear-gradient(to right, ${VIRIDIS.map((rgb) => `rgb(${rgb.join(' ')})`).join(', ')})`;
