/** The report's own style; `.print` is set by the script while the page is being printed. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fff; --surface: #f5f5f2; --text: #1d1d1b; --muted: #67675f; --line: #e2e2dc;
  --train: #2f6db3; --test: #c75b12; --error: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root:not(.print) {
    --page: #151514; --surface: #20201e; --text: #ecece8; --muted: #a2a29a; --line: #35352f;
    --train: #74aef0; --test: #f09a54; --error: #ff8a80;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1240px; padding: 32px clamp(16px, 4vw, 48px) 64px;
  background: var(--page); color: var(--text); font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif;
}
.brand { margin: 0; color: var(--test); font-weight: 600; letter-spacing: 0.04em; }
h1 { margin: 0; font-size: clamp(26px, 5vw, 36px); line-height: 1.2; font-weight: 650; overflow-wrap: anywhere; }
h2 { margin: 0 0 8px; font-size: 20px; font-weight: 650; }
h3 { margin: 20px 0 8px; font-size: 15px; font-weight: 600; }
p { margin: 0 0 16px; max-width: 72ch; }
section { margin-top: 48px; }
figure { margin: 0; }
.muted, figcaption, dt { color: var(--muted); font-size: 14px; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(136px, 1fr)); gap: 12px; margin: 24px 0 0; }
.figures div { background: var(--surface); border-radius: 8px; padding: 14px 16px; }
.figures dd { margin: 0; font-size: 24px; font-weight: 650; font-variant-numeric: tabular-nums; }
.figures dt { line-height: 1.3; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 270px), 1fr)); gap: 24px; }
.charts > figure { min-width: 0; }
.charts .u-legend th, .charts .u-legend td { padding: 2px 3px; }
.charts .u-inline tr { margin-right: 8px; }
.charts .u-legend { color: var(--muted); font-size: 12px; text-align: left; }
details { margin-top: 16px; }
summary { cursor: pointer; color: var(--muted); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; }
.epochs { margin-top: 8px; white-space: nowrap; }
.epochs th, .epochs td { padding: 3px 14px 3px 0; text-align: right; border-bottom: 1px solid var(--line); font-weight: 400; }
.epochs th { color: var(--muted); }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 0 40px; align-items: start; }
.facts { width: 100%; }
.facts th, .facts td { padding: 5px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: 400; }
.facts th { width: 42%; padding-right: 12px; color: var(--muted); }
.facts td { overflow-wrap: anywhere; }
.pixels { display: block; width: 100%; image-rendering: pixelated; border-radius: 3px; }
.samples { display: grid; grid-template-columns: repeat(auto-fill, minmax(76px, 1fr)); gap: 14px 10px; }
.sample { break-inside: avoid; }
.sample figcaption { margin-top: 4px; font-size: 12px; line-height: 1.3; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.sample span { display: block; }
.sample b { display: block; color: var(--text); font-size: 14px; font-weight: 600; }
.error .pixels { outline: 3px solid var(--error); outline-offset: -1px; }
.error b { color: var(--error); }
.samples:has(.error) { grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); }
.maps { display: grid; }
.maps .pixels { border-radius: 0; }
.legend { display: flex; gap: 8px; align-items: center; margin-top: 12px; }
.legend .bar { flex: 1; height: 10px; border-radius: 2px; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 28px 24px; }
.card { break-inside: avoid; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 6px; }
.layers { display: grid; grid-template-columns: repeat(auto-fill, minmax(40px, 1fr)); gap: 6px; margin: 6px 0; }
.overlay { position: relative; display: block; }
.shares { position: absolute; inset: 0; display: grid; place-items: center; color: #fff; font-size: 11px; text-shadow: 0 0 3px #000, 0 0 3px #000; }
.overlay img + img { position: absolute; inset: 0; height: 100%; }
@media (max-width: 520px) { .cards { grid-template-columns: 1fr 1fr; gap: 20px 16px; } }
@media print {
  body { max-width: none; padding: 0; font-size: 12px; }
  section { margin-top: 24px; }
  details { display: none; }
  .charts { grid-template-columns: repeat(3, 1fr); }
  .charts > figure, .positions, .facts tr { break-inside: avoid; }
  h2, h3, section > p { break-after: avoid; }
  * { print-color-adjust: exact; }
}`;
