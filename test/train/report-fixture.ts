import type { ReportData, ReportSample } from '../../lib/report/report-data.js';

/** A 2 x 2 grey image with what a model made of it. */
export function sample(label: number, prediction: number): ReportSample {
  return {
    image: { shape: [1, 2, 2], pixels: Buffer.from([0, 85, 170, 255]).toString('base64') },
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
    result: {
      testAccuracy: 0.75,
      testCount: 4,
      errorCount: 1,
      trainSeconds: 65,
      imagesPerSecond: 1234.4,
      epochs: 2,
      parameters: 201_930,
      stopped: false,
    },
    machine: [{ name: 'processor', value: 'Abacus <2000>' }],
    settings: [{ name: 'seed', value: '0' }],
    history: [
      { ...epoch, epoch: 0, trainLoss: 2.25, trainAccuracy: 0.125 },
      { ...epoch, epoch: 1, trainLoss: 1.5, trainAccuracy: 0.5, testLoss: 1.75, testAccuracy: 0.75 },
    ],
    classNames: ['cat & dog', 'bird'],
    samples: { errors: [sample(0, 1)], correct: [sample(1, 1)] },
    positions: {
      grid: [1, 2],
      similarity: [
        [1, -0.5],
        [-0.5, 1],
      ],
    },
    attention: { grid: [1, 2], samples: [{ sample: sample(1, 1), layers: [[0.5, 0.25]] }] },
    ...changes,
  };
}
