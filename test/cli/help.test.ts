import assert from 'node:assert/strict';
import { makeProgram } from '../../lib/cli/program.js';

describe('vitrine --help', () => {
  const columns = process.env.COLUMNS;
  before(() => {
    process.env.COLUMNS = '60';
  });
  after(() => {
    if (columns === undefined) delete process.env.COLUMNS;
    else process.env.COLUMNS = columns;
  });

  const { commands } = makeProgram();
  for (const name of ['', ...commands.map((command) => command.name())]) {
    if (name === 'bench') continue; // the benchmarks' own
    it(`fits 60 columns: ${name === '' ? 'all commands' : name}`, function () {
      if (process.stdout.columns !== undefined) this.skip(); // a terminal's width goes first
      const program = makeProgram();
      const command = name === '' ? program : program.commands.find((other) => other.name() === name);
      let text = '';
      command?.configureOutput({ ...command.configureOutput(), writeOut: (part) => (text += part) });
      command?.outputHelp();
      assert.match(text, /Usage: vitrine/);
      assert.deepEqual(
        text.split('\n').filter((line) => line.length > 60),
        [],
      );
      if (!['', 'setup'].includes(name)) assert.match(text, /Examples?:\n +vitrine/);
    });
  }
});
