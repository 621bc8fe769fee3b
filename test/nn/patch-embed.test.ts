import assert from 'node:assert/strict';
import { nn, scope, zeros } from '../../lib/index.js';
import { assertBadInput, assertNear, fromRef, returnsMemory, valuesOf } from '../native-op.js';
import { reshape } from '../reference/array.js';
import { conv2d, conv2dBackward } from '../reference/conv2d.js';
import { generator, normal } from '../reference/random.js';
import { transpose } from '../reference/transpose.js';

const ROUTES = ['unfold', 'conv'] as const;

describe('nn.PatchEmbed', () => {
  returnsMemory();

  it("has timm's parameters", () => {
    using embed = new nn.PatchEmbed({ patchSize: [4, 2], inChans: 3, embedDim: 5 });
    assert.deepEqual(
      [...embed.namedParameters()].map(([name, { shape }]) => [name, shape]),
      [
        ['proj.weight', [5, 3, 4, 2]],
        ['proj.bias', [5]],
      ],
    );
    assert.equal(embed.route, 'conv');
    using plain = new nn.PatchEmbed({ patchSize: 4, inChans: 3, embedDim: 5, bias: false });
    assert.deepEqual([...plain.namedParameters().keys()], ['proj.weight']);
  });

  for (const [image, patchSize, embedDim] of [
    [[1, 3, 8, 8], [4, 4], 8],
    [[3, 1, 6, 8], [3, 2], 7],
    [[2, 2, 7, 7], [7, 7], 17],
    [[0, 3, 8, 8], [4, 4], 8],
  ] as const) {
    for (const bias of [true, false]) {
      it(`goes both routes from (${image}) in patches of ${patchSize}${bias ? '' : ' without bias'}`, () => {
        const random = generator(1);
        const [n, c] = image;
        const x = normal(image, random);
        const weight = normal([embedDim, c, ...patchSize], random, 0.3);
        const shift = normal([embedDim], random);
        const options = { stride: patchSize };
        const convolved = conv2d(x, weight, bias ? shift : undefined, options);
        const tokens = (y: typeof x) => transpose(reshape(y, [n, embedDim, y.shape[2] * y.shape[3]]), 1, 2);
        const dconvolved = normal(convolved.shape, random);
        const { dx, dweight, dbias } = conv2dBackward(dconvolved, x, weight, options);
        for (const route of ROUTES) {
          using embed = new nn.PatchEmbed({ patchSize, inChans: c, embedDim, bias, route });
          scope(() => {
            embed.loadStateDict(
              new Map([['proj.weight', fromRef(weight)], ...(bias ? [['proj.bias', fromRef(shift)] as const] : [])]),
            );
            const input = fromRef(x, { requiresGrad: true });
            const y = embed.forward(input);
            assertNear(y, tokens(convolved), `${route}: result`);
            y.backward(fromRef(tokens(dconvolved)));
            assertNear(input.grad, dx, `${route}: gradient of the image`);
            assertNear(embed.proj.weight.grad, dweight, `${route}: gradient of the weight`);
            if (bias) assertNear(embed.proj.bias?.grad ?? null, dbias, `${route}: gradient of the bias`);
          });
        }
      });
    }
  }

  it('shares one weight between the routes: a state dict fits both', () => {
    using unfold = new nn.PatchEmbed({ patchSize: 4, inChans: 3, embedDim: 5, route: 'unfold' });
    using conv = new nn.PatchEmbed({ patchSize: 4, inChans: 3, embedDim: 5, route: 'conv' });
    conv.loadStateDict(unfold.stateDict());
    scope(() => {
      const x = fromRef(normal([2, 3, 8, 8], generator(2)));
      assertNear(conv.forward(x), valuesOf(unfold.forward(x)), 'result');
    });
  });

  it('refuses options and images that do not go together', () => {
    const good = { patchSize: 4, inChans: 3, embedDim: 5 };
    assertBadInput(() => new nn.PatchEmbed({ ...good, patchSize: 0 }), /PatchEmbed patchSize .* 0\./);
    assertBadInput(() => new nn.PatchEmbed({ ...good, inChans: 1.5 }), /PatchEmbed inChans .*1\.5/);
    assertBadInput(() => new nn.PatchEmbed({ ...good, embedDim: Number.NaN }), /PatchEmbed embedDim .*NaN/);
    assertBadInput(() => new nn.PatchEmbed({ ...good, route: 'fft' as 'conv' }), /one of 'unfold', 'conv' .*'fft'/);
    for (const route of ROUTES) {
      using embed = new nn.PatchEmbed({ ...good, route });
      assertBadInput(() => embed.forward(zeros([1, 3, 3, 8])), /fits the padded image, 3 x 8 .*\[4, 4\]/);
      assertBadInput(() => embed.forward(zeros([3, 8, 8])), /\(3,8,8\)/);
      assertBadInput(() => embed.forward(zeros([1, 1, 8, 8])), /but received/);
    }
  });
});
