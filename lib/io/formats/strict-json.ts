import { fileError, fileErrorFrom } from './file-error.js';

// A header of ten thousand tensors has some hundred thousand values; JSON.parse of far more could exhaust the heap.
const maxValues = 2_000_000;
const maxDepth = 100;
const damagedAdvice = 'The file is damaged; fetch or save it again.';

/**
 * Parses JSON from an untrusted file.
 *
 * Throws if it is not JSON, repeats a key in one object (`JSON.parse` would keep the last silently), is nested deeper
 * than 100 levels or holds more than two million values.
 */
export function parseStrictJson(text: string, where: string): unknown {
  // Lenient about syntax on purpose: JSON.parse is the judge of that, after this scan bounded its cost.
  const openKeys: Set<string>[] = [];
  let values = 1;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '{' || char === '[') {
      values++;
      openKeys.push(new Set());
      if (openKeys.length > maxDepth)
        throw fileError(`JSON of at most ${maxDepth} levels`, where, 'deeper nesting', damagedAdvice);
    } else if (char === '}' || char === ']') {
      openKeys.pop();
    } else if (char === ',') {
      values++;
    } else if (char === '"') {
      const end = stringEnd(text, i);
      if (isFollowedByColon(text, end)) addKey(openKeys.at(-1), text.slice(i, end), where);
      i = end - 1;
    }
    if (values > maxValues) throw fileError(`JSON of at most ${maxValues} values`, where, 'more', damagedAdvice);
  }
  return parse(text, where);
}

/** Index after the closing quote of the string that opens at `start`; the text's length if it never closes. */
function stringEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i + 1;
  }
  return text.length;
}

function isFollowedByColon(text: string, from: number): boolean {
  let i = from;
  while (text[i] === ' ' || text[i] === '\n' || text[i] === '\t' || text[i] === '\r') i++;
  return text[i] === ':';
}

function addKey(keys: Set<string> | undefined, literal: string, where: string): void {
  const key = String(parse(literal, where)); // Unescaped: "a" and "\u0061" are the same key.
  if (keys?.has(key))
    throw fileError('JSON with every key once', where, `the key ${literal.slice(0, 200)} twice`, damagedAdvice);
  keys?.add(key);
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw fileErrorFrom(cause, 'JSON', where, damagedAdvice);
  }
}
