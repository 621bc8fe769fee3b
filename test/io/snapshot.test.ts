import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Capture, io, optim, Trainer, type ViT } from '../../lib/index.js';
import { textures, tinyViT } from '../train/tiny-problem.js';

// Saves under way at once; each is read again and compared.
const MOST = 10;

describe('what is saved while training goes on', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'vitrine-snapshot-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** What a way of saving leaves on disk. */
  const WAYS: Record<string, (model: ViT, path: string) => Promise<void>> = {
    'model.save': (model, path) => model.save(path),
    'model.save for Hugging Face': (model, path) => model.save(path, { layout: 'hf' }),
    'io.saveSafetensors': (model, path) => io.saveSafetensors(path, model.stateDict()),
  };

  /** Whether a file holds these values, however they are named and split. */
  async function holds(path: string, values: ReadonlyMap<string, ArrayLike<number>>): Promise<boolean> {
    const isFolder = statSync(path).isDirectory();
    const loaded = await io.loadSafetensors(isFolder ? join(path, 'model.safetensors') : path);
    const found = [...loaded.values()].flatMap((item) => [...item.dataSync()]).sort();
    for (const item of loaded.values()) item.dispose();
    const wanted = [...values.values()].flatMap((item) => Array.from(item)).sort();
    return found.length === wanted.length && found.every((value, i) => value === wanted[i]);
  }

  for (const [name, save] of Object.entries(WAYS)) {
    for (const capture of [true, false]) {
      it(`is of one step: ${name}, ${capture ? 'steps replayed' : 'steps op by op'}`, async () => {
        const saved: Promise<boolean>[] = [];
        using model = tinyViT();
        const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
        const snap = (): void => {
          if (saved.length === MOST) return;
          const path = join(folder, `${name}-${capture}-${saved.length}.safetensors`);
          const values = io.readStateDict(model.stateDict());
          const written = save(model, path);
          saved.push(Promise.all([values, written]).then(([now]) => holds(path, now)));
        };
        const timer = setInterval(snap, 1); // comes in the middle of steps, too
        const onEpoch = snap; // is not awaited: the next epoch begins while this writes
        const options = { model, optimizer, train: textures(64), batchSize: 16, epochs: 8, capture, onEpoch };
        await new Trainer(options).fit();
        clearInterval(timer);
        assert.ok((await Promise.all(saved)).every(Boolean));
        assert.ok(saved.length > 2);
        optimizer.dispose();
      });
    }
  }

  it('is of one step, weights and optimizer state, where both are saved in one go', async () => {
    using model = tinyViT();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    const found: Promise<void>[] = [];
    const onProgress = (): void => {
      const weights = io.readStateDict(model.stateDict());
      const state = io.readStateDict(optimizer.stateDict());
      found.push(
        Promise.all([weights, state]).then(([, after]) => {
          const steps = new Set(after.get('steps'));
          assert.equal(steps.size, 1); // all parameters have taken as many
        }),
      );
    };
    await new Trainer({ model, optimizer, train: textures(64), batchSize: 16, epochs: 4, onProgress }).fit();
    await Promise.all(found);
    assert.equal(found.length, 16);
    optimizer.dispose();
  });

  it('cannot be read inside a captured function', async () => {
    using model = tinyViT();
    const path = join(folder, 'captured.safetensors');
    let saving: Promise<void> | undefined;
    new Capture(() => {
      saving = model.save(path);
    }).dispose();
    await assert.rejects(saving ?? Promise.resolve(), /^Error: Expected no .+ inside a captured function/);
  });
});
