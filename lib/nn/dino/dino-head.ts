import { checkBoolean, checkInteger, expected } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { ones } from '../../ops/creation.js';
import { mul } from '../../ops/elementwise.js';
import { linear } from '../../ops/linear.js';
import { scope } from '../../scope.js';
import { empty, type Tensor } from '../../tensor.js';
import { GELU } from '../activation.js';
import { BatchNorm1d } from '../batch-norm.js';
import { unit } from '../features.js';
import * as init from '../init.js';
import { Linear } from '../linear.js';
import { Module } from '../module.js';
import { type Layer, Sequential } from '../sequential.js';

/** Options of `DINOHead`; Meta's by default. */
export interface DINOHeadOptions {
  /** Whether batch normalisation follows each hidden layer. Default false. */
  useBn?: boolean;
  /** Whether the prototypes' lengths stay 1. Default true. */
  normLastLayer?: boolean;
  /** Layers before the prototypes. Default 3. */
  nlayers?: number;
  /** Width of the hidden layers. Default 2048. */
  hiddenDim?: number;
  /** Width of what is compared with prototypes. Default 256. */
  bottleneckDim?: number;
}

const NAMES: OptionNames<DINOHeadOptions> = {
  useBn: true,
  normLastLayer: true,
  nlayers: true,
  hiddenDim: true,
  bottleneckDim: true,
};

/** Prototypes by direction and length: the weight is g v / |v|, row by row. @see `torch.nn.utils.weight_norm` */
export class WeightNormLinear extends Module {
  /** (out,1): lengths; without gradient where they stay. */
  readonly weightG: Tensor;
  /** (out,in): directions. */
  readonly weightV: Tensor;

  constructor(inDim: number, outDim: number, fixed: boolean) {
    super();
    this.weightG = this.parameter('weight_g', () => ones([outDim, 1]));
    this.weightV = this.parameter('weight_v', () => init.defaultUniform(empty([outDim, inDim])));
    this.weightG.requiresGrad = !fixed;
  }

  /** @param x (N,in) @returns (N,out) */
  forward(x: Tensor): Tensor {
    return scope(() => linear(x, mul(unit(this.weightV), this.weightG)));
  }
}

/**
 * Drops the gradients of all prototypes while `epoch` is below `freezeLastLayer`, between `backward` and the optimizer's step:
 * features find their place before prototypes move.
 *
 * @param epoch from 0
 * @param freezeLastLayer how many epochs they stay; Meta's default is 1
 * @see `cancel_gradients_last_layer` of Meta's code
 */
export function cancelGradientsLastLayer(epoch: number, model: Module, freezeLastLayer: number): void {
  checkInteger(epoch, 'cancelGradientsLastLayer epoch');
  checkInteger(freezeLastLayer, 'cancelGradientsLastLayer freezeLastLayer');
  if (!(model instanceof Module)) throw expected('a module', 'cancelGradientsLastLayer', model);
  if (epoch >= freezeLastLayer) return;
  for (const part of model.namedModules().values()) {
    if (!(part instanceof WeightNormLinear)) continue;
    for (const parameter of part.parameters()) {
      parameter.grad?.dispose();
      parameter.grad = null;
    }
  }
}

/**
 * What DINO compares features by: some layers, a vector of length 1, and its cosines with prototypes.
 *
 * @see Caron et al. 2021 (DINO), appendix C
 * @see `DINOHead` of Meta's code, with its parameter names
 * @throws TypeError for options that are unknown or out of range
 */
export class DINOHead extends Module {
  /** Before the prototypes. */
  readonly mlp: Sequential;
  /** The prototypes. */
  readonly lastLayer: WeightNormLinear;

  constructor(inDim: number, outDim: number, options: DINOHeadOptions = {}) {
    super();
    checkInteger(inDim, 'DINOHead inDim', 1);
    checkInteger(outDim, 'DINOHead outDim', 1);
    checkOptions(options, NAMES, 'DINOHead');
    const useBn = checkBoolean(options.useBn ?? false, 'DINOHead useBn');
    const nlayers = checkInteger(options.nlayers ?? 3, 'DINOHead nlayers', 1);
    const hiddenDim = checkInteger(options.hiddenDim ?? 2048, 'DINOHead hiddenDim', 1);
    const bottleneckDim = checkInteger(options.bottleneckDim ?? 256, 'DINOHead bottleneckDim', 1);
    const fixed = checkBoolean(options.normLastLayer ?? true, 'DINOHead normLastLayer');
    const layers: Layer[] = [];
    for (let i = 0; i < nlayers; i++) {
      const [from, to] = [i === 0 ? inDim : hiddenDim, i === nlayers - 1 ? bottleneckDim : hiddenDim];
      const layer = new Linear(from, to);
      init.truncatedNormal(layer.weight, 0, 0.02);
      if (layer.bias !== undefined) init.zeros(layer.bias);
      layers.push(layer);
      if (i === nlayers - 1) break;
      if (useBn) layers.push(new BatchNorm1d(to));
      layers.push(new GELU());
    }
    this.mlp = this.child('mlp', new Sequential(...layers));
    this.lastLayer = this.child('last_layer', new WeightNormLinear(bottleneckDim, outDim, fixed));
  }

  /** @param x (N,inDim) @returns (N,outDim) */
  forward(x: Tensor): Tensor {
    return scope(() => this.lastLayer.forward(unit(this.mlp.forward(x))));
  }
}
