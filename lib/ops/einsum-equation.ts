import { checkRank, expected, shapeText, Text } from '../check.js';

/** The letters of each operand's axes and of the result's; those that '...' stands for are numbers in words. */
export interface Equation {
  operands: string[][];
  result: string[];
}

/**
 * Reads an equation of `einsum` for operands of these shapes. What '...' stands for gets labels of its own, '0' being the
 * last of them, so that operands with fewer such axes broadcast at the right.
 *
 * @throws TypeError for what is no equation, and where it does not fit the shapes
 */
export function readEquation(equation: unknown, shapes: readonly (readonly number[])[]): Equation {
  if (typeof equation !== 'string') throw expected('an equation such as "ij,jk->ik"', 'einsum', equation);
  const [left, right, ...more] = equation.replaceAll(' ', '').split('->');
  if (more.length > 0) throw expected("one '->'", 'einsum', equation);
  const terms = left.split(',');
  if (terms.length !== shapes.length) {
    throw expected(`${terms.length} tensors for '${equation}'`, 'einsum', new Text(`${shapes.length}`));
  }
  const operands = terms.map((term, i) => lettersOf(term, shapes[i], equation));
  const result = right === undefined ? usualResult(operands) : resultOf(right, operands, equation);
  checkRank(result.length, 'einsum');
  return { operands, result };
}

/** The labels of one operand, an axis each. */
function lettersOf(term: string, shape: readonly number[], equation: string): string[] {
  const [before, after] = partsOf(term, equation);
  const named = before.length + (after?.length ?? 0);
  if (after === undefined ? named !== shape.length : named > shape.length) {
    throw expected(
      `a tensor of ${after === undefined ? '' : 'at least '}${named} axes for '${term}'`,
      'einsum',
      new Text(`one of shape ${shapeText(shape)}`),
    );
  }
  return after === undefined ? before : [...before, ...restLabels(shape.length - named), ...after];
}

/** The letters before and after '...'; none after where there is no '...'. */
function partsOf(term: string, equation: string): [before: string[], after?: string[]] {
  const parts = term.split('...');
  if (parts.length > 2 || !parts.every((part) => /^[a-zA-Z]*$/.test(part))) {
    throw expected("letters, with '...' once at most, between commas", 'einsum', equation);
  }
  return parts.length === 1 ? [[...parts[0]]] : [[...parts[0]], [...parts[1]]];
}

function restLabels(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(count - 1 - i));
}

function isRest(label: string): boolean {
  return /\d/.test(label);
}

/** The most axes that '...' stands for in any operand. */
function restOf(operands: readonly string[][]): string[] {
  return restLabels(Math.max(0, ...operands.map((labels) => labels.filter(isRest).length)));
}

/** Without '->': what '...' stands for, then the letters that occur once, in alphabetical order. */
function usualResult(operands: readonly string[][]): string[] {
  const letters = operands.flat().filter((label) => !isRest(label));
  const once = letters.filter((label) => letters.indexOf(label) === letters.lastIndexOf(label));
  return [...restOf(operands), ...once.sort((a, b) => (a < b ? -1 : 1))];
}

function resultOf(term: string, operands: readonly string[][], equation: string): string[] {
  const [before, after] = partsOf(term, equation);
  const letters = [...before, ...(after ?? [])];
  const known = new Set(operands.flat());
  for (const letter of letters) {
    if (!known.has(letter)) throw expected(`letters of the tensors after '->' in '${equation}'`, 'einsum', letter);
  }
  if (new Set(letters).size !== letters.length) throw expected("each letter once after '->'", 'einsum', equation);
  // Without '...' there, the axes that it stands for are summed.
  return after === undefined ? before : [...before, ...restOf(operands), ...after];
}

/** The size that each label stands for; 1 broadcasts. */
export function sizesOf(operands: readonly string[][], shapes: readonly (readonly number[])[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [i, labels] of operands.entries()) {
    for (const [axis, label] of labels.entries()) {
      const [had, size] = [sizes.get(label) ?? 1, shapes[i][axis]];
      if (had !== 1 && size !== 1 && had !== size) {
        const what = isRest(label) ? "axes of '...' that broadcast" : `one size for '${label}'`;
        throw expected(what, 'einsum', new Text(`${had} and ${size}`));
      }
      sizes.set(label, had === 1 ? size : had);
    }
  }
  return sizes;
}
