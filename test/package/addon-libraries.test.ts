import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { addonPath, packageRoot } from '../../lib/native.js';

interface Binary {
  format: string;
  machine: string;
  libraries: string[];
  imports: { name: string; version?: string }[];
  exports: string[];
}

interface Faults {
  readBinary(bytes: Buffer): Binary;
  faultsOf(platform: string, bytes: Buffer): string[];
}

const faults = pathToFileURL(join(packageRoot, 'scripts/prebuild/faults.mjs')).href;
const { readBinary, faultsOf } = (await import(faults)) as Faults;

describe('the addon', () => {
  const bytes = readFileSync(addonPath);
  const { format, libraries, imports, exports } = readBinary(bytes);

  before(function () {
    // The sanitizers' builds hold their run-time libraries.
    if (format !== 'elf' || process.env.VITRINE_ADDON) this.skip();
  });

  it("needs the C library and nothing else: no C++ library, no Highway, no products' library", () => {
    assert.ok(
      libraries.some((name) => /^libc\./.test(name)),
      `the libraries were found: ${libraries}`,
    );
    const own = /^(lib(c|m|dl|pthread)|ld-linux.*|ld-musl.*)\./;
    assert.deepEqual(
      libraries.filter((name) => !own.test(name)),
      [],
    );
  });

  it('takes no symbol of a C++ library, and gives none away: what it exports is for Node.js', () => {
    assert.ok(imports.length > 100, `the symbols were found: ${imports.length}`);
    assert.deepEqual(
      imports.filter(({ version }) => /^(GLIBCXX|CXXABI|GCC)_/.test(version ?? '')),
      [],
    );
    assert.deepEqual(exports.toSorted(), ['napi_register_module_v1', 'node_api_module_get_api_version_v1']);
  });

  it('is found at fault where it is not what a platform takes', () => {
    assert.match(faultsOf('darwin-arm64', bytes).join(' '), /Expected mach-o for arm64 but it is elf for \w+\./);
  });
});
