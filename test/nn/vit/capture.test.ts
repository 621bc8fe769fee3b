import assert from 'node:assert/strict';
import { Capture, randn, scope, ViT, type ViTOptions } from '../../../lib/index.js';
import { returnsMemory } from '../../native-op.js';
import { drawParameters } from '../drawn-parameters.js';

const CONFIG = { imgSize: 16, patchSize: 8, inChans: 1, numClasses: 3, embedDim: 8, depth: 2, numHeads: 2 } as const;

/** What every option's own ops do, recorded and replayed, must be the bits of doing it again. */
const OPTIONS: ViTOptions[] = [
  { globalPool: 'map' },
  { globalPool: 'avgmax' },
  { distilled: true },
  { representationSize: 4 },
  { posEmbed: 'relative' },
  { posEmbed: 'sincos2d', imgSize: 32, dynamicImgSize: true },
  { posEmbed: 'learned2d', posEmbedPlacement: 'layers', imgSize: 32, dynamicImgSize: true },
  { imgSize: 24, dynamicImgSize: true, noEmbedClass: true },
  { patchSize: 5, imgSize: 16, dynamicImgPad: true },
  { resnetLayers: [1], patchSize: 1 },
];

describe('options of ViT in a captured step', () => {
  returnsMemory();

  for (const options of OPTIONS) {
    it(`give the bits of eager ones: ${JSON.stringify(options)}`, () => {
      using model = new ViT({ ...CONFIG, ...options });
      drawParameters(model);
      const parameters = model.parameters();
      const dropGradients = (): void => {
        for (const parameter of parameters) {
          parameter.grad?.dispose();
          parameter.grad = null;
        }
      };
      const gradients = (): unknown[] => parameters.map(({ grad }) => grad?.dataSync());
      scope(() => {
        const images = randn([2, 1, 16, 16]);
        const step = (): void => scope(() => model.forward(images).mul(model.forward(images)).mean()).backward();
        step();
        const eager = gradients();
        dropGradients();
        const capture = new Capture(() => scope(step));
        assert.deepEqual(gradients(), eager);
        images.set(new Float32Array(images.size).fill(0.5));
        capture.replay();
        const replayed = gradients();
        capture.dispose();
        dropGradients();
        step();
        assert.deepEqual(replayed, gradients());
        dropGradients();
      });
    });
  }
});
