/** Of a record, what is a number. */
export function numbersOf(record: Readonly<Record<string, unknown>>): Record<string, number> {
  const entries = Object.entries(record);
  return Object.fromEntries(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
}
