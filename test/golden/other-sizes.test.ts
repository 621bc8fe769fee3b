import { Model, noGrad, scope } from '../../lib/index.js';
import { loadGolden } from '../golden.js';
import { goldenPath } from '../io/pretrained/fixtures.js';
import { warningsOf } from '../io/warnings-of.js';
import { assertNear, fromRef, returnsMemory } from '../native-op.js';

interface Case {
  name: string;
  options: { imgSize: [number, number]; windowSize?: number };
}

describe('golden families for images of another size', () => {
  returnsMemory();

  for (const { params, tensors } of loadGolden<Case>('other-sizes').cases) {
    const { name, options } = params;
    it(`${name} of ${options.imgSize.join(' x ')} gives its own library's logits`, async () => {
      await warningsOf(async () => {
        using model = await Model.fromPretrained(goldenPath(`families/${name}`), options);
        scope(() =>
          assertNear(
            noGrad(() => model.forward(fromRef(tensors.x))),
            tensors.y,
            'logits',
          ),
        );
      });
    });
  }
});
