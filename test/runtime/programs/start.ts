// Loads vitrine, computes something, and tells what it runs on.
import { info, ones } from '../../../lib/index.js';

const x = ones([64, 64]);
x.matmul(x).dataSync();
const { isa, threads, cpus, blas, warnings } = info();
const variables = Object.keys(process.env).filter((name) => name.startsWith('OPENBLAS_'));
console.log(JSON.stringify({ isa, threads, cpus, core: blas.core, warnings, variables }));
