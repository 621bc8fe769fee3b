import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { data, type io } from '../../lib/index.js';
import { JsonFields } from '../../lib/io/formats/json-fields.js';
import { huggingFacePreprocessing } from '../../lib/io/pretrained/layouts/hugging-face-preprocessing.js';
import { timmPreprocessing } from '../../lib/io/pretrained/layouts/timm-preprocessing.js';
import { byteOf } from '../../lib/io/pretrained/preprocessing.js';
import { loadGolden } from '../golden.js';
import { returnsMemory } from '../native-op.js';

/** A file, and how a library is to prepare it. */
interface PixelCase {
  name: string;
  file: string;
  library: 'timm' | 'torchvision' | 'hf';
  /** (height, width) of the model's input. */
  size: [number, number];
  /** timm's pretrained_cfg, Transformers' preprocessor_config.json, or a Preprocessing. */
  config: Record<string, unknown>;
  channels: number;
  /** Grey levels that a pixel may be off. */
  tolerance: number;
}

function preprocessingOf({ library, config, size, channels, name }: PixelCase): io.Preprocessing {
  if (library === 'torchvision') return config as unknown as io.Preprocessing; // the generator wrote it so
  const fields = new JsonFields(config, name);
  const model = { imgSize: size, inChans: channels };
  return library === 'timm' ? timmPreprocessing(fields, model) : huggingFacePreprocessing(fields, model);
}

// From dist/test/golden, where this file is when it runs.
const pathOf = (file: string): string => fileURLToPath(new URL(`../../../test/golden/pixels/${file}`, import.meta.url));

describe('golden pixels of timm, torchvision and Transformers', () => {
  returnsMemory();

  for (const { params, tensors } of loadGolden<PixelCase>('pixels').cases) {
    it(params.name, async () => {
      const preprocessing = preprocessingOf(params);
      using images = await data.loadImages([pathOf(params.file)], preprocessing);
      const got = await images.data();
      const want = tensors.bytes ?? tensors.values ?? assert.fail('no tensor');
      assert.deepEqual(images.shape, [1, ...want.shape]);
      const plane = params.size[0] * params.size[1];
      // The scale of a grey level among the values.
      const { rescale = 1 / 255, std } = preprocessing;
      const worst = want.data.reduce((most, value, i) => {
        const c = Math.floor(i / plane);
        const off =
          tensors.bytes === undefined
            ? Math.abs((got[i] ?? NaN) - value) / Math.abs(rescale / (std[c] ?? NaN))
            : Math.abs(byteOf(got[i] ?? NaN, preprocessing, c) - value);
        return off <= most ? most : off; // NaN is the most
      }, 0);
      assert.ok(worst <= params.tolerance + 1e-3, `${worst} grey levels off`);
    });
  }
});
