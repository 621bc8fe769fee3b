import { Optimizer, type Work } from './optimizer.js';

/** An optimizer that keeps the mean of each gradient and of its square. For the library's own alone. */
export abstract class MomentOptimizer extends Optimizer {
  protected get stateNames(): readonly string[] {
    return ['firstMoment', 'secondMoment'];
  }

  /** @internal What the native steps take of the work. */
  protected withMoments({ members, parameters, counts, inputs }: Work) {
    const firstMoments = members.map((i) => this.state(i, 'firstMoment'));
    const secondMoments = members.map((i) => this.state(i, 'secondMoment'));
    return { parameters, firstMoments, secondMoments, counts, inputs };
  }
}
