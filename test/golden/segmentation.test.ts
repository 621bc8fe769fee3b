import { F, nn, scope, type Tensor, ViT } from '../../lib/index.js';
import { loadGolden } from '../golden.js';
import { checkGradients, withPrefix } from '../golden-module.js';
import { assertNear, fromRef, LONG_SUM, returnsMemory } from '../native-op.js';
import { drawParameters } from '../nn/drawn-parameters.js';
import type { Ref } from '../reference/array.js';

type Case =
  | { kind: 'interpolate'; options: Parameters<typeof F.interpolate>[1] }
  | { kind: 'adaptiveAvgPool2d'; size: number | [number, number] }
  | { kind: 'pyramid'; outIndices: number | number[]; norm: boolean; classToken: boolean }
  | ({ kind: 'uperHead' } & Required<ConstructorParameters<typeof nn.UPerHead>[0]>);

const inOrder = (tensors: Record<string, Ref>, prefix: string): Ref[] => [...withPrefix(tensors, prefix).values()];

describe('golden segmentation', () => {
  returnsMemory();

  for (const { params, tensors } of loadGolden<Case>('segmentation').cases) {
    it(JSON.stringify(params), () => {
      const { x, y, gy, gx } = tensors;
      if (params.kind === 'pyramid') return checkPyramid(params, tensors);
      if (params.kind === 'uperHead') return checkHead(params, tensors);
      scope(() => {
        const image = fromRef(x, { requiresGrad: true });
        const output =
          params.kind === 'interpolate'
            ? F.interpolate(image, params.options)
            : F.adaptiveAvgPool2d(image, params.size);
        assertNear(output, y, 'result');
        output.backward(fromRef(gy));
        assertNear(image.grad, gx, 'gradient');
      });
    });
  }
});

function checkPyramid({ outIndices, norm, classToken }: Case & { kind: 'pyramid' }, tensors: Record<string, Ref>) {
  const tokens = classToken ? {} : ({ classToken, globalPool: 'avg', regTokens: 2 } as const);
  using model = new ViT({
    ...{ imgSize: [8, 12], patchSize: 4, inChans: 2, numClasses: 0, embedDim: 8, depth: 3, numHeads: 2 },
    ...tokens,
  });
  drawParameters(model);
  scope(() => {
    const maps = model.featurePyramid(fromRef(tensors.x), { outIndices, norm });
    for (const [i, expected] of inOrder(tensors, 'map').entries()) assertNear(maps[i], expected, `map ${i}`);
  });
}

function checkHead(
  { inChannels, numClasses, channels, poolScales }: Case & { kind: 'uperHead' },
  tensors: Record<string, Ref>,
) {
  using head = new nn.UPerHead({ inChannels, numClasses, channels, poolScales });
  drawParameters(head);
  scope(() => {
    const maps: Tensor[] = inOrder(tensors, 'map').map((map) => fromRef(map, { requiresGrad: true }));
    const output = head.forward(maps);
    assertNear(output, tensors.y, 'scores', LONG_SUM);
    output.backward(fromRef(tensors.gy));
    for (const [i, expected] of inOrder(tensors, 'gmap').entries()) {
      assertNear(maps[i].grad, expected, `gradient of map ${i}`, LONG_SUM);
    }
    checkGradients(head, tensors, 'g.', LONG_SUM);
  });
}
