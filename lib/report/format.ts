/** Made when it is needed: the first of a process takes as long as importing a quarter of vitrine. */
let whole: Intl.NumberFormat | undefined;

/** 12345.6 as `12,346`. */
export function formatCount(value: number): string {
  if (!Number.isFinite(value)) return '?';
  whole ??= new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
  return whole.format(value);
}

/** A share from 0 to 1 as per cent with one decimal. */
export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

/** Seconds as a person says them: `9.5 s`, `2 min 5 s`, `1 h 2 min`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Bytes in the largest binary unit that keeps them above one. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
