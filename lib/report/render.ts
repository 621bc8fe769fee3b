import { attentionPicture } from './attention-picture.js';
import { classesSection, confusionOf } from './classes-section.js';
import { pageDocument } from './document.js';
import { curves, learningCurves } from './learning-curves.js';
import { overview, particulars } from './overview.js';
import { positionPicture } from './position-picture.js';
import { predictions } from './predictions.js';
import type { ReportData } from './report-data.js';
import { trainBatchSection } from './train-batch-section.js';

/** A training report as one HTML page that needs nothing but itself: charts, pictures and style. */
export function renderReport(data: ReportData): string {
  return pageDocument({
    title: data.title,
    header: overview(data),
    main: [
      learningCurves(data),
      classesSection(data),
      predictions(data),
      trainBatchSection(data),
      attentionPicture(data),
      positionPicture(data),
      particulars(data),
    ],
    data: { charts: curves(data), confusion: confusionOf(data) ?? null },
  });
}
