import { type Ref, zeros } from './array.js';
import { broadcastIndex, broadcastShape } from './broadcast.js';

export interface MatmulOptions {
  /** a is (...,K,M) and read transposed. */
  transposeA?: boolean;
  /** b is (...,N,K) and read transposed. */
  transposeB?: boolean;
}

/** The result's shape, and a walk over every product: y[yi] is the sum of a[ai] b[bi]. */
function products(a: Ref, b: Ref, { transposeA = false, transposeB = false }: MatmulOptions) {
  const [aRows, aColumns] = a.shape.slice(-2);
  const [bRows, bColumns] = b.shape.slice(-2);
  const [M, K] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [innerB, N] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  if (a.shape.length < 2 || b.shape.length < 2 || K !== innerB) {
    throw new RangeError(`The shapes (${a.shape.join(', ')}) and (${b.shape.join(', ')}) do not multiply`);
  }
  const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const batchA = broadcastIndex(a.shape.slice(0, -2), batch);
  const batchB = broadcastIndex(b.shape.slice(0, -2), batch);
  const forEach = (visit: (yi: number, ai: number, bi: number) => void) => {
    for (let n = 0; n < batchA.length; n++) {
      for (let i = 0; i < M; i++) {
        for (let j = 0; j < N; j++) {
          for (let k = 0; k < K; k++) {
            const ai = batchA[n] * M * K + (transposeA ? k * M + i : i * K + k);
            const bi = batchB[n] * K * N + (transposeB ? j * K + k : k * N + j);
            visit((n * M + i) * N + j, ai, bi);
          }
        }
      }
    }
  };
  return { shape: [...batch, M, N], forEach };
}

/** a (...,M,K) times b (...,K,N): (...,M,N), the leading dimensions broadcast as in torch.matmul. */
export function matmul(a: Ref, b: Ref, options: MatmulOptions = {}): Ref {
  const { shape, forEach } = products(a, b, options);
  const y = zeros(shape);
  forEach((yi, ai, bi) => {
    y.data[yi] += a.data[ai] * b.data[bi];
  });
  return y;
}

/** da = dy b^T and db = a^T dy, summed over the dimensions that were broadcast. */
export function matmulBackward(dy: Ref, a: Ref, b: Ref, options: MatmulOptions = {}): { da: Ref; db: Ref } {
  const da = zeros(a.shape);
  const db = zeros(b.shape);
  products(a, b, options).forEach((yi, ai, bi) => {
    da.data[ai] += dy.data[yi] * b.data[bi];
    db.data[bi] += dy.data[yi] * a.data[ai];
  });
  return { da, db };
}
