/** One module in a summary. What lies deeper than the rows go counts for the row above it. */
export interface SummaryRow {
  /** As in `namedModules`; '' for the model. */
  name: string;
  /** The class. */
  type: string;
  /** Modules above this one. */
  depth: number;
  /** Of the last call; null for a module whose `forward` was not called. */
  outputShape: readonly number[] | null;
  /** Elements of the parameters, of all below it too. */
  parameters: number;
  /** Multiply-adds of a forward. */
  multiplyAdds: number;
}

/** The numbers of a summary. A multiply-add is two floating-point operations. */
export interface SummaryNumbers {
  /** A row for each module, in the order of their forwards. */
  rows: SummaryRow[];
  /** Elements of all parameters. */
  parameters: number;
  /** Elements of those that require a gradient. */
  trainableParameters: number;
  /** Multiply-adds of a forward. */
  multiplyAdds: number;
  /** Bytes of the input. */
  inputBytes: number;
  /** Of the outputs of modules that hold parameters, and of gradients of the same size. */
  activationBytes: number;
  /** Bytes of all parameters. */
  parameterBytes: number;
}

const HEAD = ['Layer (type)', 'Output Shape', 'Param #', 'Mult-Adds'];
const MEGABYTE = 1e6;

/** A summary as text, in torchinfo's layout. */
export function summaryTable(numbers: SummaryNumbers): string {
  const cells = numbers.rows.map(cellsOf);
  const widths = HEAD.map((head, i) => Math.max(head.length, ...cells.map((row) => row[i].length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  const rule = '='.repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  const frozen = numbers.parameters - numbers.trainableParameters;
  const bytes = [numbers.inputBytes, numbers.activationBytes, numbers.parameterBytes] as const;
  const total = bytes.reduce((sum, size) => sum + size, 0);
  return [
    rule,
    line(HEAD),
    rule,
    ...cells.map(line),
    rule,
    `Total params: ${count(numbers.parameters)}`,
    `Trainable params: ${count(numbers.trainableParameters)}`,
    `Non-trainable params: ${count(frozen)}`,
    `Total mult-adds (G): ${(numbers.multiplyAdds / 1e9).toFixed(2)}`,
    rule,
    `Input size (MB): ${megabytes(bytes[0])}`,
    `Forward/backward pass size (MB): ${megabytes(bytes[1])}`,
    `Params size (MB): ${megabytes(bytes[2])}`,
    `Estimated Total Size (MB): ${megabytes(total)}`,
    rule,
  ].join('\n');
}

function cellsOf({ name, type, depth, outputShape, parameters, multiplyAdds }: SummaryRow): string[] {
  const own = name.slice(name.lastIndexOf('.') + 1);
  const label = depth === 0 ? type : `${'│    '.repeat(depth - 1)}├─${own} (${type})`;
  const shape = outputShape === null ? '--' : `[${outputShape.join(', ')}]`;
  return [label, shape, parameters === 0 ? '--' : count(parameters), multiplyAdds === 0 ? '--' : count(multiplyAdds)];
}

const count = (value: number): string => value.toLocaleString('en-US');
const megabytes = (bytes: number): string => (bytes / MEGABYTE).toFixed(2);
