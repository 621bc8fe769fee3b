import { shapeText } from '../../check.js';
import { nearestName } from '../../nearest-name.js';
import type { Tensor } from '../../tensor.js';
import { fileError, quoted } from '../formats/file-error.js';
import type { TensorInfo } from '../formats/tensor-record.js';
import type { Reading } from './layouts/layout.js';
import { fileNames, type Mapping, type Piece } from './layouts/rules.js';

type Infos = ReadonlyMap<string, TensorInfo>;

/** A parameter's shape as a piece would have it, had the parameter no other parts; undefined if it cannot have one. */
export function shapeOfPiece({ source, axes, index, rows }: Piece, infos: Infos): readonly number[] | undefined {
  const held = infos.get(source)?.shape.slice(index === undefined ? 0 : 1);
  const shape = rows && held ? [((held[0] ?? 0) * (rows[1] - rows[0])) / rows[2], ...held.slice(1)] : held;
  if (axes === undefined || shape === undefined) return shape;
  return axes.length === shape.length ? axes.map((axis) => shape[axis] ?? 0) : undefined;
}

/** Shapes of parameters as the file's tensors would have them, by our names. */
export function shapesOf({ pieces }: Mapping, infos: Infos): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const [own, [piece]] of pieces) {
    const shape = piece && shapeOfPiece(piece, infos);
    if (shape === undefined) continue;
    const [rows, ...rest] = shape;
    shapes.set(own, rows === undefined ? shape : [rows * piece.part[1], ...rest]);
  }
  return shapes;
}

/** What keeps a checkpoint from filling a model. */
export interface Misfits {
  /** Of tensors that are missing, not expected, or not of the right shape or dtype. */
  readonly count: number;
  /** Some of them, in a sentence of at most three tensors' names. */
  readonly told: string;
}

/**
 * What keeps a checkpoint from filling a model; undefined when it fits.
 *
 * @param fresh parameters that need no tensor
 * @param resized parameters that may have another shape
 */
export function misfits(
  parameters: ReadonlyMap<string, Tensor>,
  { pieces, unexpected }: Mapping,
  infos: Infos,
  { rules, spell }: Reading,
  { fresh, resized }: { fresh: ReadonlySet<string>; resized: ReadonlySet<string> },
): Misfits | undefined {
  const missing: string[] = [];
  const all: string[] = [];
  for (const own of parameters.keys()) {
    if (fresh.has(own)) continue;
    const given = new Set(pieces.get(own)?.map(({ part }) => part[0]));
    const stacked = pieces.get(own)?.[0]?.index !== undefined;
    for (const { name, part } of fileNames(own, rules)) {
      all.push(spell(name));
      if (!given.has(part[0]) && !stacked) missing.push(spell(name));
    }
  }
  const extra = [...pieces].flatMap(([own, parts]) => (parameters.has(own) ? [] : parts.map(({ source }) => source)));
  const strange = [...new Set([...unexpected, ...extra])];
  const wrong: Clause[] = [];
  for (const [own, parameter] of parameters) {
    for (const piece of pieces.get(own) ?? []) {
      const problem =
        notFloating(piece, infos) ?? (resized.has(own) ? undefined : mismatch(piece, parameter.shape, infos));
      if (problem !== undefined) wrong.push({ names: [piece.source], text: `${quoted(piece.source)} ${problem}` });
    }
  }
  const count = missing.length + strange.length + wrong.length;
  return count === 0 ? undefined : { count, told: tell(missing, strange, wrong, all) };
}

/** What a reader throws of them. */
export function misfitError(
  { count, told }: Misfits,
  { model, path, layout }: { readonly model: string; readonly path: string; readonly layout: string },
): Error {
  const advice = 'Nothing was loaded. Check that the file is whole, and the options against its model.';
  const what = `the weights of one ${model} in the layout of ${layout}`;
  return fileError(what, path, `a file in which ${count} tensors do not fit: ${told}`, advice);
}

/** A part of the sentence, and the tensors that it names. */
interface Clause {
  readonly names: readonly string[];
  readonly text: string;
}

const mostNames = 3;

/** Some of each kind in turn, for as long as they name no more than three tensors. */
function tell(
  missing: readonly string[],
  strange: readonly string[],
  wrong: readonly Clause[],
  all: readonly string[],
): string {
  const clauses: Clause[] = [];
  for (let i = 0; i < mostNames; i++) {
    const [gone, odd, off] = [missing[i], strange[i], wrong[i]];
    if (odd !== undefined) clauses.push(strangeClause(odd, missing, all));
    if (gone !== undefined) clauses.push({ names: [gone], text: `${quoted(gone)} is missing` });
    if (off !== undefined) clauses.push(off);
  }
  const named = new Set<string>();
  const told: string[] = [];
  for (const { names, text } of clauses) {
    const fresh = names.filter((name) => !named.has(name));
    if (named.size + fresh.length > mostNames) continue;
    for (const name of fresh) named.add(name);
    told.push(text);
  }
  const rest = missing.length + strange.length + wrong.length - told.length;
  return told.join('; ') + (rest === 0 ? '' : `; and ${rest} more`);
}

function strangeClause(name: string, missing: readonly string[], all: readonly string[]): Clause {
  // Comparing takes time by the product of the lengths, and a hostile name is as long as it likes.
  const near = name.length > 200 ? undefined : (nearestName(name, missing) ?? nearestName(name, all));
  const text = `${quoted(name)} is not expected`;
  return near === undefined
    ? { names: [name], text }
    : { names: [name, near], text: `${text} (nearest: ${quoted(near)})` };
}

const floating: readonly string[] = ['F64', 'F32', 'F16', 'BF16'];

function notFloating({ source }: Piece, infos: Infos): string | undefined {
  const dtype = infos.get(source)?.dtype;
  return dtype === undefined || floating.includes(dtype) ? undefined : `is ${dtype} instead of ${floating.join(', ')}`;
}

/** Why a piece cannot be its part of a parameter of this shape. */
function mismatch(piece: Piece, shape: readonly number[], infos: Infos): string | undefined {
  const [, parts] = piece.part;
  const wanted = [(shape[0] ?? 1) / parts, ...shape.slice(1)];
  const given = shapeOfPiece(piece, infos);
  if (given !== undefined && (piece.axes === undefined ? equal(given, wanted) : mergesInto(given, wanted))) {
    return undefined;
  }
  const own = piece.axes === undefined ? shapeText(wanted) : `one that becomes ${shapeText(wanted)}`;
  return `has shape ${shapeText(infos.get(piece.source)?.shape ?? [])} instead of ${own}`;
}

/** Whether shapes are the same, but for leading ones. */
function equal(a: readonly number[], b: readonly number[]): boolean {
  const core = (shape: readonly number[]): string => shapeText(shape.slice(shape.findIndex((size) => size !== 1)));
  return core(a) === core(b);
}

/** Whether joining neighbouring axes of `fine` gives `coarse`. */
function mergesInto(fine: readonly number[], coarse: readonly number[]): boolean {
  let next = 0;
  for (const size of coarse) {
    let product = fine[next++] ?? Number.NaN;
    while (product < size && next < fine.length) product *= fine[next++] ?? 1;
    if (product !== size) return false;
  }
  return fine.slice(next).every((size) => size === 1);
}
