/** A line, or dots, of a chart; null where it has no value. */
export interface ChartSeries {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** A colour of the style: the name of a custom property without its dashes. */
  readonly stroke: string;
  readonly dash?: boolean;
  /** Numbers at the dots, for a series that is not a line. */
  readonly marks?: readonly (string | null)[];
}

/** A chart as plain data, which `web/` draws; this file is read by both sides, and imports nothing. */
export interface Chart {
  readonly id: string;
  readonly title: string;
  readonly xLabel: string;
  /** Ascending. */
  readonly x: readonly number[];
  /** Default linear. */
  readonly xScale?: 'log';
  /** Whether the axis names each value of `x`, and no others. */
  readonly namesX?: boolean;
  /** Default linear; `'percent'` keeps to 0..100. */
  readonly yScale?: 'log' | 'percent';
  readonly series: readonly ChartSeries[];
  /** Charts of one group share their pointer. */
  readonly group?: string;
  /** In pixels. Default 240. */
  readonly height?: number;
}
