import type { ReportData, ReportSample } from '../../lib/report/report-data.js';
import { thumbnail } from '../../lib/report/thumbnail.js';

/** A 2 x 2 grey image with what a model made of it. */
export function sample(label: number, prediction: number): ReportSample {
  return {
    image: thumbnail(Float32Array.from([-1, -1 / 3, 1 / 3, 1]), [1, 2, 2], undefined, 8),
    label,
    prediction,
    predictionProbability: 0.625,
    labelProbability: label === prediction ? 0.625 : 0.25,
  };
}

/** A small report of two epochs, one error in four images, and 1 x 2 patches. */
export function reportData(changes: Partial<ReportData> = {}): ReportData {
  const epoch = { seconds: 1, imagesPerSecond: 1234.4, learningRate: 0.1 };
  return {
    title: 'ViT on digits',
    createdAt: '2025-03-01T12:34:56.000Z',
    state: { kind: 'done', epochs: 2 },
    result: { trainSeconds: 65, imagesPerSecond: 1234.4, parameters: 201_930 },
    machine: [{ name: 'processor', value: 'Abacus <2000>' }],
    settings: [{ name: 'seed', value: '0' }],
    history: [
      { ...epoch, epoch: 0, trainLoss: 2.25, trainAccuracy: 0.125 },
      { ...epoch, epoch: 1, trainLoss: 1.5, trainAccuracy: 0.5, testLoss: 1.75, testAccuracy: 0.75 },
    ],
    classNames: ['cat & dog', 'bird'],
    trainBatch: [{ image: sample(0, 0).image, text: 'cat & dog 70.0%, bird 30.0%' }],
    test: {
      accuracy: 0.75,
      count: 4,
      errorCount: 1,
      classes: [
        { images: 2, precision: 1, recall: 0.5, f1: 2 / 3 },
        { images: 2, precision: 2 / 3, recall: 1, f1: 0.8 },
      ],
      confusion: [
        [0, 0, 1],
        [0, 1, 1],
        [1, 1, 2],
      ],
      samples: { mistakes: [sample(0, 1)], uncertain: [sample(0, 0)], recognised: [sample(1, 1)] },
    },
    positions: { grid: [1, 2], least: -0.5, uri: sample(0, 0).image.uri },
    attention: { grid: [1, 2], samples: [{ sample: sample(1, 1), layers: [[0.5, 0.25]] }] },
    ...changes,
  };
}
