import { checkInteger, checkOneOf, MAX_RANK } from '../check.js';
import { checkOptions } from '../check-options.js';
import { GELU_OPTIONS, type GELUOptions, gelu, quickGelu, relu, tanh } from '../ops/activation.js';
import { logSoftmax } from '../ops/reductions.js';
import { softmax } from '../ops/softmax.js';
import { logSigmoid, sigmoid, silu } from '../ops/unary.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** Gaussian error linear unit. @see `torch.nn.GELU` */
export class GELU extends Module {
  /** As given. */
  readonly options: Readonly<GELUOptions>;

  constructor(options: GELUOptions = {}) {
    super();
    checkOptions(options, GELU_OPTIONS, 'GELU');
    this.options = Object.freeze({ ...options });
    checkOneOf(options.approximate ?? 'none', 'GELU approximate', ['none', 'tanh']);
  }

  forward(x: Tensor): Tensor {
    return gelu(x, this.options);
  }
}

/** x * sigmoid(1.702 x), CLIP's. @see Transformers' `QuickGELUActivation` */
export class QuickGELU extends Module {
  forward(x: Tensor): Tensor {
    return quickGelu(x);
  }
}

/** Rectified linear unit. @see `torch.nn.ReLU` */
export class ReLU extends Module {
  forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/** Sigmoid linear unit. @see `torch.nn.SiLU` */
export class SiLU extends Module {
  forward(x: Tensor): Tensor {
    return silu(x);
  }
}

/** 1 / (1 + e^-x). @see `torch.nn.Sigmoid` */
export class Sigmoid extends Module {
  forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/** log(sigmoid(x)). @see `torch.nn.LogSigmoid` */
export class LogSigmoid extends Module {
  forward(x: Tensor): Tensor {
    return logSigmoid(x);
  }
}

/** Hyperbolic tangent. @see `torch.nn.Tanh` */
export class Tanh extends Module {
  forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

/** Softmax over one axis. @see `torch.nn.Softmax` */
export class Softmax extends Module {
  /** @param dim the axis, counted from the end when negative. Default: the last. */
  constructor(readonly dim = -1) {
    super();
    checkInteger(dim, 'Softmax dim', -MAX_RANK, MAX_RANK - 1);
  }

  forward(x: Tensor): Tensor {
    return softmax(x, this.dim);
  }
}

/** The logarithm of softmax over one axis. @see `torch.nn.LogSoftmax` */
export class LogSoftmax extends Module {
  /** @param dim the axis, counted from the end when negative. Default: the last. */
  constructor(readonly dim = -1) {
    super();
    checkInteger(dim, 'LogSoftmax dim', -MAX_RANK, MAX_RANK - 1);
  }

  forward(x: Tensor): Tensor {
    return logSoftmax(x, this.dim);
  }
}
