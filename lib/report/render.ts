import { attentionPicture } from './attention-picture.js';
import { classesSection, confusionOf } from './classes-section.js';
import { pagePieces } from './document.js';
import type { Html } from './html.js';
import { curves, learningCurves } from './learning-curves.js';
import { overview, particulars } from './overview.js';
import { positionPicture } from './position-picture.js';
import { predictions } from './predictions.js';
import type { ReportData } from './report-data.js';
import { trainBatchSection } from './train-batch-section.js';

/** A training report as one HTML page that needs nothing but itself: charts, pictures and style. */
export function renderReport(data: ReportData): string {
  return [...reportPieces(data)].join('');
}

/** The same in pieces, each made when it is asked for, in a few milliseconds. */
export function reportPieces(data: ReportData): Generator<string> {
  return pagePieces({
    title: data.title,
    header: overview(data),
    main: sections(data),
    data: () => ({ charts: curves(data), confusion: confusionOf(data) ?? null }),
  });
}

function* sections(data: ReportData): Generator<Html | null> {
  yield learningCurves(data);
  yield classesSection(data);
  yield* predictions(data);
  yield trainBatchSection(data);
  yield* attentionPicture(data);
  yield positionPicture(data);
  yield particulars(data);
}
