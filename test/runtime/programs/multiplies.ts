// Computes products of every kind, forward and backward, and tells who multiplied and which libraries are loaded.
import { readFileSync } from 'node:fs';
import { F, info, ones, type Tensor } from '../../../lib/index.js';

const given = (...shape: number[]): Tensor => ones(shape, { requiresGrad: true });
const products = {
  linear: () => F.linear(given(64, 96), given(80, 96), given(80)),
  fewRows: () => F.linear(given(3, 300), given(200, 300)),
  matmul: () => F.matmul(given(5, 40, 30), given(5, 30, 50)),
  conv2d: () => F.conv2d(given(2, 3, 20, 20), given(8, 3, 3, 3), given(8), { padding: 1 }),
  patches: () => F.patchEmbed(given(2, 3, 32, 32), given(24, 3, 8, 8), given(24)),
};
const sums = Object.entries(products).map(([name, product]) => {
  const y = product();
  y.sum().backward();
  return [name, y.sum().dataSync()[0]];
});
const maps = process.platform === 'linux' ? readFileSync('/proc/self/maps', 'utf8') : '';
const loaded = [...new Set(maps.match(/lib(openblas|dnnl|gomp|omp|blas|mkl)[^/\n]*/g) ?? [])];
console.log(JSON.stringify({ blas: info().blas, sums: Object.fromEntries(sums), loaded }));
