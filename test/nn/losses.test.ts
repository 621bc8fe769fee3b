import { F, nn, randint, randn, scope } from '../../lib/index.js';
import { assertSameBits, returnsMemory } from '../native-op.js';

describe('nn.CrossEntropyLoss', () => {
  returnsMemory();

  it('is F.crossEntropy with its options', () => {
    scope(() => {
      const [logits, labels] = [randn([7, 5]), randint(0, 5, [7])];
      for (const options of [{}, { reduction: 'none', labelSmoothing: 0.1 }, { ignoreIndex: 3 }] as const) {
        const loss = new nn.CrossEntropyLoss(options).forward(logits, labels);
        assertSameBits(loss, F.crossEntropy(logits, labels, options), JSON.stringify(options));
      }
    });
  });
});
