import { graphOrder, isRecording } from '../autograd.js';
import { type Checked, checkCalled, checkFields, checkTrained } from './forward-check.js';
import { Hooks } from './hooks.js';
import type { Module } from './module.js';

type Method = (...args: unknown[]) => unknown;

/** The functions that lead to a `forward` through its module's `Calls`. */
const routed = new WeakSet<object>();

/** While a model is looked into: the modules that its `forward` calls. */
let called: Set<Module> | undefined;

/** @internal Leads an object's own `forward`, if it has one, through the `Calls` of whatever module it is called on. */
export function route(holder: object, callsOf: (module: Module) => Calls): void {
  const own = Object.getOwnPropertyDescriptor(holder, 'forward');
  const forward: unknown = own?.value;
  if (typeof forward !== 'function' || routed.has(forward) || own?.configurable !== true) return;
  const through = function (this: Module, ...args: unknown[]): unknown {
    return callsOf(this).run(this, forward as Method, args);
  };
  for (const name of ['name', 'length'] as const) Object.defineProperty(through, name, { value: forward[name] });
  routed.add(through);
  Object.defineProperty(holder, 'forward', { ...own, value: through });
}

/** @internal Calls of one module's `forward`: with hooks around each, and a look at what cannot be seen at the first. */
export class Calls {
  readonly hooks = new Hooks();
  readonly #checked: Checked;
  /** How far the module has been looked into. */
  #looked: 'not' | 'fields' | 'all' = 'not';
  /** The `forward` that is running, of the module's class or of one above it. */
  #running: Method | undefined;

  constructor(checked: Checked) {
    this.#checked = checked;
  }

  /** Runs a `forward`; one that calls `super.forward(...)` is one call. */
  run(module: Module, forward: Method, args: unknown[]): unknown {
    const before = this.#running;
    if (before !== undefined && before !== forward) return Reflect.apply(forward, module, args);
    this.#running = forward;
    try {
      if (called !== undefined && isRecording()) called.add(module);
      if (this.#looked !== 'all' && called === undefined) return this.#runLooking(module, forward, args);
      return this.#runHooked(module, forward, args);
    } finally {
      this.#running = before;
    }
  }

  /** To be called where what was not trained is to be. */
  lookAgain(): void {
    this.#looked = 'not';
  }

  #runHooked(module: Module, forward: Method, args: unknown[]): unknown {
    if (!this.hooks.some) return Reflect.apply(forward, module, args);
    const given = this.hooks.givenTo(module, args);
    return this.hooks.result(module, given, Reflect.apply(forward, module, given));
  }

  /** A call from outside, until one that is recorded for backward has been looked at. */
  #runLooking(module: Module, forward: Method, args: unknown[]): unknown {
    if (this.#looked === 'not') checkFields(module, this.#checked);
    this.#looked = 'fields';
    if (!isRecording()) return this.#runHooked(module, forward, args);
    const since = graphOrder();
    const calls = new Set<Module>();
    called = calls;
    let output: unknown;
    try {
      output = this.#runHooked(module, forward, args);
    } finally {
      called = undefined;
    }
    checkCalled(module, calls, args, this.#checked);
    checkTrained(module, args, output, since, this.#checked);
    this.#looked = 'all';
    return output;
  }
}
