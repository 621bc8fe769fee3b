import type { OnnxGraph } from '../../onnx/graph.js';
import * as onnx from '../../onnx/operators.js';
import type { Grid } from '../resample.js';
import type { RotaryPositions } from './rotary.js';

/** Angles as a graph has them: x becomes x * cos + (x with each pair's channels swapped) * sin. */
export interface Turning {
  /** (T,D), 1 for tokens without a place. */
  readonly cos: string;
  /** (T,D), negative for the first of each pair, 0 for tokens without a place. */
  readonly sin: string;
  readonly interleaved: boolean;
  readonly tokens: number;
}

/** The tables of a grid, shared by all blocks. */
export function turningNodes(g: OnnxGraph, rotary: RotaryPositions, grid: Grid): Turning {
  const { angles, pairs, interleaved, prefix } = rotary.angles(grid);
  const tokens = prefix + angles.length / pairs;
  const [cos, sin] = [
    new Float32Array(tokens * 2 * pairs).fill(1, 0, 2 * prefix * pairs),
    new Float32Array(tokens * 2 * pairs),
  ];
  for (const [i, angle] of angles.entries()) {
    const row = 2 * pairs * (prefix + Math.floor(i / pairs));
    const pair = i % pairs;
    const [first, second] = interleaved ? [row + 2 * pair, row + 2 * pair + 1] : [row + pair, row + pair + pairs];
    cos[first] = Math.cos(angle);
    cos[second] = cos[first];
    sin[first] = -Math.sin(angle);
    sin[second] = -sin[first];
  }
  const shape = [tokens, 2 * pairs];
  return { cos: g.floats(cos, shape), sin: g.floats(sin, shape), interleaved, tokens };
}

/** x (N,H,T,D), turned. */
export function turnNodes(g: OnnxGraph, { cos, sin, interleaved, tokens }: Turning, x: string, width: number): string {
  const axis = interleaved ? 4 : 3;
  const pairs = interleaved ? onnx.reshape(g, x, [0, 0, tokens, width / 2, 2]) : x;
  const [first, second] = onnx.split(g, pairs, axis, 2) as [string, string]; // of each pair
  const swapped = onnx.concat(g, [second, first], axis);
  const beside = interleaved ? onnx.reshape(g, swapped, [0, 0, tokens, width]) : swapped;
  return onnx.add(g, onnx.mul(g, x, cos), onnx.mul(g, beside, sin));
}
