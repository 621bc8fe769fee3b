/** The texts of the warnings given while `fn` runs, which are not printed. */
export async function warningsOf(fn: () => unknown): Promise<string[]> {
  const texts: string[] = [];
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error): void => {
    texts.push(String(warning));
  };
  try {
    await fn();
  } finally {
    process.emitWarning = emitWarning;
  }
  return texts;
}
