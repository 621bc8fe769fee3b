import assert from 'node:assert/strict';
import { F, io, memory, nn, noGrad, ones, optim, randn, scope, type Tensor, tensor, zeros } from '../../lib/index.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { assertBadInput, returnsMemory } from '../native-op.js';

/** Fields of every kind. */
class Net extends nn.Module {
  fc = new nn.Linear(3, 4);
  scale = nn.parameter(ones([4]));
  shift = zeros([4], { requiresGrad: true });
  mean = nn.buffer(zeros([4]));
  count = nn.buffer(tensor(new Int32Array([7]), []), { persistent: false });
  layers = new nn.ModuleList([new nn.Linear(4, 4), new nn.ReLU()]);
  heads = new nn.ModuleDict({ a: new nn.Linear(4, 2) });
  biases = new nn.ParameterList([zeros([2])]);
  options = { width: 4 };

  forward(x: Tensor): Tensor {
    return scope(() => {
      let y = F.add(F.mul(F.sub(this.fc.forward(x), this.mean), this.scale), this.shift);
      for (const layer of this.layers) y = (layer as nn.ReLU).forward(y);
      return F.add((this.heads.get('a') as nn.Linear).forward(y), this.biases.at(0));
    });
  }
}

const NAMES = ['scale', 'shift', 'fc.weight', 'fc.bias', 'layers.0.weight', 'layers.0.bias'];
const PARAMETERS = [...NAMES, 'heads.a.weight', 'heads.a.bias', 'biases.0'];

/** A module whose forward is given. */
class By extends nn.Module {
  constructor(
    fields: (self: By) => object,
    readonly run: (self: By & Record<string, unknown>, x: Tensor) => Tensor,
  ) {
    super();
    Object.assign(this, fields(this));
  }

  forward(x: Tensor): Tensor {
    return this.run(this as never, x);
  }
}

describe('fields of a module', () => {
  returnsMemory();
  const file = temporaryDirectory();

  it('are parameters, buffers and modules by their names', () => {
    using net = new Net();
    assert.deepEqual([...net.namedParameters().keys()], PARAMETERS);
    assert.deepEqual([...net.namedBuffers().keys()], ['mean', 'count']);
    assert.deepEqual(
      [...net.stateDict().keys()],
      ['scale', 'shift', 'mean', ...NAMES.slice(2), 'heads.a.weight', 'heads.a.bias', 'biases.0'],
    );
    const modules = ['', 'fc', 'layers', 'layers.0', 'layers.1', 'heads', 'heads.a', 'biases'];
    assert.deepEqual([...net.namedModules().keys()], modules);
    assert.ok(net.buffers().every(({ requiresGrad }) => !requiresGrad));
    assert.ok(net.parameters().every(({ requiresGrad }) => requiresGrad));
  });

  it('are trained', () => {
    using net = new Net();
    const optimizer = new optim.SGD(net.parameters(), { lr: 0.1 });
    scope(() =>
      net
        .forward(randn([2, 3]))
        .sum()
        .backward(),
    );
    const before = net.parameters().map((parameter) => [...parameter.dataSync()]);
    optimizer.step();
    for (const [i, parameter] of net.parameters().entries()) {
      assert.notDeepEqual([...parameter.dataSync()], before[i], PARAMETERS[i]);
    }
    optimizer.dispose();
  });

  it('come back from a file, buffers with them', async () => {
    const path = file('net.safetensors');
    using net = new Net();
    net.mean.set([1, 2, 3, 4]);
    await io.saveSafetensors(path, net.stateDict());
    const state = await io.loadSafetensors(path);
    using other = new Net();
    assert.deepEqual(other.loadStateDict(state), { missing: [], unexpected: [] });
    for (const value of state.values()) value.dispose();
    assert.deepEqual([...other.mean.dataSync()], [1, 2, 3, 4]);
    assert.deepEqual([...other.fc.weight.dataSync()], [...net.fc.weight.dataSync()]);
  });

  it('stay parameters when they are frozen', () => {
    using net = new Net();
    net.freeze('*');
    assert.deepEqual([...net.namedParameters().keys()], PARAMETERS);
    assert.ok(net.parameters().every(({ requiresGrad }) => !requiresGrad));
  });

  it('take the place of what they held before, and go when they are emptied', () => {
    using net = new Net();
    using first = net.fc;
    net.fc = new nn.Linear(3, 4, { bias: false });
    assert.deepEqual([...net.namedParameters().keys()].slice(0, 3), ['scale', 'shift', 'fc.weight']);
    assert.notEqual(net.namedParameters().get('fc.weight'), first.weight);
    using _second = net.fc;
    Object.assign(net, { fc: undefined });
    assert.equal(net.namedParameters().has('fc.weight'), false);
    using fresh = new Net();
    const { fc } = fresh;
    Reflect.deleteProperty(fresh, 'fc');
    assert.equal(fresh.namedModules().has('fc'), false);
    fc.dispose();
  });

  it('keep the name under which they were registered', () => {
    class Named extends nn.Module {
      readonly selfAttn = this.child('self_attn', new nn.Linear(1, 1));
      readonly inWeight = this.parameter('in_weight', () => ones([1]));
      readonly runningMean = this.buffer('running_mean', () => zeros([1]));
    }
    using named = new Named();
    const names = ['in_weight', 'running_mean', 'self_attn.weight', 'self_attn.bias'];
    assert.deepEqual([...named.stateDict().keys()], names);
    using old = named.selfAttn;
    Object.assign(named, { selfAttn: new nn.Linear(1, 1) });
    assert.deepEqual([...named.stateDict().keys()], names);
    assert.notEqual(named.stateDict().get('self_attn.weight'), old.weight);
  });

  it('that hold one module twice have one parameter, and both names in the state', () => {
    class Tied extends nn.Module {
      a = new nn.Linear(2, 2, { bias: false });
      b = this.a;
    }
    using tied = new Tied();
    assert.deepEqual([...tied.namedParameters().keys()], ['a.weight']);
    assert.deepEqual([...tied.stateDict().keys()], ['a.weight', 'b.weight']);
  });

  it('may lead back to the module above', () => {
    class Lower extends nn.Module {
      weight = nn.parameter(ones([1]));
      parent: nn.Module | undefined;
    }
    class Parent extends nn.Module {
      lower = new Lower();
    }
    using parent = new Parent();
    parent.lower.parent = parent;
    assert.deepEqual([...parent.namedParameters().keys()], ['lower.weight']);
    assert.deepEqual([...parent.stateDict().keys()], ['lower.weight']);
  });

  it('live as long as the module, whatever the scope, if they are marked', () => {
    const net = scope(
      () =>
        new By(
          () => ({ w: nn.parameter(ones([2])), m: nn.buffer(ones([2])) }),
          (_, x) => x,
        ),
    );
    assert.deepEqual(
      [...net.stateDict().values()].map(({ disposed }) => disposed),
      [false, false],
    );
    const before = memory().live;
    net.dispose();
    assert.ok(memory().live < before);
    assert.equal(net.parameters()[0]?.disposed, true);
  });

  it('are buffers by registerBuffer, too', () => {
    using linear = new nn.Linear(1, 1);
    scope(() => linear.registerBuffer('mean', ones([3])));
    linear.registerBuffer('draft', ones([2]), { persistent: false });
    assert.deepEqual([...linear.namedBuffers().keys()], ['mean', 'draft']);
    assert.deepEqual([...linear.stateDict().keys()], ['weight', 'bias', 'mean']);
    assert.equal(linear.buffers()[0]?.disposed, false);
    assertBadInput(() => linear.registerBuffer('a.b', ones([1])), /a name without dots for registerBuffer .*'a\.b'/);
    assertBadInput(() => linear.registerBuffer('a', linear.weight), /requires no gradient/);
    assertBadInput(() => nn.buffer(linear.weight), /requires no gradient/);
    assertBadInput(() => nn.parameter(linear.weight.mul(2)), /a tensor not computed from parameters/);
  });
});

describe('what a module cannot see', () => {
  const x = () => ones([1, 2]);
  const linear = () => new nn.Linear(2, 2);
  const made: { dispose(): void }[] = [];
  const own = <T extends { dispose(): void }>(item: T): T => {
    made.push(item);
    return item;
  };
  afterEach(() => {
    for (const item of made.splice(0)) item.dispose();
  });
  returnsMemory(); // after what was made is disposed

  it('is refused at the first forward: modules in a plain array, a map, a set, an object', () => {
    const containers: ((module: nn.Module) => object)[] = [
      (module) => [module],
      (module) => new Map([['a', module]]),
      (module) => new Set([module]),
      (module) => ({ a: { b: [module] } }),
    ];
    for (const hide of containers) {
      const net = own(
        new By(
          () => ({ layers: hide(own(linear())) }),
          (_, y) => y,
        ),
      );
      for (const call of [() => net.forward(x()), () => noGrad(() => net.forward(x()))]) {
        assertBadInput(
          call,
          /^Expected an nn\.ModuleList or nn\.ModuleDict for the field layers of By .*neither trained/,
        );
      }
    }
  });

  it('is refused: parameters in a plain array', () => {
    const weights = [own(nn.parameter(ones([2])))];
    const net = own(
      new By(
        () => ({ weights }),
        (_, y) => F.mul(y, weights[0]),
      ),
    );
    assertBadInput(() => net.forward(x()), /an nn\.ParameterList for the field weights of By/);
  });

  it('is refused: a module in a private field, or none', () => {
    class Hidden extends nn.Module {
      readonly #fc = own(linear());
      forward(y: Tensor): Tensor {
        return this.#fc.forward(y);
      }
    }
    const hidden = own(new Hidden());
    for (let i = 0; i < 2; i++) {
      assertBadInput(() => hidden.forward(x()), /every module that Hidden\.forward calls .* a Linear that is not/);
    }
    hidden.namedModules();
    const frozen = own(linear());
    frozen.freeze('*');
    const outside = own(
      new By(
        () => ({}),
        (_, y) => frozen.forward(y),
      ),
    );
    assertBadInput(() => outside.forward(x()), /every module that By\.forward calls/);
  });

  it('is refused: a trainable tensor in a private field, or none', () => {
    class Hidden extends nn.Module {
      readonly #scale = own(nn.parameter(ones([2])));
      forward(y: Tensor): Tensor {
        return scope(() => F.mul(F.add(y, 1), this.#scale));
      }
    }
    const hidden = own(new Hidden());
    assertBadInput(() => hidden.forward(x()), /with requiresGrad that Hidden\.forward uses .* shape \(2\), in mul/);
    const deep = own(
      new By(
        () => ({ part: hidden }),
        (self, y) => (self.part as Hidden).forward(y),
      ),
    );
    assertBadInput(() => deep.forward(x()), /that By\.forward uses .* shape \(2\), in mul/);
  });

  it('is found where evaluation came first, and after unfreeze()', () => {
    const scale = own(nn.parameter(ones([2])));
    const net = own(
      new By(
        () => ({ fc: linear() }),
        (self, y) => F.mul((self.fc as nn.Linear).forward(y), scale),
      ),
    );
    scope(() => void noGrad(() => net.forward(x())));
    assertBadInput(() => net.forward(x()), /uses to be a parameter/);
    scale.requiresGrad = false;
    scope(() => void net.forward(x()));
    scale.requiresGrad = true;
    net.unfreeze();
    assertBadInput(() => net.forward(x()), /uses to be a parameter/);
  });

  it('is not what comes as an argument, was computed before, or runs without recording', () => {
    const other = own(linear());
    const scale = own(nn.parameter(ones([2])));
    class Takes extends nn.Module {
      fc = linear();
      forward(y: Tensor, options: { part?: nn.Linear; scale?: Tensor } = {}): Tensor {
        const out = options.part?.forward(y) ?? y;
        return F.mul(this.fc.forward(out), options.scale ?? 1);
      }
    }
    scope(() => {
      own(new Takes()).forward(x(), { part: other, scale });
      own(new Takes()).forward(F.mul(x(), scale));
      const before = F.mul(scale, 2);
      own(
        new By(
          () => ({}),
          (_, y) => F.mul(y, before),
        ),
      ).forward(x());
      own(
        new By(
          () => ({}),
          (_, y) =>
            F.add(
              y,
              noGrad(() => other.forward(y)),
            ),
        ),
      ).forward(x());
    });
  });

  it('is said of a plain tensor, which may be meant to be one thing or the other', async () => {
    const warned: string[] = [];
    const listen = ({ message }: Error) => warned.push(message);
    process.on('warning', listen);
    const net = own(
      new By(
        () => ({ table: own(ones([3, 5])) }),
        (_, y) => y,
      ),
    );
    scope(() => void net.forward(x()));
    await new Promise(setImmediate);
    process.off('warning', listen);
    assert.match(
      warned.join(),
      /a parameter or a buffer for the field table of By but it is a plain tensor of shape \(3,5\)/,
    );
  });
});
