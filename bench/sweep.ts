import type { BenchRecord } from './record.js';
import { fitExponent } from './statistics.js';
import type { Case } from './work.js';

/** Writes the fitted exponent of each sweep into its records, contender by contender. */
export function withExponents(items: readonly Case[], records: readonly BenchRecord[]): BenchRecord[] {
  const pointOf = new Map(items.map((item) => [item.name, item.axis] as const));
  return records.map((record) => {
    const axis = pointOf.get(record.case);
    if (axis === undefined) return record;
    const points = records.flatMap((other) => {
      const point = pointOf.get(other.case);
      const same = point?.name === axis.name && other.contender === record.contender;
      return same ? [[point.value, other.medianMs] as const] : [];
    });
    const exponent = fitExponent(points);
    return { ...record, exponent: Number.isFinite(exponent) ? exponent : null };
  });
}
