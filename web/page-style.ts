/** A colour of the page's style as it is now, light or dark. */
export function colourOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Three digits that count; nothing for what is not there. */
export function shortNumber(value: number | null | undefined): string {
  if (value == null) return '';
  const text = String(Number(value.toPrecision(3)));
  return value >= 100_000 && Number.isFinite(value) ? value.toExponential(0).replace('e+', 'e') : text;
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

/** The data that the page carries under `id`; undefined where it has none. */
export function pageData<T>(id: string): T | undefined {
  const text = document.getElementById(id)?.textContent;
  return text == null ? undefined : (JSON.parse(text) as T); // written by the page's own renderer
}
