// Bundles web/ into the two files that pages inline: dist/web/page.js and dist/web/page.css, uPlot included.
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';

// What browsers of 2022 understand: the newest syntax that the pages use is that of ES2022.
const TARGETS = ['chrome103', 'firefox102', 'safari16'];

const { version } = JSON.parse(readFileSync('node_modules/uplot/package.json', 'utf8'));

await build({
  entryPoints: ['web/page.ts'],
  outdir: 'dist/web',
  bundle: true,
  minify: true,
  format: 'iife',
  target: TARGETS,
  banner: { js: `/*! uPlot ${version}, (c) Leon Sorokin, MIT license */` },
  charset: 'utf8',
  logLevel: 'warning',
});
