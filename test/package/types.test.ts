import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../lib/native.js';
import { childEnvironment } from '../child-environment.js';

const resolve = createRequire(import.meta.url).resolve;

/** What a user writes, of every part of the library. */
const PROGRAM = `
import { autocast, Capture, data, F, io, keep, nn, noGrad, optim, render, scope, type Tensor, Trainer, tensor, ViT } from 'vitrine';
class Net extends nn.Module {
  readonly inner = this.child('inner', new nn.Linear(2, 2));
  readonly scale: Tensor = this.parameter('scale', () => tensor([1]));
  forward(x: Tensor): Tensor { return scope(() => F.gelu(this.inner.forward(x).mul(this.scale), { approximate: 'tanh' })); }
}
export const net = new Net();
export const kept: Tensor = keep(noGrad(() => autocast('fp32', () => net.forward(tensor([[1, 2]])))));
export const sgd: optim.Optimizer = new optim.SGD(net.parameters(), { lr: 0.1 });
export const capture: Capture<Tensor> = new Capture(() => net.forward(kept));
export const model: ViT = ViT.create('vit_tiny_patch16_224', { numClasses: 2 });
export const files = async () => [await io.readNpz('a.npz'), await io.readSafetensors('a'), await ViT.fromPretrained('a')];
export const png: Promise<Uint8Array> = render.attention(model, kept, { layer: 'rollout' });
export const load: Promise<data.ArrayDataset> = data.loadIdxDataset('digits', 'train');
declare const either: Tensor;
export const ofDType: Promise<[Float32Array, Int32Array, Float32Array | Int32Array]> = Promise.all([
  F.exp(tensor([1])).add(1).data(), tensor(new Int32Array(1)).to('float32').gt(0).data(), either.data(),
]);
const ints2 = tensor(new Int32Array(4));
export const moved: [Int32Array, Int32Array, Int32Array, Float32Array, Float32Array] = [
  ints2.reshape([2, 2]).transpose(0, 1).flatten().slice(0, 1).expand([2, 1]).dataSync(),
  F.stack([ints2, F.cat([ints2])]).split(1)[0]!.index([0]).add_(1).dataSync(),
  ints2.sort().values.maskedFill(ints2.gt(0), 1).dataSync(),
  tensor([1]).gather(0, ints2).topk(1).values.dataSync(),
  F.permute(tensor([[1]]), [1, 0]).roll(1).dataSync(),
];
let anyOf = tensor([1]);
anyOf = either;
anyOf = net.forward(anyOf);
// @ts-expect-error: float32 is no int32
export const ints: Tensor<'int32'> = tensor([1]);
export const labels: Tensor = tensor(new Int32Array(1));
export { Trainer };
`;

const compilerOptions = {
  ...{ module: 'nodenext', target: 'es2022', lib: ['es2022', 'esnext.disposable'] },
  ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true, types: ['node'] },
};

describe('the types of an installed vitrine', () => {
  const root = mkdtempSync(join(tmpdir(), 'vitrine-types-'));
  after(() => rmSync(root, { recursive: true, force: true }));

  it('check in a strict project that has none but those of Node.js and of the packages vitrine depends on', function () {
    this.timeout(60_000);
    const modules = join(root, 'node_modules');
    const own = join(modules, 'vitrine');
    mkdirSync(join(own, 'dist'), { recursive: true });
    mkdirSync(join(modules, '@types'));
    cpSync(join(packageRoot, 'package.json'), join(own, 'package.json'));
    cpSync(join(packageRoot, 'dist/lib'), join(own, 'dist/lib'), { recursive: true });
    const { dependencies } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
    for (const name of [...Object.keys(dependencies), '@types/node', 'undici-types']) {
      symlinkSync(join(packageRoot, 'node_modules', name), join(modules, name));
    }
    writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(root, 'program.ts'), PROGRAM);
    const settings = { compilerOptions, files: ['program.ts'] };
    writeFileSync(join(root, 'tsconfig.json'), JSON.stringify(settings));
    const tsc = join(dirname(resolve('typescript/package.json')), 'bin/tsc');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', root], {
      encoding: 'utf8',
      env: childEnvironment(),
    });
    assert.equal(stdout, '');
    assert.equal(status, 0);
  });

  it('have no members that are ours alone', () => {
    const tensor = readFileSync(join(packageRoot, 'dist/lib/tensor.d.ts'), 'utf8');
    assert.match(tensor, /export declare class Tensor/);
    assert.doesNotMatch(tensor, /@internal|get handle|get storage|outputIndex/);
  });
});
