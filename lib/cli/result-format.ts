import { printable } from '../check.js';
import { formatPercent } from '../report/format.js';
import type { Classification } from './classify.js';

/** How `vitrine predict` writes: for people, one JSON array, a JSON object a line, or CSV by RFC 4180. */
export const RESULT_FORMATS = ['table', 'json', 'jsonl', 'csv'] as const;
export type ResultFormat = (typeof RESULT_FORMATS)[number];

/** Writes results as they come, each as a line or several. */
export interface ResultWriter {
  add(result: Classification): void;
  end(): void;
}

/** A writer of this format to `write`, which takes whole lines. */
export function resultWriter(format: ResultFormat, write: (line: string) => void): ResultWriter {
  switch (format) {
    case 'table':
      return { add: (result) => write(tableText(result)), end: () => undefined };
    case 'json':
      return jsonArray(write);
    case 'jsonl':
      return { add: (result) => write(JSON.stringify(result)), end: () => undefined };
    case 'csv':
      write('image,rank,class,probability');
      return { add: (result) => csvLines(result).forEach(write), end: () => undefined };
  }
}

function jsonArray(write: (line: string) => void): ResultWriter {
  const results: Classification[] = [];
  return { add: (result) => results.push(result), end: () => write(JSON.stringify(results, null, 2)) };
}

function tableText({ image, classes }: Classification): string {
  const lines = classes.map(({ name, probability }) => `${formatPercent(probability).padStart(8)}  ${printable(name)}`);
  return [printable(image), ...lines].join('\n');
}

function csvLines({ image, classes }: Classification): string[] {
  return classes.map(({ name, probability }, index) =>
    [csvField(image), index + 1, csvField(name), probability].join(','),
  );
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
