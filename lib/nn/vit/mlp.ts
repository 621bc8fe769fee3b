import { checkBoolean, checkInteger, checkNumber, checkOneOf } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import type { Activation } from '../../native.js';
import { checkDropProbability } from '../../ops/random.js';
import { swiglu } from '../../ops/swiglu.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { Dropout } from '../dropout.js';
import { Linear } from '../linear.js';
import { Module } from '../module.js';
import { addToStream } from '../residual-stream.js';
import { checkNormLayer, makeNorm, type Norm } from './norm.js';
import type { NormLayer } from './parts.js';

/** The activations of a ViT's MLPs. */
export type MlpActivation = Exclude<Activation, 'none' | 'tanh'>;

/** @internal */
export const MLP_ACTIVATIONS: readonly MlpActivation[] = ['gelu', 'gelu_tanh', 'relu', 'silu', 'quick_gelu'];

/** Options of `Mlp`. */
export interface MlpOptions {
  /** Between the two linear layers. */
  act: MlpActivation;
  /** Whether both linear layers have biases. */
  bias: boolean;
  /** Probability of dropping, in training. */
  drop: number;
  /** The norm before the second layer. Default: none. */
  norm?: InnerNorm | undefined;
}

/** A norm inside an MLP. */
export interface InnerNorm {
  /** Of which kind. */
  normLayer: NormLayer;
  /** Its epsilon. */
  normEps: number;
}

const INNER_NORM: OptionNames<InnerNorm> = { normLayer: true, normEps: true };

const MLP_OPTIONS: OptionNames<MlpOptions> = { act: true, bias: true, drop: true, norm: true };

/** Options of `SwiGLU`: those of `Mlp` but for the activation. */
export type SwiGLUOptions = Omit<MlpOptions, 'act'>;

const SWIGLU_OPTIONS: OptionNames<SwiGLUOptions> = { bias: true, drop: true, norm: true };

/** What both kinds of MLP have: a hidden width made of each token, and a linear layer back. */
abstract class FeedForward extends Module {
  /** (dim to what the hidden width is made from) */
  readonly fc1: Linear;
  /** Before the second layer; undefined unless asked for. */
  readonly norm: Norm | undefined;
  /** (the hidden width to dim) */
  readonly fc2: Linear;
  readonly #drop: Dropout;

  constructor(dim: number, made: number, hidden: number, { drop, norm, bias }: SwiGLUOptions, where: string) {
    super();
    checkBoolean(bias, `${where} bias`);
    this.fc1 = this.child('fc1', new Linear(dim, made, { bias }));
    if (norm !== undefined) {
      checkOptions(norm, INNER_NORM, `${where} norm`);
      checkNormLayer(norm.normLayer, `${where} norm`);
      checkNumber(norm.normEps, `${where} norm normEps`, 0);
    }
    this.norm = norm === undefined ? undefined : this.child('norm', makeNorm(hidden, norm));
    this.fc2 = this.child('fc2', new Linear(hidden, dim, { bias }));
    this.#drop = this.child('drop', new Dropout(checkDropProbability(drop, `${where} drop`)));
  }

  /** (B,T,C) to the hidden width. */
  protected abstract hidden(x: Tensor): Tensor;

  /** @param x (B,T,C) @param residual (B,T,C), added last @returns (B,T,C) */
  forward(x: Tensor, residual?: Tensor): Tensor {
    return scope(() => {
      const dropped = this.#drop.forward(this.hidden(x));
      const hidden = this.norm?.forward(dropped) ?? dropped;
      if (residual === undefined) return this.#drop.forward(this.fc2.forward(hidden));
      if (this.#drop.p === 0 || !this.training) return this.fc2.forward(hidden, { residual });
      return addToStream(residual, this.#drop.forward(this.fc2.forward(hidden)));
    });
  }
}

/** Linear, activation, linear. @see timm's `Mlp` */
export class Mlp extends FeedForward {
  /** Between the two. */
  readonly act: MlpActivation;

  constructor(dim: number, hidden: number, options: MlpOptions) {
    checkOptions(options, MLP_OPTIONS, 'Mlp');
    super(dim, hidden, hidden, options ?? {}, 'Mlp');
    this.act = checkOneOf(options.act, 'Mlp act', MLP_ACTIVATIONS);
  }

  protected hidden(x: Tensor): Tensor {
    return this.fc1.forward(x, { activation: this.act });
  }
}

/**
 * Linear to gates and values, silu(gate) * value, linear. The first layer is packed, (dim to twice the hidden width), as
 * DINOv2's `w12`; layouts that have it in two read its halves.
 * @see Shazeer 2020 (GLU Variants Improve Transformer)
 * @see timm's `SwiGLUPacked`, with its parameter names, and with `norm` its `SwiGLU`
 */
export class SwiGLU extends FeedForward {
  constructor(dim: number, hidden: number, options: SwiGLUOptions) {
    checkOptions(options, SWIGLU_OPTIONS, 'SwiGLU');
    super(dim, 2 * checkInteger(hidden, 'SwiGLU hidden', 1), hidden, options ?? {}, 'SwiGLU');
  }

  protected hidden(x: Tensor): Tensor {
    return swiglu(this.fc1.forward(x));
  }
}
