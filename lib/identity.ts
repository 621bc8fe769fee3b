let last = 0;

/**
 * A number for an object whose contents are private: assert.deepEqual and its like, which see none of them, tell such
 * objects apart by it.
 */
export function nextId(): number {
  return ++last;
}
