// Files that are named on the command line are run alone; mocha would add them to those of its settings.
const named = process.argv
  .slice(2)
  .some((argument, index, all) => /\.test\.c?js$/.test(argument) && all[index - 1] !== '--ignore');

module.exports = {
  ...(!named && { spec: ['dist/test/**/*.test.js'] }),
  require: ['./dist/test/clean-environment.js'],
  timeout: 60000,
  'node-option': ['enable-source-maps'],
};
