// What a tester's shell may hold and must not decide a test: settings of this library and of those it loads, Node's own,
// and whatever changes how programs write.
const FOREIGN = [
  /^(OPENBLAS|GOTO|OMP|MKL|DNNL|ONEDNN|KMP|BLIS|VITRINE)_/,
  /^NODE_(OPTIONS|ENV|DEBUG|NO_WARNINGS|DISABLE_COLORS|PENDING_DEPRECATION|REDIRECT_WARNINGS)$/,
  /^(FORCE_COLOR|NO_COLOR|COLORTERM|CLICOLOR.*|COLUMNS|LINES|LANG|LANGUAGE|LC_.*|TZ|DEBUG|CI)$/,
];
// Which build is tested is the tester's to say.
const OURS = ['VITRINE_ADDON'];

/**
 * The environment of every process that a test starts: the tester's own, without what could change a result.
 *
 * @param changes set on top; undefined takes a variable away
 */
export function childEnvironment(changes: Readonly<Record<string, string | undefined>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => OURS.includes(name) || !FOREIGN.some((pattern) => pattern.test(name)),
  );
  const environment: NodeJS.ProcessEnv = { ...Object.fromEntries(kept), ...changes };
  for (const [name, value] of Object.entries(changes)) if (value === undefined) delete environment[name];
  return environment;
}
