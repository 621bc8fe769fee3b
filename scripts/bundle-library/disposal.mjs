// What esbuild makes of `using`: `var _stack = []; try { ... } catch (_) { var _error = _, _hasError = true; } finally {
// __callDispose(_stack, _error, _hasError); }`. In a loop the variables are the same each time round: after one error every later
// round throws it again, though nothing failed (esbuild 0.28.2).

import { StepError } from '../setup/step.mjs';

const STACK = /\bvar (_stack\d*) = \[\];/g;

/** The same, with no error at the beginning of each round. */
export function resetErrors(text) {
  return text.replaceAll(STACK, (_, stack, at) => {
    const [, failed] = new RegExp(`\\b__callDispose\\(${stack}, \\w+, (_hasError\\d*)\\)`).exec(text.slice(at)) ?? [];
    if (failed === undefined) throw new StepError(`Expected a call of __callDispose for ${stack}. See disposal.mjs.`);
    return `var ${stack} = [], ${failed} = false;`;
  });
}
