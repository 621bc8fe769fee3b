import { noGrad } from '../../autograd.js';
import { checkInteger, checkNumber, expected } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { checkTensor } from '../../ops/check-tensor.js';
import { copyInto } from '../../ops/copy.js';
import { zeros } from '../../ops/creation.js';
import { crossEntropy } from '../../ops/cross-entropy.js';
import { add, mul, sub } from '../../ops/elementwise.js';
import { mean } from '../../ops/reduce.js';
import { slice } from '../../ops/slice.js';
import { softmax } from '../../ops/softmax.js';
import { wide } from '../../ops/wide.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';

/** Options of `DINOLoss`; Meta's by default. */
export interface DINOLossOptions {
  /** Crops of an image that the student sees, of which the first two are the teacher's. Default 10. */
  numCrops?: number;
  /** The teacher's temperature in the end. Default 0.04. */
  teacherTemp?: number;
  /** The teacher's temperature in the first epoch. Default 0.04. */
  warmupTeacherTemp?: number;
  /** Epochs in which it rises from the one to the other. Default 0. */
  warmupTeacherTempEpochs?: number;
  /** Default 0.1. */
  studentTemp?: number;
  /** The share of the centre that a step keeps. Default 0.9. */
  centerMomentum?: number;
}

const NAMES: OptionNames<DINOLossOptions> = {
  numCrops: true,
  teacherTemp: true,
  warmupTeacherTemp: true,
  warmupTeacherTempEpochs: true,
  studentTemp: true,
  centerMomentum: true,
};

/** Crops that the teacher sees. */
const GLOBAL_CROPS = 2;

/**
 * The cross-entropy of what a student says of each crop with what its teacher says of the other global one. The teacher's
 * scores are centred, so that no prototype takes all, and sharpened, so that not all are alike.
 *
 * @see Caron et al. 2021 (DINO), section 3.1
 * @see `DINOLoss` of Meta's code, with its buffer's name
 * @throws TypeError for options that are unknown or out of range
 */
export class DINOLoss extends Module {
  /** (1,outDim): the mean of the teacher's scores, moving. */
  readonly center: Tensor;
  /** Options with their defaults. */
  readonly options: Readonly<Required<DINOLossOptions>>;

  constructor(
    /** Prototypes. */
    readonly outDim: number,
    options: DINOLossOptions = {},
  ) {
    super();
    checkInteger(outDim, 'DINOLoss outDim', 1);
    checkOptions(options, NAMES, 'DINOLoss');
    const { numCrops = 10, teacherTemp = 0.04, warmupTeacherTemp = 0.04, warmupTeacherTempEpochs = 0 } = options;
    const { studentTemp = 0.1, centerMomentum = 0.9 } = options;
    this.options = Object.freeze({
      numCrops: checkInteger(numCrops, 'DINOLoss numCrops', GLOBAL_CROPS),
      teacherTemp: checkNumber(teacherTemp, 'DINOLoss teacherTemp', Number.MIN_VALUE),
      warmupTeacherTemp: checkNumber(warmupTeacherTemp, 'DINOLoss warmupTeacherTemp', Number.MIN_VALUE),
      warmupTeacherTempEpochs: checkInteger(warmupTeacherTempEpochs, 'DINOLoss warmupTeacherTempEpochs'),
      studentTemp: checkNumber(studentTemp, 'DINOLoss studentTemp', Number.MIN_VALUE),
      centerMomentum: checkNumber(centerMomentum, 'DINOLoss centerMomentum', 0, 1),
    });
    this.center = this.buffer('center', () => zeros([1, outDim]));
  }

  /** The teacher's temperature in an epoch, from 0. */
  teacherTempAt(epoch: number): number {
    const { teacherTemp, warmupTeacherTemp, warmupTeacherTempEpochs: epochs } = this.options;
    checkInteger(epoch, 'DINOLoss epoch');
    if (epoch >= epochs) return teacherTemp;
    return epochs === 1
      ? warmupTeacherTemp
      : warmupTeacherTemp + ((teacherTemp - warmupTeacherTemp) * epoch) / (epochs - 1);
  }

  /**
   * In training, the centre moves towards the mean of these scores afterwards.
   *
   * @param student (numCrops * N, outDim): of each crop of all images, one crop after the other
   * @param teacher (2 * N, outDim): of the first two, likewise; no gradient goes there
   * @param epoch from 0, by which the teacher's temperature goes
   * @returns the loss
   * @throws TypeError when the sizes do not go together
   */
  forward(student: Tensor, teacher: Tensor, epoch = 0): Tensor {
    const { numCrops, studentTemp, centerMomentum } = this.options;
    const temperature = this.teacherTempAt(epoch);
    checkTensor(teacher, 'DINOLoss teacher', { shape: [null, this.outDim] });
    const n = teacher.shape[0] / GLOBAL_CROPS;
    if (!Number.isInteger(n) || n === 0) throw expected('two rows an image', 'DINOLoss teacher', teacher);
    checkTensor(student, 'DINOLoss student', { shape: [numCrops * n, this.outDim] });
    return scope(() => {
      const targets = noGrad(() => softmax(mul(sub(teacher, this.center), 1 / temperature), -1));
      const scores = mul(wide(student), 1 / studentTemp);
      const terms: Tensor[] = [];
      for (let global = 0; global < GLOBAL_CROPS; global++) {
        const target = slice(targets, 0, global * n, (global + 1) * n);
        for (let crop = 0; crop < numCrops; crop++) {
          if (crop !== global) terms.push(crossEntropy(slice(scores, 0, crop * n, (crop + 1) * n), target));
        }
      }
      const total = terms.reduce((sum, term) => add(sum, term));
      if (this.training) {
        noGrad(() => {
          const now = mean(teacher, { dim: 0, keepDim: true });
          copyInto(this.center, add(mul(this.center, centerMomentum), mul(now, 1 - centerMomentum)));
        });
      }
      return mul(total, 1 / terms.length);
    });
  }
}
