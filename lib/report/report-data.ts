import type { EpochRecord } from '../train/epoch-record.js';

/** A picture for the page, perhaps smaller than the image that it is of. */
export interface ReportImage {
  readonly width: number;
  readonly height: number;
  /** A PNG file as a data URI. */
  readonly uri: string;
}

/** A test image with what the model made of it; probabilities are from 0 to 1. */
export interface ReportSample {
  readonly image: ReportImage;
  readonly label: number;
  /** -1 where the model says NaN. */
  readonly prediction: number;
  readonly predictionProbability: number;
  readonly labelProbability: number;
}

/** How (rows, columns) of patches lie over an image; maps over them are row-major. */
export type PatchGrid = readonly [rows: number, columns: number];

/** How the test images of a class fared. */
export interface ReportClass {
  readonly images: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** Where a training stands that a page is of. */
export interface ReportState {
  readonly kind: 'live' | 'done' | 'stopped' | 'failed';
  /** That it is to have. */
  readonly epochs: number;
  /** Of a live one: after how many seconds the page may have changed, at the soonest. */
  readonly reloadSeconds?: number;
  /** Why it failed. */
  readonly message?: string;
}

/** Everything a report shows: plain data that survives JSON. */
export interface ReportData {
  readonly title: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly state: ReportState;
  readonly result: {
    readonly trainSeconds: number;
    readonly imagesPerSecond: number;
    readonly parameters: number;
  };
  readonly machine: readonly ReportFact[];
  readonly settings: readonly ReportFact[];
  readonly history: readonly EpochRecord[];
  readonly classNames: readonly string[];
  /** A batch as it goes into the model. */
  readonly trainBatch: readonly { readonly image: ReportImage; readonly text: string }[];
  /** What the model made of the test images; null where there are none, or it is not known which are which. */
  readonly test: {
    readonly accuracy: number;
    readonly count: number;
    readonly errorCount: number;
    /** Of each class, in their order. */
    readonly classes: readonly ReportClass[];
    /** How often a class (first) was taken for one (second), where it was at all. */
    readonly confusion: readonly (readonly [label: number, prediction: number, count: number])[];
    readonly samples: {
      /** The surest wrong answers first. */
      readonly mistakes: readonly ReportSample[];
      /** The most undecided answers first, wrong or right. */
      readonly uncertain: readonly ReportSample[];
      /** Right answers, of the classes in turn. */
      readonly recognised: readonly ReportSample[];
    };
  } | null;
  /** For each patch a map, in its place: the cosine similarity of its position embedding to that of every patch. */
  readonly positions: {
    readonly grid: PatchGrid;
    /** The least similarity of all. */
    readonly least: number;
    /** A PNG file as a data URI. */
    readonly uri: string;
  } | null;
  /** For each sample and layer, the class token's attention to every patch, averaged over heads. */
  readonly attention: {
    readonly grid: PatchGrid;
    readonly samples: readonly { readonly sample: ReportSample; readonly layers: readonly (readonly number[])[] }[];
  } | null;
}

/** A line of a table of facts. */
export interface ReportFact {
  /** What it is. */
  readonly name: string;
  /** How much, or which. */
  readonly value: string;
}
