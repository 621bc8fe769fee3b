import { leavesSince } from '../autograd.js';
import { expected, shapeText, Text } from '../check.js';
import { collect } from '../scope.js';
import { Tensor } from '../tensor.js';
import { warnOnce } from '../warning.js';
import type { Module } from './module.js';
import { isTrainable } from './registered.js';

/** What the check asks of a module; the class itself stands above. */
export interface Checked {
  isModule(value: unknown): value is Module;
  /** Whether a tensor is a parameter, buffer or constant of the module itself. */
  owns(module: Module, tensor: Tensor): boolean;
}

const ADVICE =
  'What is not a public field, or in an nn.ModuleList, nn.ModuleDict or nn.ParameterList that is one, is neither trained nor saved.';

/**
 * @internal Throws where a public field of a module holds modules or parameters in a way that is not seen: in a plain
 * array, map or object. Says where one holds a tensor of which it is not known what it is meant to be.
 */
export function checkFields(root: Module, { isModule, owns }: Checked): void {
  const modules = root.namedModules();
  const seen = new Set<unknown>([...modules.values(), ...root.parameters()]);
  for (const module of modules.values()) {
    for (const [key, value] of Object.entries(module)) {
      const where = `the field ${key} of ${module.constructor.name}`;
      if (value instanceof Tensor) {
        if (value.node === undefined && !owns(module, value) && !seen.has(value)) {
          warnOnce(
            `Expected a parameter or a buffer for ${where} but it is a plain tensor of shape ${shapeText(value.shape)}, which is neither trained nor saved. Make it nn.parameter(...) or nn.buffer(...); nn.buffer(..., { persistent: false }) for what is not to be saved.`,
          );
        }
        continue;
      }
      if (isModule(value)) continue;
      const hidden = new Set<unknown>();
      collect(value instanceof Set ? [...value] : value, (item) => isModule(item) || isTrainable(item), hidden);
      for (const item of hidden) {
        if (seen.has(item)) continue;
        const what = isModule(item) ? 'an nn.ModuleList or nn.ModuleDict' : 'an nn.ParameterList';
        throw expected(what, where, value, ADVICE);
      }
    }
  }
}

/** @internal Throws where `forward` called a module that the model does not show, and that holds parameters. */
export function checkCalled(
  root: Module,
  called: ReadonlySet<Module>,
  args: readonly unknown[],
  checked: Checked,
): void {
  const shown = shownBy(root, args, checked);
  for (const module of called) {
    if (shown.has(module) || module.parameters().every((parameter) => shown.has(parameter))) continue;
    const what = `every module that ${root.constructor.name}.forward calls to be one of its fields`;
    throw expected(what, 'forward', new Text(`a ${module.constructor.name} that is not`), ADVICE);
  }
}

/** @internal Throws where `forward` used a tensor that training would change, and that is no parameter of the model. */
export function checkTrained(
  root: Module,
  args: readonly unknown[],
  output: unknown,
  since: number,
  checked: Checked,
): void {
  const outputs = new Set<Tensor>();
  collect(output, (value) => value instanceof Tensor, outputs);
  const shown = shownBy(root, args, checked);
  for (const [tensor, op] of leavesSince([...outputs], since)) {
    if (shown.has(tensor)) continue;
    const what = `every tensor with requiresGrad that ${root.constructor.name}.forward uses to be a parameter of it`;
    throw expected(what, 'forward', new Text(`one of shape ${shapeText(tensor.shape)}, in ${op}, that is not`), ADVICE);
  }
}

/** What is no secret of a call: the model's parts, what it was given, and the parts of that. */
function shownBy(root: Module, args: readonly unknown[], { isModule }: Checked): Set<unknown> {
  const given = new Set<unknown>();
  collect([...args], (value) => isModule(value) || value instanceof Tensor, given);
  const shown = new Set<unknown>(given);
  for (const model of [root, ...[...given].filter(isModule)]) {
    for (const part of [...model.namedModules().values(), ...model.parameters()]) shown.add(part);
  }
  return shown;
}
