import { shapeText } from './check.js';

/** What is known of a tensor, for whoever prints it. */
export interface TensorFacts {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly requiresGrad: boolean;
  readonly disposed: boolean;
  /** `count` elements from `start` on in row-major order; undefined where the stream has not come past them yet. */
  peek(start: number, count: number): ArrayLike<number> | undefined;
}

// PyTorch shows tensors of up to 1000 elements whole and three from each end of longer axes; on a terminal of 80 columns
// less is more, and every run of elements is a copy.
const SHOWN_WHOLE = 64;
const EDGE = 3;
const EDGE_OF_MANY_AXES = 1; // from three axes on
const DIGITS = 5;

class NotThere extends Error {}

/** A tensor in one line, without its values. */
export function tensorHead({ dtype, shape, requiresGrad, disposed }: TensorFacts, more = ''): string {
  const facts = [`${dtype} ${shapeText(shape)}`];
  if (requiresGrad) facts.push('requiresGrad');
  if (disposed) facts.push('disposed');
  if (more !== '') facts.push(more);
  return `Tensor(${facts.join(', ')})`;
}

/** A tensor with its values, or some of them, where they are there. Waits for nothing. */
export function tensorText(facts: TensorFacts): string {
  if (facts.disposed) return tensorHead(facts);
  try {
    return `${tensorHead(facts)}${facts.shape.length > 1 ? '\n' : ' '}${valuesText(facts)}`;
  } catch (error) {
    if (error instanceof NotThere) return tensorHead(facts, 'not computed yet');
    throw error;
  }
}

function valuesText({ shape, dtype, peek }: TensorFacts): string {
  const size = shape.reduce((product, length) => product * length, 1);
  const edge = size <= SHOWN_WHOLE ? Number.POSITIVE_INFINITY : shape.length > 2 ? EDGE_OF_MANY_AXES : EDGE;
  const read = (start: number, count: number): string[] => {
    const values = peek(start, count);
    if (values === undefined) throw new NotThere();
    return Array.from(values, (value) =>
      dtype === 'int32' ? String(value) : String(Number(value.toPrecision(DIGITS))),
    );
  };
  const text = (axis: number, start: number, indent: string): string => {
    const length = shape[axis];
    if (length === undefined) return read(start, 1)[0] ?? '';
    const cut = length > 2 * edge;
    if (axis === shape.length - 1) {
      const row = cut ? [...read(start, edge), '...', ...read(start + length - edge, edge)] : read(start, length);
      return `[${row.join(', ')}]`;
    }
    const stride = shape.slice(axis + 1).reduce((product, inner) => product * inner, 1);
    const rows = Array.from({ length: cut ? edge : length }, (_, i) =>
      text(axis + 1, start + i * stride, `${indent} `),
    );
    if (cut) rows.push('...');
    for (let i = length - edge; cut && i < length; i++) rows.push(text(axis + 1, start + i * stride, `${indent} `));
    return `[${rows.join(`,\n${indent} `)}]`;
  };
  if (size === 0) return '[]';
  return text(0, 0, '');
}
