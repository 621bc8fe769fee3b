// What a tester's shell may hold and must not decide a test: settings of this library and of those it loads, Node's own,
// and whatever changes how programs write.
const FOREIGN = [
  /^(OPENBLAS|GOTO|OMP|GOMP|MKL|DNNL|ONEDNN|KMP|BLIS|VIPS|SHARP|VITRINE|UV)_/,
  /^NODE_(?!V8_COVERAGE$)/,
  /^(FORCE_COLOR|NO_COLOR|COLORTERM|CLICOLOR.*|COLUMNS|LINES|LANG|LANGUAGE|LC_.*|TZ|DEBUG|CI)$/,
];
// What is tested is the tester's to say: which build, through which library, on what.
const OURS = ['VITRINE_ADDON', 'VITRINE_GEMM', 'VITRINE_ISA', 'VITRINE_THREADS'];

/** Whether a variable of this name is taken away from all that tests do. */
export function isForeign(name: string): boolean {
  return !OURS.includes(name) && FOREIGN.some((pattern) => pattern.test(name));
}

/**
 * The environment of every process that a test starts: the tester's own, without what could change a result.
 *
 * @param changes set on top; undefined takes a variable away
 */
export function childEnvironment(changes: Readonly<Record<string, string | undefined>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !isForeign(name));
  const environment: NodeJS.ProcessEnv = { ...Object.fromEntries(kept), ...changes };
  for (const [name, value] of Object.entries(changes)) if (value === undefined) delete environment[name];
  return environment;
}
