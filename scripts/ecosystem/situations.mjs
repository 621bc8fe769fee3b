// Where the package lies and what it may: no network is needed.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packedAddon } from './pack.mjs';
import { assertStepped, cleanEnvironment, Project, Skipped, STEP, STEP_CJS } from './project.mjs';

/** Node 20 has the permissions' flag under its first name. */
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';
const ONLY_READS = [PERMISSION, '--allow-fs-read=*', '--no-warnings'];

const unpacked = (context, name) =>
  new Project(context, name).unpack().write('step.mjs', STEP).write('step.cjs', STEP_CJS);

function noPath(context) {
  const project = unpacked(context, 'no-path');
  const { stdout } = project.node(['node_modules/vitrine/dist/package/cli.js', 'info'], { env: { PATH: '' } });
  assert.match(stdout, /native code .*vitrine\.node/);
  assertStepped(project.node(['step.mjs'], { env: {} }));
  return 'import, vitrine info';
}

function readOnly(context) {
  const project = unpacked(context, 'read-only');
  project.run('chmod', ['-R', 'a-w', project.folder]);
  // The superuser writes all the same: what it may not is by the permissions, which forbid writing and spawning.
  assertStepped(project.node([...ONLY_READS, '--allow-addons', 'step.mjs']));
  return 'nothing written, nothing spawned';
}

function nobody(context) {
  if (process.getuid?.() !== 0) return assertStepped(unpacked(context, 'user').node(['step.mjs']));
  const project = unpacked(context, 'nobody');
  // Node.js itself may lie where nobody else looks.
  if (spawnSync('setpriv', ['--version']).status !== 0) throw new Skipped('setpriv is not installed');
  for (let folder = project.folder; folder.startsWith(context.folder); folder = join(folder, '..'))
    chmodSync(folder, 0o755);
  const user = ['--reuid=65534', '--regid=65534', '--clear-groups'];
  assertStepped(project.run('setpriv', [...user, process.execPath, 'step.mjs'], { env: { HOME: '/nonexistent' } }));
  return 'as nobody, without a home';
}

function permissions(context) {
  const project = unpacked(context, 'permission');
  assertStepped(project.node([...ONLY_READS, '--allow-addons', 'step.mjs']));
  const { stderr } = project.node([...ONLY_READS, 'step.mjs'], { fails: true });
  assert.match(stderr, /Start node with `--allow-addons` beside `--permission`/);
  return 'with --allow-addons; one sentence without';
}

const WORKERS = `import { once } from 'node:events';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import { F, matmul, randn } from 'vitrine';
const factor = randn([256, 256]);
if (isMainThread) {
  const workers = Array.from({ length: 4 }, () => new Worker(new URL(import.meta.url)));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  await Promise.all(workers.map((worker) => worker.terminate()));
  console.log('ended', (await F.matmul(factor, factor).data()).every(Number.isFinite));
} else {
  parentPort.postMessage('computing');
  for (;;) { F.matmul(factor, factor).dispose(); await new Promise(setImmediate); }
}
`;

function workers(context) {
  const project = unpacked(context, 'workers').write('workers.mjs', WORKERS.replace('F, matmul, randn', 'F, randn'));
  assert.match(project.node(['workers.mjs']).stdout, /^ended true$/m);
  return 'four, ended while they computed';
}

function twoVersions(context) {
  const project = unpacked(context, 'two-versions');
  const [own, other] = ['node_modules/vitrine', 'node_modules/other/node_modules/vitrine'].map((path) =>
    project.path(path),
  );
  cpSync(own, other, { recursive: true });
  const chunks = join(other, 'dist/package');
  for (const file of readdirSync(chunks).filter((name) => name.endsWith('.js'))) {
    const text = readFileSync(join(chunks, file), 'utf8');
    writeFileSync(join(chunks, file), text.replace(/^var VERSION = "[^"]*"/m, 'var VERSION = "0.0.9"'));
  }
  project.write('node_modules/other/package.json', '{ "name": "other", "type": "module", "exports": "./index.js" }');
  project.write('node_modules/other/index.js', "export { info } from 'vitrine';");
  project.write('two.mjs', `${STEP}import { info as other } from 'other';\nconsole.log(other().version);`);
  const { stdout, stderr } = project.node(['two.mjs']);
  assertStepped({ stdout, stderr });
  assert.match(stdout, /^0\.0\.9$/m);
  assert.match(stderr, /Expected one vitrine in this process but .*`npm ls vitrine`.*`npm dedupe`/);
  return 'one warning, with the command';
}

function firstExample(context) {
  const project = new Project(context, 'readme').unpack();
  const [, example] = /## A model in ten lines\n\n```ts\n(.*?)```/s.exec(readFileSync('README.md', 'utf8')) ?? [];
  project.write('example.mjs', example);
  const accuracy = Number(project.node(['example.mjs']).stdout);
  assert.ok(accuracy > 0.5 && accuracy <= 1, `its accuracy is ${accuracy}`);
  return `accuracy ${accuracy.toFixed(3)}`;
}

function programs(context) {
  const project = unpacked(context, 'programs');
  const cli = 'node_modules/vitrine/dist/package/cli.js';
  const bench = project.node([cli, 'bench', 'embed', '--seconds', '0.05', '--json']).stdout.trim().split('\n');
  assert.ok(bench.map((line) => JSON.parse(line)).every(({ suite }) => suite === 'embed'));
  renameSync(project.path('node_modules/vitrine/prebuilds'), project.path('node_modules/vitrine/none'));
  const { stdout, stderr } = project.node([cli, 'setup'], { env: { PATH: '' }, fails: true });
  assert.match(stdout + stderr, /compiler/, 'setup says what to install');
  assert.match(project.node([cli, '--help']).stdout, /Usage: vitrine/);
  return 'bench embed; setup without a compiler says what to install; help without a binary';
}

function otherMachine(context) {
  const project = unpacked(context, 'other-machine');
  const addon = project.path('node_modules/vitrine', packedAddon());
  writeFileSync(addon, readFileSync(addon).subarray(0, 100_000));
  const { stderr } = project.node(['step.cjs'], { fails: true, env: cleanEnvironment() });
  assert.match(stderr, /it has \d+ bytes of \d+\nInstall vitrine again with `npm install --force`/);
  return 'one message, with each file and its reason';
}

export const cases = [
  { name: 'no PATH', run: noPath },
  { name: 'read-only node_modules', run: readOnly },
  { name: 'another user', run: nobody },
  { name: '--permission', run: permissions },
  { name: 'worker threads', run: workers },
  { name: 'two versions in one process', run: twoVersions },
  { name: "README's first example", run: firstExample },
  { name: 'the programs', run: programs },
  { name: 'a truncated binary', run: otherMachine },
];
