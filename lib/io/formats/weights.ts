import type { TensorInfo, TensorRecord } from './tensor-record.js';

/** Named tensors on disk, in one file or in several, opened and proven sound. Close them after use. */
export interface Weights {
  /** Of the file, or of the index of several. */
  readonly path: string;
  /** Strings that describe them, where the format has any. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** In the order in which reading is sequential. */
  names(): string[];
  /** Throws if there is no tensor of that name. */
  info(name: string): TensorInfo;
  /** A tensor in fresh memory. */
  read(name: string): Promise<TensorRecord>;
  /**
   * A tensor's bytes from first to last, through `buffer` where that spares memory; every chunk is whole elements, and
   * valid until the next is asked for.
   */
  chunks(name: string, buffer: Uint8Array): AsyncGenerator<Uint8Array>;
  /** Closes the files. May be called twice. */
  close(): Promise<void>;
}
