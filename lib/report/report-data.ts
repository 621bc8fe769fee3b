import type { EpochRecord } from '../train/epoch-record.js';

/** A picture as the data set has it: (C,H,W) of unsigned bytes, in base64. */
export interface ReportImage {
  readonly shape: readonly [channels: number, height: number, width: number];
  readonly pixels: string;
}

/** A test image with what the model made of it; probabilities are from 0 to 1. */
export interface ReportSample {
  readonly image: ReportImage;
  readonly label: number;
  readonly prediction: number;
  readonly predictionProbability: number;
  readonly labelProbability: number;
}

/** How (rows, columns) of patches lie over an image; maps over them are row-major. */
export type PatchGrid = readonly [rows: number, columns: number];

/** Everything a report shows: plain data that survives JSON. */
export interface ReportData {
  readonly title: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly result: {
    readonly testAccuracy: number;
    readonly testCount: number;
    readonly errorCount: number;
    readonly trainSeconds: number;
    readonly imagesPerSecond: number;
    readonly epochs: number;
    readonly parameters: number;
    /** Whether training was stopped before its last epoch. */
    readonly stopped: boolean;
  };
  readonly machine: readonly ReportFact[];
  readonly settings: readonly ReportFact[];
  readonly history: readonly EpochRecord[];
  readonly classNames: readonly string[];
  readonly samples: { readonly errors: readonly ReportSample[]; readonly correct: readonly ReportSample[] };
  /** For each patch, the cosine similarity of its position embedding to that of every patch. */
  readonly positions: { readonly grid: PatchGrid; readonly similarity: readonly (readonly number[])[] } | null;
  /** For each sample and layer, the class token's attention to every patch, averaged over heads. */
  readonly attention: {
    readonly grid: PatchGrid;
    readonly samples: readonly { readonly sample: ReportSample; readonly layers: readonly (readonly number[])[] }[];
  } | null;
}

/** A line of a table of facts. */
export interface ReportFact {
  readonly name: string;
  readonly value: string;
}
