import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { checkArray, expected, listed, quoted, Text } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { regularFileSize } from '../../io/formats/regular-file.js';
import type { Dataset } from './dataset.js';
import type { Sample } from './sample.js';

/** Options of `csv`. */
export interface CsvOptions {
  /** Where relative paths begin. Default: the file's folder. */
  root?: string;
  /** The column of the paths. Default `'path'`. */
  path?: string;
  /** The column of the labels. Default `'label'`. */
  label?: string;
  /** What stands between cells. Default `','`. */
  delimiter?: string;
  /** What stands between several labels of an image, which then is of all of them. Default: there is one. */
  labelDelimiter?: string;
  /** The names of the classes, by their numbers. Default: those that occur, in code-unit order. */
  classes?: readonly string[];
}

const NAMES: OptionNames<CsvOptions> = {
  root: true,
  path: true,
  label: true,
  delimiter: true,
  labelDelimiter: true,
  classes: true,
};

/**
 * Reads a list of images and their labels: a table with a head, `path,label`. Quotes are RFC 4180's.
 *
 * @returns with a class's number for a label each, or, with `labelDelimiter`, a 1 for each class that is named
 * @throws TypeError for a file that cannot be read or has no such columns, rows of another length, labels that are no
 *   classes, or options that are unknown
 * @see RFC 4180; fastai's `ImageDataLoaders.from_csv`
 * @example
 * const train = await data.csv('train.csv', { path: 'file', label: 'species' });
 */
export async function csv(file: string, options: CsvOptions = {}): Promise<Dataset> {
  if (typeof file !== 'string') throw expected('the path of a file', 'csv', file);
  checkOptions(options, NAMES, 'csv');
  const { path = 'path', label = 'label', delimiter = ',', labelDelimiter, root = dirname(file) } = options;
  for (const [name, value] of Object.entries({ path, label, delimiter, root, labelDelimiter: labelDelimiter ?? ';' })) {
    if (typeof value !== 'string' || value === '') throw expected('a string', `csv ${name}`, value);
  }
  if (delimiter.length !== 1) throw expected('one character', 'csv delimiter', delimiter);
  await regularFileSize(file);
  const [head, ...rows] = parseRows(await readFile(file, 'utf8'), delimiter);
  const columns = [path, label].map((name) => columnOf(head ?? [], name, file));
  if (rows.length === 0) throw expected('rows below the head', file, new Text('none'));
  const named = rows.map((row, i) => {
    if (row.length !== head.length) {
      throw expected(`${head.length} cells`, `row ${i + 2} of ${file}`, new Text(`${row.length}`));
    }
    const names = labelDelimiter === undefined ? [row[columns[1]]] : row[columns[1]].split(labelDelimiter);
    return {
      path: resolve(root, row[columns[0]]),
      names: names.map((name) => name.trim()).filter((name) => name !== ''),
    };
  });
  const classes = options.classes === undefined ? namesIn(named) : checkNames(options.classes);
  return labelled(named, classes, labelDelimiter !== undefined, file);
}

interface Row {
  readonly path: string;
  readonly names: readonly string[];
}

/** The cells of each line that is not empty. */
function parseRows(text: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quotedCell = false;
  const endRow = (): void => {
    row.push(cell);
    if (row.length > 1 || cell !== '') rows.push(row);
    [row, cell] = [[], ''];
  };
  const body = text.replace(/^\uFEFF/, '');
  for (let i = 0; i < body.length; i++) {
    const char = body[i];
    if (quotedCell) {
      if (char !== '"') cell += char;
      else if (body[i + 1] === '"') cell += body[i++];
      else quotedCell = false;
    } else if (char === '"' && cell === '') quotedCell = true;
    else if (char === delimiter) [row, cell] = [[...row, cell], ''];
    else if (char === '\n') endRow();
    else if (char !== '\r') cell += char;
  }
  endRow();
  return rows;
}

function columnOf(head: readonly string[], name: string, file: string): number {
  const column = head.findIndex((cell) => cell.trim() === name);
  if (column >= 0) return column;
  const found = new Text(head.length === 0 ? 'an empty file' : listed(head.map(quoted)));
  throw expected(
    `a column ${quoted(name)}`,
    `the first line of ${file}`,
    found,
    'Call the columns path and label, or name yours: { path, label }.',
  );
}

function namesIn(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap(({ names }) => names))].sort((a, b) => (a < b ? -1 : 1));
}

function checkNames(classes: unknown): readonly string[] {
  const names = checkArray(classes, 'an array of names', 'csv classes');
  for (const name of names) if (typeof name !== 'string') throw expected('names', 'csv classes', name);
  return names as readonly string[]; // each of them checked
}

function labelled(rows: readonly Row[], classes: readonly string[], several: boolean, file: string): Dataset {
  const numbers = new Map(classes.map((name, number) => [name, number]));
  const labels = rows.map(({ names }, i) => {
    const indices = names.map((name) => {
      const number = numbers.get(name);
      if (number !== undefined) return number;
      throw expected(`a class among ${listed(classes.map(quoted))}`, `row ${i + 2} of ${file}`, name);
    });
    if (several) return Float32Array.from(classes, (_, number) => (indices.includes(number) ? 1 : 0));
    if (indices.length === 0) throw expected('a label', `row ${i + 2} of ${file}`, new Text('none'));
    return indices[0];
  });
  const items = rows.map(({ path }, i): Sample => ({ image: path, label: labels[i] }));
  const dataset = { length: items.length, get: (index: number) => items[index], classes };
  return several ? dataset : { ...dataset, labels: Int32Array.from(labels as number[]) }; // one number a row
}
