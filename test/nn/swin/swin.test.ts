import assert from 'node:assert/strict';
import { compile, nn, noGrad, ones, optim, scope, Trainer, tensor } from '../../../lib/index.js';
import { loadGolden } from '../../golden.js';
import { checkGradients } from '../../golden-module.js';
import { assertBadInput, assertNear, fromRef, returnsMemory } from '../../native-op.js';
import { drawParameters } from '../drawn-parameters.js';

const one = (index: number): number[] => Array.from({ length: 4 }, (_, i) => Number(i === index));

/** timm's words, as generate_swin.py gave them. */
type Case = { case: number } & Record<string, unknown>;

function build({ case: _, ...options }: Case): nn.Swin {
  const camelCase = (name: string): string => name.replace(/_(.)/g, (_match, letter: string) => letter.toUpperCase());
  return new nn.Swin(Object.fromEntries(Object.entries(options).map(([name, value]) => [camelCase(name), value])));
}

const TINY = {
  ...{ imgSize: 16, patchSize: 2, inChans: 1, embedDim: 4, numClasses: 2, windowSize: 2 },
  ...{ depths: [2, 1], numHeads: [1, 2] },
};

// The parameters are drawn in the order of their names, so that results agree only where the names are timm's.
describe('Swin', () => {
  returnsMemory();

  for (const { params, tensors } of loadGolden<Case>('swin').cases) {
    it(`has timm's results, feature maps and gradients: case ${params.case}, version ${params.version}`, () => {
      using model = build(params);
      drawParameters(model);
      scope(() => {
        const x = fromRef(tensors.x, { requiresGrad: true });
        const y = model.eval().forward(x);
        assertNear(y, tensors.y, 'result');
        const maps = model.featurePyramid(x);
        for (const [i, map] of maps.entries()) assertNear(map, tensors[`map${i}`], `map ${i}`);
        y.backward(fromRef(tensors.gy));
        assertNear(x.grad, tensors.gx, 'gradient of the images', 1e-4);
        checkGradients(model, tensors, 'g.', 1e-4);
      });
    });
  }

  it('gives the stages that are asked for, counted from either end, normed or not', () => {
    using model = new nn.Swin(TINY);
    scope(() => {
      const images = ones([1, 1, 16, 16]);
      const shapes = model.featurePyramid(images, { outIndices: [-1], norm: true }).map(({ shape }) => [...shape]);
      assert.deepEqual(shapes, [[1, 8, 4, 4]]);
      assertBadInput(() => model.featurePyramid(images, { outIndices: [2] }), /featurePyramid outIndices/);
      assertBadInput(() => model.forward(ones([1, 1, 8, 8])), /Swin images/);
    });
  });

  it('knows names of timm', () => {
    assert.ok(nn.Swin.list().includes('swinv2_base_window12to24_192to384'));
    assertBadInput(() => nn.Swin.create('swin_huge'), /a model name such as swin_tiny/);
    assertBadInput(() => new nn.Swin({ ...TINY, numHeads: [1, 3] }), /heads that divide the width 8/);
    assertBadInput(() => new nn.Swin({ ...TINY, imgSize: 15 }), /the patch size 2 x 2 divides/);
  });

  it('has the number of parameters of the paper', () => {
    using model = nn.Swin.create('swin_tiny_patch4_window7_224');
    assert.equal(model.numParameters(), 28_288_354);
  });

  it('merges tokens upper left, lower left, upper right, lower right, and completes an odd grid', () => {
    using merging = new nn.PatchMerging(1, 2, 0);
    scope(() => {
      // One of the four beside 2.5: version 2 norms what comes out, 1 for the larger and -1.
      const x = tensor([1, 2, 3, 4]).reshape([1, 2, 2, 1]); // upper left 1, upper right 2, lower left 3
      for (const [token, value] of [1, 3, 2, 4].entries()) {
        merging.reduction.weight.set([...one(token), 0, 2.5 / 3, 0, 0]); // the second gives 2.5
        const larger = value > 2.5 ? 1 : -1;
        assertNear(merging.forward(x), { shape: [1, 1, 1, 2], data: [larger, -larger] }, `token ${token}`);
      }
      assert.deepEqual([...merging.forward(ones([2, 3, 5, 1])).shape], [2, 2, 3, 2]);
    });
    assertBadInput(() => merging.forward(ones([1, 2, 2])), /PatchMerging/);
    assertBadInput(() => new nn.PatchMerging(4, 3 as 1), /1 or 2 .* PatchMerging version .* 3/);
  });

  it('is recorded and replayed by compile, the same bits', () => {
    using model = new nn.Swin({ ...TINY, imgSize: 12 }).eval();
    using compiled = compile(model);
    scope(() => {
      const wanted = noGrad(() => model.forward(ones([2, 1, 12, 12]))).dataSync();
      for (let i = 0; i < 4; i++) assert.deepEqual(compiled.forward(ones([2, 1, 12, 12])).dataSync(), wanted);
    });
    assert.equal(compiled.size, 1);
  });

  for (const version of [1, 2] as const) {
    it(`is trained by a Trainer, recorded, version ${version}`, async () => {
      using model = new nn.Swin({ ...TINY, version, dropPathRate: 0.2 });
      const images = Float32Array.from(
        { length: 8 * 256 },
        (_, i) => (Math.floor(i / 256) % 2 === 0 ? 1 : -1) * ((i % 7) - 3),
      );
      const labels = Int32Array.from({ length: 8 }, (_, i) => i % 2);
      using optimizer = new optim.AdamW(model.parameters(), { lr: 1e-2 });
      const train = { images, labels, count: 8, shape: [1, 16, 16] as const, numClasses: 2 };
      const { history } = await new Trainer({ model, optimizer, train, batchSize: 4, epochs: 6 }).fit();
      assert.ok((history.at(-1)?.trainLoss ?? 9) < (history[0]?.trainLoss ?? 0), 'the loss falls');
    });
  }
});
