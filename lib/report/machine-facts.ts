import { info } from '../info.js';
import type { ReportFact } from './report-data.js';

/** The machine as a reader wants it. */
export function machineFacts(): ReportFact[] {
  const { version, cpu, cpus, threads, isa, blas, node, platform } = info();
  return [
    { name: 'vitrine', value: version },
    { name: 'processor', value: cpu },
    { name: 'threads', value: `${threads} (${cpus} usable)` },
    { name: 'instruction set', value: isa },
    { name: 'matrix products', value: `${blas.name}, ${blas.core}` },
    { name: 'Node.js', value: `${node}, ${platform}` },
  ];
}
