import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../lib/native.js';
import { childEnvironment } from '../child-environment.js';

/** What Node.js gained since 16, of what a program like this one would use. */
const NEWER: Readonly<Record<string, readonly string[]>> = {
  'node:zlib': ['crc32', 'createZstdCompress', 'createZstdDecompress', 'zstdCompress', 'zstdDecompress'],
  'node:fs/promises': ['statfs', 'glob'],
  'node:fs': ['statfs', 'statfsSync', 'glob', 'globSync', 'openAsBlob'],
  'node:os': ['availableParallelism'],
  'node:util': ['styleText', 'parseEnv', 'stripVTControlCharacters', 'getCallSites', 'MIMEType'],
  'node:module': ['registerHooks', 'stripTypeScriptTypes', 'enableCompileCache', 'findPackageJSON'],
  'node:process': ['loadEnvFile', 'getBuiltinModule'],
};

describe('a Node.js that is too old', () => {
  const package_ = readFileSync(join(packageRoot, 'package.json'), 'utf8');
  const { engines, exports } = JSON.parse(package_) as {
    engines: { node: string };
    exports: Record<string, string | { default: string }>;
  };

  /** Imports a file of the package as the version that it is told would. */
  function importAs(version: string, file: string): string {
    const program = `
      Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });
      Object.defineProperty(process, 'version', { value: 'v${version}' });
      await import(${JSON.stringify(pathToFileURL(join(packageRoot, file)).href)}).then(() => console.log('imported'), (error) => console.log(error.message));`;
    const args = ['--input-type=module', '--eval', program];
    return spawnSync(process.execPath, args, { env: childEnvironment(), encoding: 'utf8' }).stdout;
  }

  const asked = engines.node.replace('>=', '');
  const paths = Object.values(exports).flatMap((target) => (typeof target === 'string' ? [] : [target.default]));
  for (const file of paths) {
    it(`is told by ${file}, with what mends it`, () => {
      assert.match(
        importAs('20.18.3', file),
        /^Expected Node\.js >= 20\.19 for vitrine but received v20\.18\.3\. Install a newer one, as with `nvm install --lts`.*\n$/,
      );
    });
  }

  it("begins where package.json's engines end", () => {
    assert.equal(asked, '20.19.0');
    assert.equal(importAs(asked, 'dist/lib/index.js'), 'imported\n');
  });

  it('is told in place of what it lacks, which no file names among its imports', () => {
    const folder = join(packageRoot, 'dist/package');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
    assert.ok(files.length > 5);
    const named = files.flatMap((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      const imports = [...text.matchAll(/^import \{([^}]*)\} from "(node:[\w/]+)"/gm)];
      return imports.flatMap(([, names = '', from = '']) =>
        names.split(',').map((name) => ({ from, name: name.trim().split(' as ')[0] ?? '' })),
      );
    });
    assert.ok(named.length > 50);
    assert.deepEqual(
      named.filter(({ from, name }) => NEWER[from]?.includes(name)),
      [],
    );
  });
});
