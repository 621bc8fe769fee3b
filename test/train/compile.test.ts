import assert from 'node:assert/strict';
import {
  autocast,
  type CompiledModel,
  compile,
  evaluate,
  info,
  manualSeed,
  nn,
  noGrad,
  randn,
  scope,
  startTrace,
  stopTrace,
  type Tensor,
  tensor,
  ViT,
} from '../../lib/index.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';
import { textures, tinyViT } from './tiny-problem.js';

const SIZES = { imgSize: 8, patchSize: 4, inChans: 1, numClasses: 10, embedDim: 32, depth: 2, numHeads: 2 };

function made(options = {}): ViT {
  manualSeed(5);
  const model = new ViT({ ...SIZES, ...options });
  model.eval();
  return model;
}

const eager = (model: { forward(x: Tensor): Tensor }, images: Tensor): number[] =>
  noGrad(() => scope(() => Array.from(model.forward(images).dataSync())));

/** Checks that it gives the model's own bits, so many times, on other images each time. */
function agrees(compiled: CompiledModel, model: { forward(x: Tensor): Tensor }, count: number, times: number): void {
  for (let i = 0; i < times; i++) {
    scope(() => {
      const images = randn([count, 1, 8, 8]);
      assert.deepEqual(Array.from(compiled.forward(images).dataSync()), eager(model, images));
    });
  }
}

describe('compile', () => {
  it('gives the bits of the model, replayed from the third time on, by shape', () => {
    const model = made();
    const compiled = compile(model);
    agrees(compiled, model, 3, 1);
    assert.equal(compiled.size, 0);
    agrees(compiled, model, 3, 4);
    assert.equal(compiled.size, 1);
    agrees(compiled, model, 2, 3);
    agrees(compiled, model, 3, 2);
    assert.equal(compiled.size, 2);
    compiled.dispose();
  });

  it('enqueues what is recorded with one command', () => {
    const compiled = compile(made());
    scope(() => {
      const images = randn([2, 1, 8, 8]);
      for (let i = 0; i < 2; i++) compiled.forward(images);
      startTrace();
      compiled.forward(images);
      const names = stopTrace().map(({ name }) => name);
      assert.ok(names.includes('replay'), names.join());
    });
    compiled.dispose();
  });

  it('gives results that later calls leave alone', () => {
    const compiled = compile(made());
    scope(() => {
      const images = randn([2, 1, 8, 8]);
      for (let i = 0; i < 2; i++) compiled.forward(images);
      const result = compiled.forward(images);
      const before = Array.from(result.dataSync());
      compiled.forward(randn([2, 1, 8, 8]));
      assert.deepEqual(Array.from(result.dataSync()), before);
    });
    compiled.dispose();
  });

  it('reads the weights as they are at each call', () => {
    const model = made();
    const compiled = compile(model);
    agrees(compiled, model, 2, 4);
    scope(() => {
      for (const parameter of model.parameters()) {
        parameter.set(Array.from(parameter.dataSync(), (value) => 1.5 * value + 0.01));
      }
    });
    agrees(compiled, model, 2, 2);
    assert.equal(compiled.size, 1);
    compiled.dispose();
  });

  it('is recorded anew where the mode, a hook or a field changes', () => {
    const model = made();
    const compiled = compile(model);
    agrees(compiled, model, 2, 3);
    let calls = 0;
    const handle = model.registerForwardHook(() => {
      calls++;
    });
    agrees(compiled, model, 2, 3);
    assert.equal(calls, 6);
    assert.equal(compiled.size, 0);
    handle.remove();
    agrees(compiled, model, 2, 3);
    assert.equal(compiled.size, 1);
    model.train();
    agrees(compiled, model, 2, 1);
    assert.equal(compiled.size, 0);
    compiled.dispose();
  });

  it('keeps four shapes, and lets the oldest go', () => {
    const model = made();
    const compiled = compile(model);
    for (let count = 1; count <= 5; count++) agrees(compiled, model, count, 2);
    assert.equal(compiled.size, 4);
    agrees(compiled, model, 1, 2);
    compiled.dispose();
  });

  it('keeps precisions apart', function () {
    if (!info().bf16.available) this.skip();
    const model = made();
    const compiled = compile(model);
    for (let i = 0; i < 3; i++) {
      agrees(compiled, model, 2, 1);
      autocast('bf16', () => agrees(compiled, model, 2, 1));
    }
    assert.equal(compiled.size, 2);
    compiled.dispose();
  });

  it('runs a forward of the user op by op, unless told otherwise', () => {
    let scale = 1;
    class Scaled extends nn.Module {
      readonly inner = made();
      forward(x: Tensor): Tensor {
        return this.inner.forward(x).mul(scale);
      }
    }
    const model = new Scaled();
    const compiled = compile(model);
    agrees(compiled, model, 2, 3);
    scale = 2;
    agrees(compiled, model, 2, 1);
    assert.equal(compiled.size, 0);
    const captured = compile(model, { capture: true });
    agrees(captured, model, 2, 3);
    assert.equal(captured.size, 1);
    for (const one of [compiled, captured]) one.dispose();
  });

  it('runs a forward op by op that brings values from JavaScript', () => {
    let calls = 0;
    class Counting extends nn.Module {
      forward(x: Tensor): Tensor {
        return x.mul(tensor([++calls]));
      }
    }
    const compiled = compile(new Counting(), { capture: true });
    scope(() => {
      const ones = tensor([1, 1]);
      const results = [1, 2, 3, 4].map(() => compiled.forward(ones).dataSync()[0]);
      assert.deepEqual(results, [1, 2, 3, 4]);
    });
    assert.equal(compiled.size, 0);
    compiled.dispose();
  });

  it('gives its memory back', () =>
    leavesNothing(() => {
      const model = made();
      const compiled = compile(model);
      agrees(compiled, model, 2, 3);
      compiled.dispose();
      assert.throws(() => compiled.forward(model.parameters()[0] as Tensor), /live compiled model.*disposed/);
      for (const held of [...model.parameters(), ...model.buffers()]) held.dispose();
    }));

  it('is what evaluate runs', async () => {
    using model = tinyViT();
    startTrace();
    await evaluate(model, textures(50), 10);
    const names = stopTrace().map(({ name }) => name);
    assert.equal(names.filter((name) => name === 'replay').length, 3);
  });

  it('refuses what is no model, and unknown options', () => {
    assert.throws(() => compile({} as ViT), /a model, a Module with a forward of one tensor, for compile/);
    assert.throws(() => compile(made(), { captures: true } as object), /captures/);
    assert.throws(() => compile(made(), { capture: 1 as unknown as boolean }), /compile capture/);
  });
});
