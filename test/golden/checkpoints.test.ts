import assert from 'node:assert/strict';
import { noGrad, scope, ViT } from '../../lib/index.js';
import { type GoldenCase, loadGolden } from '../golden.js';
import { goldenPath } from '../io/pretrained/fixtures.js';
import { fromRef, valuesOf } from '../native-op.js';
import { assertClose } from '../reference/assert-close.js';

interface Case {
  file: string;
  layout: string;
  lnEps?: number;
  imgSize?: number;
}

// The bar for logits of whole models.
const relative = 1e-4;

// A lone file of timm's or torchvision's does not tell its heads, which here are 8 wide and not the usual 64.
const numHeads = 3;

function checkpointTests({ params, tensors }: GoldenCase<Case>): void {
  const { file, layout, imgSize, lnEps } = params;
  it(`${file}${imgSize === undefined ? '' : ` at ${imgSize} pixels`} gives its own library's logits`, async () => {
    const heads = layout === 'timm' || layout === 'torchvision' ? { numHeads } : {};
    using model = await ViT.fromPretrained(goldenPath(file), { ...heads, ...(imgSize && { imgSize }) });
    assert.equal(model.pretrainedConfig?.layout, layout);
    if (lnEps !== undefined) assert.equal(model.config.normEps, lnEps);
    if (tensors.pos !== undefined && model.posEmbed !== undefined) {
      assertClose(valuesOf(model.posEmbed), tensors.pos, {}, 'positions');
    }
    scope(() => {
      const logits = noGrad(() => model.forward(fromRef(tensors.x)));
      assertClose(valuesOf(logits), tensors.logits, { relative }, 'logits');
    });
  });
}

describe('golden checkpoints', () => {
  for (const golden of loadGolden<Case>('checkpoints').cases) checkpointTests(golden);
  for (const golden of loadGolden<Case>('checkpoint-variants').cases) checkpointTests(golden);
});
