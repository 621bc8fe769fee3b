import { nn, scope } from '../../lib/index.js';
import { loadGolden } from '../golden.js';
import { checkGradients } from '../golden-module.js';
import { assertNear, fromRef, returnsMemory } from '../native-op.js';
import { drawParameters } from '../nn/drawn-parameters.js';

interface Case {
  kind: 'head' | 'loss';
  hidden_dim: number;
  bottleneck_dim: number;
  use_bn?: boolean;
  norm_last_layer?: boolean;
  nlayers?: number;
  epoch: number;
}

describe('golden DINO', () => {
  returnsMemory();
  const { cases } = loadGolden<Case>('dino');

  for (const { params, tensors } of cases.filter(({ params: { kind } }) => kind === 'head')) {
    it(`head: ${JSON.stringify(params)}`, () => {
      const { hidden_dim: hiddenDim, bottleneck_dim: bottleneckDim, use_bn: useBn = false } = params;
      const { norm_last_layer: normLastLayer = true, nlayers = 3 } = params;
      using head = new nn.DINOHead(5, 7, { hiddenDim, bottleneckDim, useBn, normLastLayer, nlayers });
      drawParameters(head);
      scope(() => {
        const x = fromRef(tensors.x, { requiresGrad: true });
        const y = head.forward(x);
        assertNear(y, tensors.y, 'scores');
        y.backward(fromRef(tensors.gy));
        assertNear(x.grad, tensors.gx, 'gradient of the input');
        checkGradients(head, tensors, 'g.');
      });
    });
  }

  it('loss, its gradient and the centre, three steps of an annealed temperature', () => {
    using loss = new nn.DINOLoss(6, {
      ...{ numCrops: 4, warmupTeacherTemp: 0.04, teacherTemp: 0.07, warmupTeacherTempEpochs: 3 },
    });
    for (const { params, tensors } of cases.filter(({ params: { kind } }) => kind === 'loss')) {
      scope(() => {
        const student = fromRef(tensors.student, { requiresGrad: true });
        const value = loss.forward(student, fromRef(tensors.teacher), params.epoch);
        assertNear(value, tensors.loss, `loss of epoch ${params.epoch}`);
        value.backward();
        assertNear(student.grad, tensors.gstudent, 'gradient of the student');
        assertNear(loss.center, tensors.center, 'centre');
      });
    }
  });
});
