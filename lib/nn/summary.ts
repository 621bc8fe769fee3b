import { checkInteger, expected, sizeOf } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { checkTensor } from '../ops/check-tensor.js';
import { scope } from '../scope.js';
import { Tensor } from '../tensor.js';
import { checkSynchronous } from '../thenable.js';
import { evaluating } from './evaluating.js';
import type { Module } from './module.js';
import { ownMultiplyAdds } from './multiply-adds.js';
import { type SummaryNumbers, type SummaryRow, summaryTable } from './summary-table.js';

export type { SummaryNumbers, SummaryRow } from './summary-table.js';

/** What `summary` gives; as a string, a table. */
export interface ModelSummary extends SummaryNumbers {
  toString(): string;
}

/** Options of `summary`. */
export interface SummaryOptions {
  /** Of the rows below the module itself. Default 3. */
  depth?: number;
}

const OPTIONS: OptionNames<SummaryOptions> = { depth: true };

interface Seen {
  outputShape: readonly number[] | null;
  multiplyAdds: number;
}

const BYTES = 4;

/**
 * Runs a module once, without gradients, and tells each module's output shape, parameters and multiply-adds.
 *
 * @param options `depth` of the rows below the module itself. Default 3.
 * @see torchinfo's `summary`
 * @example
 * console.log(String(nn.summary(model, zeros([1, 3, 224, 224]))));
 */
export function summary(module: Module & Forward, input: Tensor, options: SummaryOptions = {}): ModelSummary {
  checkOptions(options, OPTIONS, 'summary');
  if (typeof module?.forward !== 'function') throw expected('a module with a forward', 'summary', module);
  checkTensor(input, 'summary input', { dtype: input?.dtype });
  const depth = checkInteger(options.depth ?? 3, 'summary depth');
  const modules = module.namedModules();
  const seen = watch(modules, module, input);
  const rows = collectRows(modules, seen, depth);
  const total = (of: (row: SummaryRow) => number): number => rows.reduce((sum, row) => sum + of(row), 0);
  const parameters = module.parameters();
  const trainable = parameters.filter((parameter) => parameter.requiresGrad);
  const found = {
    rows,
    parameters: total((row) => row.parameters),
    trainableParameters: trainable.reduce((sum, parameter) => sum + parameter.size, 0),
    multiplyAdds: total((row) => row.multiplyAdds),
    inputBytes: input.size * BYTES,
    activationBytes: activationBytes(modules, seen),
    parameterBytes: module.numParameters() * BYTES,
  };
  return { ...found, toString: () => summaryTable(found) };
}

interface Forward {
  forward(x: Tensor): unknown;
}

/** Calls the module, with hooks that note what every module below it gives. */
function watch(
  modules: ReadonlyMap<string, Module>,
  module: Module & Forward,
  input: Tensor,
): ReadonlyMap<Module, Seen> {
  const seen = new Map<Module, Seen>();
  const hooks = [...modules.values()].map((part) => {
    const sums: Seen = { outputShape: null, multiplyAdds: 0 };
    seen.set(part, sums);
    return part.registerForwardHook((_, args, output) => {
      if (!(output instanceof Tensor)) return;
      sums.outputShape = output.shape;
      sums.multiplyAdds += ownMultiplyAdds(part, args, output);
    });
  });
  try {
    evaluating(module, () =>
      scope(() => {
        checkSynchronous(module.forward(input), 'summary');
      }),
    );
  } finally {
    for (const hook of hooks) hook.remove();
  }
  return seen;
}

/** The name of the row that a part counts for. */
function rowOf(name: string, depth: number): string {
  return name.split('.').slice(0, depth).join('.');
}

function collectRows(
  modules: ReadonlyMap<string, Module>,
  seen: ReadonlyMap<Module, Seen>,
  depth: number,
): SummaryRow[] {
  const rows = new Map<string, SummaryRow>();
  for (const [name, module] of modules) {
    const { outputShape, multiplyAdds } = seen.get(module) as Seen; // all were watched
    const level = name === '' ? 0 : name.split('.').length;
    const above = rows.get(rowOf(name, depth));
    if (above !== undefined && level > depth) above.multiplyAdds += multiplyAdds;
    else
      rows.set(name, { name, type: module.constructor.name, depth: level, outputShape, parameters: 0, multiplyAdds });
  }
  const model = modules.get('') as Module; // the first of them
  for (const [name, parameter] of model.namedParameters()) {
    const row = rows.get(rowOf(ownerOf(name, modules), depth)) as SummaryRow; // every module down to `depth` has one
    row.parameters += parameter.size;
  }
  return [...rows.values()];
}

/** The module that a parameter belongs to: the one above its last name, or that whose name it goes by. */
function ownerOf(name: string, modules: ReadonlyMap<string, Module>): string {
  return modules.has(name) ? name : name.slice(0, Math.max(0, name.lastIndexOf('.')));
}

/** Outputs of modules that hold parameters themselves, twice. */
function activationBytes(modules: ReadonlyMap<string, Module>, seen: ReadonlyMap<Module, Seen>): number {
  const model = modules.get('') as Module; // the first of them
  const owners = new Set([...model.namedParameters().keys()].map((name) => modules.get(ownerOf(name, modules))));
  let elements = 0;
  for (const [module, { outputShape }] of seen) if (owners.has(module)) elements += sizeOf(outputShape ?? [0]);
  return 2 * elements * BYTES;
}
