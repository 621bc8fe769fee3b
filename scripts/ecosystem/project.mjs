// A fresh folder that has vitrine installed, and programs run in it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Thrown by a case that cannot be tried here, with the reason. */
export class Skipped extends Error {}

const MODEL = `const model = new ViT({ imgSize: 8, patchSize: 4, inChans: 1, numClasses: 10, embedDim: 16, depth: 1, numHeads: 2 });
const loss = F.crossEntropy(model.forward(randn([2, 1, 8, 8])), randint(0, 10, [2]));
loss.backward();
new optim.AdamW(model.parameters()).step(); // loads late
loss.item().then((value) => console.log('step', info().version, Number.isFinite(value) && model instanceof nn.Module));
`;
const NAMES = '{ F, info, nn, optim, randint, randn, ViT }';
/** A training step, as a module and as CommonJS; what it writes. */
export const STEP = `import ${NAMES} from 'vitrine';\n${MODEL}`;
export const STEP_CJS = `const ${NAMES} = require('vitrine');\n${MODEL}`;
export const STEPPED = /^step \d+\.\d+\.\d+\S* true$/m;

/** The variables of a shell without those that decide how vitrine or npm run; certificates of a network's own stay. */
export function cleanEnvironment(extra = {}) {
  const decides = /^(VITRINE_|NODE_(?!EXTRA_CA_CERTS)|npm_|OPENBLAS_|OMP_|MKL_|FORCE_COLOR|CI$)/;
  return { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !decides.test(name))), ...extra };
}

export class Project {
  constructor({ folder, tarball }, name, manifest = {}) {
    // Blanks and umlauts in every path.
    this.folder = join(mkdtempSync(join(folder, 'Projekt für Bücher ')), name);
    this.tarball = tarball;
    mkdirSync(this.folder);
    this.write('package.json', JSON.stringify({ name, version: '9.9.9', private: true, ...manifest }));
  }

  path(...parts) {
    return join(this.folder, ...parts);
  }

  write(file, text) {
    mkdirSync(dirname(this.path(file)), { recursive: true });
    writeFileSync(this.path(file), text);
    return this;
  }

  read(file) {
    return readFileSync(this.path(file), 'utf8');
  }

  /** Runs a command; a command that fails is an error with what it wrote. */
  run(command, args, { env, fails = false, ...options } = {}) {
    const settings = { cwd: this.folder, encoding: 'utf8', maxBuffer: 1 << 26, timeout: 300_000, ...options };
    const ended = spawnSync(command, args, { ...settings, env: env ?? cleanEnvironment() });
    if (ended.error) throw ended.error;
    const told = `${command} ${args.join(' ')} ended with ${ended.signal ?? ended.status}:\n${ended.stdout}${ended.stderr}`;
    assert.equal(ended.status !== 0, fails, told);
    return ended;
  }

  node(args, options) {
    return this.run(process.execPath, args, options);
  }

  /** As `npm install <tarball>`, from the registry. */
  npm(args = ['install', this.tarball, '--omit=optional'], options = {}) {
    this.run('npm', [...args, '--no-audit', '--no-fund', '--prefer-offline'], options);
    return this;
  }

  /** Unpacks the tarball as npm would, with copies of this tree's packages for what it depends on: no registry. */
  unpack() {
    const own = this.path('node_modules/vitrine');
    mkdirSync(own, { recursive: true });
    this.run('tar', ['-xzf', this.tarball, '--strip-components=1', '-C', own]);
    const copy = (name) => {
      const to = this.path('node_modules', name);
      cpSync(join('node_modules', name), to, { recursive: true });
      for (const below of Object.keys(JSON.parse(readFileSync(join(to, 'package.json'), 'utf8')).dependencies ?? {}))
        copy(below);
    };
    for (const name of Object.keys(JSON.parse(readFileSync(join(own, 'package.json'), 'utf8')).dependencies))
      copy(name);
    return this;
  }
}

/** Asserts that a training step was told. */
export function assertStepped({ stdout, stderr }) {
  assert.match(stdout, STEPPED, stdout + stderr);
}
