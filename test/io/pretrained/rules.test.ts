import assert from 'node:assert/strict';
import { fileNames, mapNames, type Rule } from '../../../lib/io/pretrained/layouts/rules.js';

const rules: readonly Rule[] = [
  { file: 'a.*.query.*', own: 'x.*.qkv.*', part: [0, 2] },
  { file: 'a.*.key.*', own: 'x.*.qkv.*', part: [1, 2] },
  { file: 'old.*.key.*', own: 'x.*.qkv.*', part: [1, 2], alias: true },
  { file: 'block+/unit+/conv*/kernel', own: 'stages.*.blocks.*.conv*.weight', axes: [3, 2, 0, 1] },
  { file: 'all/scale', own: 'x.*.norm.weight', stacked: true },
];

function map(names: readonly string[], blocks = 2): ReturnType<typeof mapNames> {
  return mapNames(new Map(names.map((name) => [name, `prefix.${name}`])), rules, () => blocks);
}

describe('rules of a layout', () => {
  it('gather the parts of a parameter in order, whatever the order in the file', () => {
    const { pieces, unexpected } = map(['a.3.key.bias', 'a.3.query.bias']);
    assert.deepEqual(unexpected, []);
    const sources = pieces.get('x.3.qkv.bias')?.map(({ source, part }) => [source, ...part]);
    assert.deepEqual(sources, [
      ['prefix.a.3.query.bias', 0, 2],
      ['prefix.a.3.key.bias', 1, 2],
    ]);
  });

  it('count from 1 where the file does, both ways', () => {
    const { pieces } = map(['block1/unit10/conv2/kernel']);
    assert.deepEqual([...pieces.keys()], ['stages.0.blocks.9.conv2.weight']);
    const [name] = fileNames('stages.0.blocks.9.conv2.weight', rules);
    assert.equal(name?.name, 'block1/unit10/conv2/kernel');
  });

  it('share a stacked tensor out to the blocks', () => {
    const { pieces } = map(['all/scale'], 3);
    assert.deepEqual(
      [...pieces].map(([own, [piece]]) => [own, piece?.index]),
      [
        ['x.0.norm.weight', 0],
        ['x.1.norm.weight', 1],
        ['x.2.norm.weight', 2],
      ],
    );
    for (const blocks of [0, 1e9]) assert.deepEqual(map(['all/scale'], blocks).unexpected, ['prefix.all/scale']);
  });

  it('do not take what fits no rule, or comes twice', () => {
    const { unexpected } = map(['a.3.key.bias', 'old.3.key.bias', 'a.3.4.key.bias', 'block0/unit1/conv1/kernel']);
    assert.deepEqual(unexpected, [
      'prefix.old.3.key.bias',
      'prefix.a.3.4.key.bias',
      'prefix.block0/unit1/conv1/kernel',
    ]);
  });

  it('write no aliases', () => {
    assert.deepEqual(
      fileNames('x.0.qkv.weight', rules).map(({ name }) => name),
      ['a.0.query.weight', 'a.0.key.weight'],
    );
  });
});
