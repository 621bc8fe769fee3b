/** Red, green and blue, each 0..255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** A colour of the style, which is written as #rgb or #rrggbb. */
export function parseColour(text: string): Rgb {
  const digits = text.slice(1);
  const pairs = digits.length === 3 ? [...digits].map((digit) => digit + digit) : (digits.match(/../g) ?? []);
  const [red = 0, green = 0, blue = 0] = pairs.map((pair) => Number.parseInt(pair, 16));
  return [red, green, blue];
}

/** From one colour (0) to another (1). */
export function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const at = (c: 0 | 1 | 2): number => Math.round(from[c] + share * (to[c] - from[c]));
  return [at(0), at(1), at(2)];
}

export function cssColour([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`;
}

/** Black or white, whichever can be read better on a colour: the border is where both have a contrast of 4.58. */
export function inkOn(colour: Rgb): string {
  return luminance(colour) > 0.179 ? '#000' : '#fff';
}

/** Relative luminance. @see WCAG 2.2 */
function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((byte) => {
    const share = byte / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number]; // as many as went in
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
