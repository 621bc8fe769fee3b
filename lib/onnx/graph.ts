import { expected, sizeOf } from '../check.js';
import type { Tensor } from '../tensor.js';

/** What a node is told besides its inputs: whole numbers are integers, others (and those in a `Float`) floats. */
export type Attribute = number | readonly number[] | Float;

/** A float that may be whole. */
export class Float {
  constructor(readonly value: number) {}
}

/** An operation: names of what goes in, '' for what is left out, and of what comes out. */
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Values that are in the file: numbers of JavaScript's, or a tensor of the model's state by its name there. */
export interface Constant {
  readonly shape: readonly number[];
  readonly values: Float32Array | readonly number[];
}

/** Sizes; a name stands for one that may differ from run to run. */
export type SymbolicShape = readonly (number | string)[];

/** What goes into a graph, or comes out of it. */
export interface GraphValue {
  readonly name: string;
  readonly shape: SymbolicShape;
}

/** The axis that may have any size. */
export const BATCH = 'batch';

/**
 * A model as nodes of ONNX's operators, in the order in which they are added. Values go by their names. The functions
 * that add a module's nodes stand beside the module (`onnx.ts`), those of an op in `operators.ts`.
 * @see https://onnx.ai/onnx/operators, opset 17
 */
export class OnnxGraph {
  readonly nodes: OnnxNode[] = [];
  readonly inputs: GraphValue[] = [];
  readonly outputs: GraphValue[] = [];
  /** By their names; whole numbers are 64-bit integers, a Float32Array is floats. */
  readonly constants = new Map<string, Constant>();
  /** The names of the state dict's tensors that some node reads. */
  readonly parameters = new Set<string>();
  readonly #names = new Map<Tensor, string>();
  readonly #known = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  /** @param state the model's state dict: initialisers have its names */
  constructor(state: ReadonlyMap<string, Tensor>) {
    for (const [name, tensor] of state) if (!this.#names.has(tensor)) this.#names.set(tensor, name);
  }

  /** The images or the like that the graph begins with. */
  input(name: string, shape: SymbolicShape): string {
    this.inputs.push({ name, shape });
    return name;
  }

  /** Gives a value the name by which it leaves the graph. */
  output(value: string, name: string, shape: SymbolicShape): void {
    this.nodes.push({ op: 'Identity', inputs: [value], outputs: [name], attributes: {} });
    this.outputs.push({ name, shape });
  }

  /** A tensor of the model's state. */
  parameter(tensor: Tensor): string {
    const name = this.#names.get(tensor);
    if (name === undefined) throw expected("a tensor of the model's state", 'an ONNX graph', tensor);
    this.parameters.add(name);
    return name;
  }

  /** Numbers that are no weights, as floats. Those that are the same are one. */
  floats(values: Float32Array, shape: readonly number[]): string {
    return this.#constant({ values, shape }, `${shape.join('x')}:${values.length > 16 ? this.constants.size : values}`);
  }

  /** One number. */
  scalar(value: number): string {
    return this.floats(Float32Array.of(value), []);
  }

  /** Whole numbers: a shape, axes, places. */
  integers(values: readonly number[]): string {
    return this.#constant({ values, shape: [values.length] }, `integers:${values}`);
  }

  /** Adds a node with one result. @returns its name */
  node(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    const [output] = this.several(op, inputs, 1, attributes);
    return output as string; // one was asked for
  }

  /** Adds a node with several results. @returns their names */
  several(
    op: string,
    inputs: readonly string[],
    outputs: number,
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string[] {
    const names = Array.from({ length: outputs }, () => this.#fresh(op));
    this.nodes.push({ op, inputs, outputs: names, attributes });
    return names;
  }

  #constant(constant: Constant, key: string): string {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (constant.values.length !== sizeOf(constant.shape)) {
      throw expected(`${sizeOf(constant.shape)} numbers`, 'an ONNX constant', constant.values);
    }
    const name = this.#fresh('Constant');
    this.constants.set(name, constant);
    this.#known.set(key, name);
    return name;
  }

  /** Names of our own have a slash, which none of a state dict's has. */
  #fresh(op: string): string {
    const count = this.#counts.get(op) ?? 0;
    this.#counts.set(op, count + 1);
    return `/${op}_${count}`;
  }
}
