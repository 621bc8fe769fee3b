import type { BenchRecord } from '../../bench/record.js';
import type { BenchReport } from '../../bench/report/report-data.js';

/** A record with the given figures and ordinary others. */
export function record(given: Partial<BenchRecord> = {}): BenchRecord {
  return {
    suite: 'train',
    case: 'Ti/16 224px batch 8',
    model: 'Ti/16',
    batch: 8,
    threads: 2,
    precision: 'fp32',
    medianMs: 160,
    minMs: 150.5,
    maxMs: 1234.5,
    imagesPerSecond: 50,
    gflops: 376,
    peakFraction: 0.77,
    peakBytes: 400 * 2 ** 20,
    contender: 'vitrine',
    ratio: 1,
    gigabytesPerSecond: null,
    exponent: null,
    ...given,
  };
}

const kernel = (name: string, gflops: number, gigabytesPerSecond: number): BenchRecord =>
  record({ suite: 'kernels', case: name, batch: null, imagesPerSecond: null, gflops, gigabytesPerSecond });

/** A small report of made-up numbers. */
export function report(): BenchReport {
  const point = (value: number, name: string, medianMs: number) => ({
    value,
    record: record({ suite: 'embed', case: name, medianMs }),
  });
  return {
    createdAt: '2025-03-01T12:34:56.000Z',
    machine: [{ name: 'processor', value: 'A <fast> one & only' }],
    setting: 'A processor, 2 threads',
    threads: 2,
    peaks: { fp32: 400, bf16: null },
    bandwidth: 20,
    versions: { vitrine: 'vitrine 0.1.0', torch: 'PyTorch 2.13.0' },
    records: [
      record(),
      record({ contender: 'torch', imagesPerSecond: 12.5, ratio: 4 }),
      record({ suite: 'infer', case: 'Ti/16 224px batch 1', imagesPerSecond: 170 }),
      kernel('linear fwd+bwd', 300, 2),
      kernel('layer-norm fwd', 10, 10),
      kernel('transpose fwd', 0, 15),
    ],
    embed: [
      {
        name: 'image size, pixels',
        points: [
          point(64, 'naive fwd 64/16/768', 1),
          point(64, 'conv fwd 64/16/768', 2),
          point(64, 'naive fwd+bwd 64/16/768', 3),
          point(128, 'naive fwd 128/16/768', 4),
        ],
      },
    ],
    tokens: {
      name: 'tokens',
      points: [197, 785].map((value) => ({ value, record: record({ suite: 'scale', exponent: 1.23 }) })),
    },
  };
}
