import { expected, Text } from '../../check.js';
import { checkRaw, type RawImage } from '../sets/sample.js';

/** What a transform knows of an image besides its pixels. */
export interface TransformContext {
  /** The image's place in the data set. */
  readonly index: number;
  /** The epoch it is made for. */
  readonly epoch: number;
  /** A number to draw by: it follows from the loader's seed, the epoch and the index alone. */
  readonly seed: number;
}

/** Makes another image of one, of any size: before it is augmented, or resized as the model wants it. */
export type Transform = (image: RawImage, context: TransformContext) => RawImage | Promise<RawImage>;

/** Runs a transform on one image after another. */
export interface TransformRunner {
  /** The image that it makes; rejects with a sentence that names the image. */
  run(image: RawImage, context: TransformContext, where: string): Promise<RawImage>;
  /** Ends its threads. */
  end(): Promise<void>;
}

/** @internal Throws unless a transform gave pixels. */
export function checkTransformed(made: unknown, where: string): RawImage {
  const name = `the transform of ${where}`;
  if (typeof made !== 'object' || made === null) throw expected('{ pixels, height, width, channels }', name, made);
  checkRaw(made as RawImage, name);
  return made as RawImage; // as checked
}

/** @internal The error of a transform that failed; tells which image it was. */
export function transformError(cause: unknown, where: string): Error {
  const found = new Text(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause));
  const error = expected('an image', `the transform of ${where}`, found);
  error.cause = cause;
  return error;
}
