import { noGrad } from '../../autograd.js';
import { checkNumber, checkOneOf, expected } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { native } from '../../native.js';
import { evaluating } from '../../nn/evaluating.js';
import { runsOwnCode } from '../../nn/own-code.js';
import { ViT } from '../../nn/vit/vit.js';
import { crossEntropy } from '../../ops/cross-entropy.js';
import { softmax } from '../../ops/softmax.js';
import { empty, type Tensor } from '../../tensor.js';
import { type Classifier, checkClassifier } from '../evaluate.js';
import type { DataFacts } from '../training-data.js';
import { crossEntropy as usualLoss } from './cross-entropy.js';
import { isOwnLoss, type Loss, ownLoss, type PreparedLoss } from './loss.js';

/** Options of `losses.distillation`. */
export interface DistillationLossOptions {
  /** A trained model of the same classes, in evaluation throughout. */
  teacher: Classifier;
  /** Whether the student learns the teacher's answer, or how sure it is of each. Default `'hard'`. */
  kind?: 'hard' | 'soft';
  /** The teacher's share of the loss. Default 0.5. */
  alpha?: number;
  /** How much the teacher's probabilities are levelled, with `'soft'`. Default 1. */
  tau?: number;
  /** What the labels' share is. Default `losses.crossEntropy()`. */
  base?: Loss;
}

const NAMES: OptionNames<DistillationLossOptions> = { teacher: true, kind: true, alpha: true, tau: true, base: true };

/**
 * Learning from labels and from a teacher. A ViT with `distilled: true` learns the teacher's with the head of its
 * distillation token; any other with the only head it has. Evaluation is of what the labels' share is.
 *
 * @throws TypeError for options that are missing or out of range
 * @see Touvron et al. 2021 (DeiT), whose `DistillationLoss` it is
 */
export function distillation(options: DistillationLossOptions): Loss {
  const where = 'losses.distillation';
  checkOptions(options, NAMES, where);
  const { teacher, base = usualLoss() } = options ?? {};
  checkClassifier(teacher, `${where} teacher`);
  if (typeof base?.prepare !== 'function') throw expected('a loss', `${where} base`, base);
  const kind = checkOneOf(options.kind ?? 'hard', `${where} kind`, ['hard', 'soft']);
  const alpha = checkNumber(options.alpha ?? 0.5, `${where} alpha`, 0, 1);
  const tau = checkNumber(options.tau ?? 1, `${where} tau`, Number.MIN_VALUE);
  const prepare = (train: DataFacts): PreparedLoss => {
    const own = base.prepare(train);
    return {
      forward: (model, images) =>
        model instanceof ViT && model.config.distilled ? model.forwardDistilled(images) : [model.forward(images)],
      compute: (input) => {
        const { logits, others, images } = input;
        const student = others[0] ?? logits;
        const said = noGrad(() => evaluating(teacher, () => teacher.forward(images)));
        const learned = kind === 'hard' ? hard(student, said) : soft(student, said, tau);
        return own
          .compute(input)
          .mul(1 - alpha)
          .add(learned.mul(alpha));
      },
      evaluate: (input) => (own.evaluate ?? own.compute)(input),
      ...(own.weightOf && { weightOf: own.weightOf.bind(own) }),
      ...(own.takesSeveral !== undefined && { takesSeveral: own.takesSeveral }),
      dispose: () => own.dispose(),
    };
  };
  const loss = { name: `${kind} distillation`, prepare };
  return runsOwnCode(teacher) && isOwnLoss(base) ? ownLoss(loss) : loss;
}

/** Cross-entropy with the class that the teacher says. */
function hard(student: Tensor, teacher: Tensor): Tensor {
  return crossEntropy(student, likeliest(teacher));
}

/** The class of the largest logit of each row, the first of equals: where max-pooling over a row finds it. */
function likeliest(logits: Tensor): Tensor {
  const [rows, classes] = logits.shape;
  const y = empty([rows]);
  const index = empty([rows], 'int32');
  const window = { kernel: [1, classes], dilation: [1, 1], padding: [0, 0], stride: [1, classes] } as const;
  native.maxPool2dForward({ y, index, x: logits, planes: rows, height: 1, width: classes, window });
  y.dispose();
  return index;
}

/** tau^2 KL(teacher, student) at temperature tau, over all elements, as DeiT scales it. */
function soft(student: Tensor, teacher: Tensor, tau: number): Tensor {
  const levelled = noGrad(() => teacher.div(tau));
  const probabilities = noGrad(() => softmax(levelled));
  const entropy = noGrad(() => crossEntropy(levelled, probabilities, { reduction: 'sum' }));
  const cross = crossEntropy(student.div(tau), probabilities, { reduction: 'sum' });
  return cross.sub(entropy).mul((tau * tau) / student.size);
}
