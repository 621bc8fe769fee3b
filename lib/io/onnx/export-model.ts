import { basename } from 'node:path';
import { checkBoolean, expected, Text } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { mergedState } from '../../nn/lora.js';
import type { Module } from '../../nn/module.js';
import { runsOwnCode } from '../../nn/own-code.js';
import { swinNodes } from '../../nn/swin/onnx.js';
import { Swin } from '../../nn/swin/swin.js';
import { viTNodes } from '../../nn/vit/onnx.js';
import { ViT } from '../../nn/vit/vit.js';
import { OnnxGraph } from '../../onnx/graph.js';
import { VERSION } from '../../package-root.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { writeFileAtomically } from '../formats/atomic-file.js';
import { describeModel } from '../pretrained/model-metadata.js';
import { floatSnapshot } from '../snapshot.js';
import { type Initializer, type LateBytes, lengthOf, type ModelFacts, modelMessage, type Piece } from './messages.js';

/** Options of `ViT.export`. */
export interface ExportOptions {
  /**
   * Whether the weights go into a file of their own beside, `<path>.data`. Default: only where they are more than the 2 GB
   * that a file of Protocol Buffers may have.
   */
  readonly externalData?: boolean;
}

const NAMES: OptionNames<ExportOptions> = { externalData: true };

/** What one file may hold, less a MiB for all that is no weight and the constants. */
const MOST_BYTES = 2 ** 31 - 2 ** 20;
/** Where a weight begins in the file beside: runtimes map whole pages, 64 KiB on Windows. */
const ALIGNMENT = 2 ** 16;

/** A model that there is a graph of. */
export type ExportedModel = ViT | Swin;

/** The families, each with what writes its nodes, which stands beside its module. */
const FAMILIES: readonly { is(model: Module): boolean; nodes(g: OnnxGraph, model: Module): void }[] = [
  { is: (model) => model instanceof Swin, nodes: (g, model) => swinNodes(g, model as Swin) },
  { is: (model) => model instanceof ViT, nodes: (g, model) => viTNodes(g, model as ViT) },
];

/** See `ViT.export`. */
export async function exportModel(model: ExportedModel, path: string, options: ExportOptions = {}): Promise<void> {
  checkOptions(options, NAMES, 'export');
  if (typeof path !== 'string' || path === '') throw expected('a path', 'export', path);
  if (options.externalData !== undefined) checkBoolean(options.externalData, 'export externalData');
  const { graph, weights, facts } = contentsOf(model);
  const bytes = weights.reduce((sum, { data }) => sum + data.byteLength, 0);
  if (!(options.externalData ?? bytes > MOST_BYTES)) {
    const message = modelMessage(graph, weights, facts);
    if (lengthOf(message) >= 2 ** 31) {
      const advice = 'Leave externalData out, or set it to true.';
      throw expected('a model of less than 2 GB', 'export externalData: false', new Text(`${bytes} bytes`), advice);
    }
    return writeFileAtomically(path, chunks(message));
  }
  const location = `${basename(path)}.data`;
  const placed = placeBeside(weights, location);
  await writeFileAtomically(`${path}.data`, chunks(placed.pieces));
  return writeFileAtomically(path, chunks(modelMessage(graph, placed.initializers, facts)));
}

/** @internal A whole file with its weights inside, in pieces; what `exportModel` writes of a model of less than 2 GB. */
export function onnxPieces(model: ExportedModel): Piece[] {
  const { graph, weights, facts } = contentsOf(model);
  return modelMessage(graph, weights, facts);
}

function contentsOf(model: ExportedModel): { graph: OnnxGraph; weights: Weight[]; facts: ModelFacts } {
  const graph = graphOf(model);
  const facts = { producer: 'vitrine', version: VERSION, metadata: metadataOf(model) };
  return { graph, weights: weightsOf(model, graph), facts };
}

/** The model as nodes; refuses one that does other than its class. */
function graphOf(model: ExportedModel): OnnxGraph {
  const family = FAMILIES.find(({ is }) => is(model));
  if (family === undefined) throw expected('a model whose graph is known, such as a ViT', 'export', model);
  if (!runsOwnCode(model)) {
    const advice = 'Its nodes could say something else than it does: remove hooks, or export a model of the library.';
    throw expected("a model of the library's own code", 'export', new Text('one with code of its own'), advice);
  }
  const graph = new OnnxGraph(model.stateDict());
  family.nodes(graph, model);
  return graph;
}

/** What ONNX's readers find beside the graph: `vitrine` tells it all, the others what one looks for first. */
function metadataOf(model: ExportedModel): Record<string, string> {
  const description = describeModel(model, 'vitrine');
  const { preprocessing, labels } = description;
  return {
    ...(labels !== undefined && { classes: JSON.stringify(labels) }),
    ...(preprocessing !== undefined && { preprocessing: JSON.stringify(preprocessing) }),
    vitrine: JSON.stringify(description),
  };
}

interface Weight extends Initializer {
  readonly data: LateBytes;
}

/** The values of all that the graph reads as they are now, adapters merged into their weights. */
function weightsOf(model: ExportedModel, { parameters }: OnnxGraph): Weight[] {
  return scope(() => {
    const state = mergedState(model);
    return [...parameters].map((name) => {
      const tensor = state.get(name) as Tensor; // a name of the state's
      return { name, shape: [...tensor.shape], data: { byteLength: 4 * tensor.size, read: floatSnapshot(tensor) } };
    });
  });
}

/** The weights one behind another, as they lie in the file beside. */
function placeBeside(weights: readonly Weight[], location: string): { pieces: Piece[]; initializers: Initializer[] } {
  const pieces: Piece[] = [];
  let offset = 0;
  const initializers = weights.map(({ name, shape, data }) => {
    const gap = (ALIGNMENT - (offset % ALIGNMENT)) % ALIGNMENT;
    if (gap > 0) pieces.push(new Uint8Array(gap));
    offset += gap;
    pieces.push(data);
    const placed = { name, shape, data: { location, offset, length: data.byteLength } };
    offset += data.byteLength;
    return placed;
  });
  return { pieces, initializers };
}

/** @internal What they hold, one after another. */
export async function* chunks(pieces: readonly Piece[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield piece instanceof Uint8Array ? piece : await piece.read();
}
