// What the package is tried with, installed once into build-ecosystem/, which is kept between runs.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { step } from '../setup/step.mjs';

const FOLDER = resolve(dirname(fileURLToPath(import.meta.url)), '../../build-ecosystem');

const system = platform() === 'win32' ? 'win' : platform();
/** npm's package with Node.js's binary for this machine; the package `node` puts it in place by an install script. */
const nodeBinary = (range) => `npm:node-${system}-${arch()}@${range}`;

/** By the name that a case asks for: the range to install, as package.json has it. */
const TOOLS = {
  'node-20.19.0': nodeBinary('20.19.0'),
  'node-20': nodeBinary('20'),
  'node-22': nodeBinary('22'),
  'node-24': nodeBinary('24'),
  'node-newest': nodeBinary('latest'),
  'typescript-5.2': 'npm:typescript@5.2',
  'typescript-5.5': 'npm:typescript@5.5',
  'typescript-5.9': 'npm:typescript@5.9',
  'typescript-7': 'npm:typescript@7',
  '@types/node': '^20',
  pnpm: '^10',
  '@yarnpkg/cli-dist': '^4',
  bun: '^1',
  deno: '^2',
  esbuild: '^0.28',
  webpack: '^5',
  vite: '^7',
  '@vercel/nft': '^1',
  vitest: '^3',
  jest: '^30',
};

export const packageOf = (name) => join(FOLDER, 'node_modules', name);
export const manifestOf = (name) => JSON.parse(readFileSync(join(packageOf(name), 'package.json'), 'utf8'));
/** The version of a tool that is installed. */
export const versionOf = (name) => manifestOf(name).version;

/** Installs the tools that are missing. */
export async function installTools(names) {
  const missing = names.filter((name) => !existsSync(join(packageOf(name), 'package.json')));
  if (missing.length === 0) return;
  mkdirSync(FOLDER, { recursive: true });
  if (!existsSync(join(FOLDER, 'package.json'))) writeFileSync(join(FOLDER, 'package.json'), '{ "private": true }\n');
  const specs = missing.map((name) => `${name}@${TOOLS[name]}`);
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...specs];
  await step(`ecosystem: installing ${missing.join(', ')}`, 'npm', args, { cwd: FOLDER });
}

/** The file of a tool's program, which Node.js runs. */
export function programOf(name, program = name) {
  const { bin } = manifestOf(name);
  return join(packageOf(name), typeof bin === 'string' ? bin : bin[program]);
}

/** A Node.js of another version. */
export const nodeOf = (name) => join(packageOf(name), 'bin/node');

/** The binary of Bun or of Deno, which lies in a package of its platform. */
export function binaryOf(name) {
  const scope = name === 'bun' ? '@oven' : '@deno';
  const { optionalDependencies } = manifestOf(name);
  const candidates = Object.keys(optionalDependencies).filter((dependency) => dependency.startsWith(scope));
  return candidates
    .flatMap((dependency) => [join(packageOf(dependency), 'bin', name), join(packageOf(dependency), name)])
    .find((file) => existsSync(file));
}
