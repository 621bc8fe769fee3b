// Loads vitrine, computes something, and tells what it runs on.
import { info, ones } from '../../../lib/index.js';

const x = ones([64, 64]);
x.matmul(x).dataSync();
const { isa, threads, blas, warnings } = info();
console.log(JSON.stringify({ isa, threads, core: blas.core, warnings }));
