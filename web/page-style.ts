/** A colour of the page's style as it is now, light or dark. */
export function colourOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Whole numbers as they are, others by three digits that count; nothing for what is not there. */
export function shortNumber(value: number | null | undefined): string {
  if (value == null) return '';
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(3)));
}

/** Calls `draw` now, and whenever colours change: by day, by night, and on paper, which is light. */
export function drawInColours(draw: () => void): void {
  const root = document.documentElement;
  draw();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  addEventListener('beforeprint', () => {
    root.classList.add('print');
    draw();
  });
  addEventListener('afterprint', () => {
    root.classList.remove('print');
    draw();
  });
}
