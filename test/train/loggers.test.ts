import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loggers, optim, Trainer, type TrainingState } from '../../lib/index.js';
import { crc32c } from '../../lib/io/formats/crc32c.js';
import { record, scalarEvent } from '../../lib/train/loggers/tensorboard-event.js';
import { childEnvironment } from '../child-environment.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { textures, tinyViT } from './tiny-problem.js';

const EVENT = '1b000000000000001a0d9e1309000000000000f83f10ac022a0d0a0b0a046c6f7373150000803e9908deed';
const RECORD = '0300000000000000b099490e6162636e57f121';

describe('CRC-32C', () => {
  it("is RFC 3720's", () => {
    assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
    assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
    assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
    assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  });
});

describe('a TensorBoard event', () => {
  it('is framed and encoded byte for byte as the tensorboard package does', () => {
    // EventFileWriter of tensorboard 2.x on Event(wall_time=1.5, step=300, scalar loss 0.25)
    const event = scalarEvent({ wallTime: 1.5, step: 300 }, 'loss', 0.25);
    assert.equal(Buffer.from(event).toString('hex'), EVENT);
    assert.equal(Buffer.from(record(Buffer.from('abc'))).toString('hex'), RECORD);
  });
});

/** The records of a file; asserts their framing. */
function recordsOf(path: string): Buffer[] {
  const bytes = readFileSync(path);
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    const data = bytes.subarray(at + 12, at + 12 + length);
    assert.deepEqual(Buffer.from(record(data)), bytes.subarray(at, at + 16 + length));
    records.push(data);
    at += 16 + length;
  }
  return records;
}

describe('loggers', () => {
  const path = temporaryDirectory();

  it('write what happens: TensorBoard events and JSON lines', async () => {
    using model = tinyViT();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const board = new loggers.TensorBoard(path('board'), { histograms: true });
    const lines = new loggers.JsonLines(path('metrics.jsonl'));
    const options = { model, optimizer, train: textures(32), test: textures(8), batchSize: 8, epochs: 2 };
    await new Trainer({ ...options, callbacks: [board, lines], logEvery: 2, metrics: ['f1', 'confusionMatrix'] }).fit();
    await Promise.all([board.text('note', 'a **b**', 8), board.scalar('x', Number.NaN, 8)]);
    await board.image('dot', { height: 1, width: 1, png: Buffer.from('png') }, 8);
    optimizer.dispose();
    const [file, ...others] = readdirSync(path('board'));
    assert.deepEqual(others, []);
    const records = recordsOf(join(path('board'), file)).map((data) => data.toString('latin1'));
    assert.match(records[0], /brain\.Event:2/);
    for (const tag of ['train/loss', 'test/f1', 'epoch/accuracy', 'weights/head.weight', 'note', 'dot']) {
      assert.ok(
        records.some((data) => data.includes(tag)),
        tag,
      );
    }
    const told = readFileSync(path('metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      told.map(({ event, step }) => `${event} ${step}`),
      ['log 2', 'log 4', 'evaluate 4', 'epoch 4', 'log 6', 'log 8', 'evaluate 8', 'epoch 8'],
    );
    assert.equal(told[2].metrics.confusionMatrix.length, 4);
    assert.equal(told[7].metrics.f1, told[6].metrics.f1);
  });

  it('tell TensorBoard which steps come again', async () => {
    await using board = new loggers.TensorBoard(path('resumed'));
    await board.onTrainBegin({ globalStep: 0 } as TrainingState);
    await board.onTrainBegin({ globalStep: 299 } as TrainingState);
    const [file] = readdirSync(path('resumed'));
    const records = recordsOf(join(path('resumed'), file));
    // Event: wall_time (1), step (2) 300, session_log (7) { status (1) START }
    assert.deepEqual(
      records.map((data) => data.subarray(9).toString('hex')),
      [Buffer.from('\x1a\x0dbrain.Event:2', 'latin1').toString('hex'), '10ac023a020801'],
    );
  });

  it('leave whole events where there is no more room, and say so in a sentence', function () {
    if (process.platform === 'win32') this.skip(); // there is no limit to set
    const library = JSON.stringify(new URL('../../lib/index.js', import.meta.url).href);
    const program = `
      import { loggers } from ${library};
      const board = new loggers.TensorBoard(${JSON.stringify(path('full'))});
      try {
        for (let i = 0; i < 20; i++) await board.text('note', 'x'.repeat(1500), i);
      } catch ({ name, message }) {
        console.log(name, message);
      }`;
    // Files of 8 blocks at most, 4 or 8 KiB by the shell: what a full disk is to who writes.
    const args = ['-c', 'ulimit -f 8 && exec "$0" --input-type=module --eval "$1"', process.execPath, program];
    const { stdout, stderr } = spawnSync('sh', args, { env: childEnvironment(), encoding: 'utf8' });
    assert.match(
      stdout,
      /^TypeError Expected a file that events can be added to for .*tfevents.* but received EFBIG.*\. Is there room, and the right to write\?\n$/,
      stderr,
    );
    const [file = ''] = readdirSync(path('full'));
    assert.ok(recordsOf(join(path('full'), file)).length > 2); // all of them whole
  });

  it('keep the events of two boards apart that begin together in one folder', async () => {
    const boards = [new loggers.TensorBoard(path('two')), new loggers.TensorBoard(path('two'))];
    await Promise.all(boards.map((board, i) => board.scalar('x', i, 1)));
    await Promise.all(boards.map((board) => board.close()));
    const counts = readdirSync(path('two')).map((file) => recordsOf(join(path('two'), file)).length);
    assert.deepEqual(counts, [2, 2]);
  });

  it('refuse what is no path, and unknown options', () => {
    assert.throws(() => new loggers.TensorBoard(3 as never), /Expected a path for TensorBoard folder but received 3/);
    assert.throws(() => new loggers.TensorBoard('x', { histogram: true } as object), /Did you mean histograms\?/);
    assert.throws(() => new loggers.JsonLines('' as never), /Expected a path or a function for JsonLines/);
  });
});
