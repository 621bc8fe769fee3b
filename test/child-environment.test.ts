import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packageRoot } from '../lib/native.js';
import { childEnvironment } from './child-environment.js';
import { temporaryDirectory } from './io/temporary-directory.js';

const hostile = {
  OPENBLAS_CORETYPE: 'Haswell',
  OMP_NUM_THREADS: '7',
  MKL_DEBUG_CPU_TYPE: '5',
  NODE_OPTIONS: '--max-old-space-size=4096',
  NODE_ENV: 'production',
  FORCE_COLOR: '1',
  NO_COLOR: '1',
  LANG: 'de_DE.UTF-8',
  LC_ALL: 'de_DE.UTF-8',
  TZ: 'Asia/Kathmandu',
  VITRINE_DEBUG: '1',
};

/** The TypeScript of the tests, where they lie in a checkout. */
function testSources(): [path: string, text: string][] {
  const folder = join(packageRoot, 'test');
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  return paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]);
}

describe('the environment of the tests', function () {
  this.timeout(60_000);
  const at = temporaryDirectory();

  /** What a test that prints its environment sees where mocha is started with these variables. */
  function seen(env: Readonly<Record<string, string>>): { variables: NodeJS.ProcessEnv; stderr: string } {
    const file = at('prints.test.cjs');
    writeFileSync(file, "it('prints', () => console.log('\\n' + JSON.stringify(process.env)));\n");
    const args = [createRequire(import.meta.url).resolve('mocha/bin/mocha.js'), file]; // with the settings of all tests
    const { stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: packageRoot,
      env: { ...childEnvironment({ VITRINE_GEMM: undefined, VITRINE_THREADS: undefined }), ...env },
      encoding: 'utf8',
      input: '',
    });
    const line = stdout.split('\n').find((text) => text.startsWith('{')) ?? assert.fail(stdout + stderr);
    return { variables: JSON.parse(line), stderr };
  }

  it("holds nothing of the tester's that changes results, in mocha's own process and in those that tests start", () => {
    const { variables } = seen(hostile);
    for (const name of Object.keys(hostile)) assert.equal(variables[name], undefined, name);
    const child = childEnvironment({ PATH: 'here', HOME: undefined });
    assert.deepEqual([child.PATH, child.HOME], ['here', undefined]);
  });

  it('keeps what is tested, unless vitrine refuses it, which is told', () => {
    const wrong = { VITRINE_GEMM: 'abacus', VITRINE_THREADS: '2', TMPDIR: at('nowhere') };
    const { variables, stderr } = seen(wrong);
    assert.deepEqual([variables.VITRINE_GEMM, variables.VITRINE_THREADS], [undefined, '2']);
    assert.equal(variables.TMPDIR, undefined);
    assert.match(stderr, /^tests: leaving out VITRINE_GEMM\. Expected 'onednn' or 'openblas' for VITRINE_GEMM/m);
    assert.match(stderr, /^tests: leaving out TMPDIR\. Expected a folder to write to/m);
  });

  it('is made by one helper for every process that a test starts', () => {
    const starters = testSources().filter(([, text]) => text.includes("from 'node:child_process'"));
    assert.ok(starters.length > 5);
    for (const [path, text] of starters) assert.match(text, /\benv: .*childEnvironment\(|= childEnvironment\(/, path);
  });
});
