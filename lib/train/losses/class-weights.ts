import { checkNumber, expected, Text } from '../../check.js';
import { type DataFacts, numClassesOf } from '../training-data.js';

/**
 * How much each class counts: `'balanced'` for images / (classes * images of the class), as scikit-learn; a number for
 * each; or by the class's name (its number, where the data set has no names), 1 for those not named.
 */
export type ClassWeights = 'balanced' | readonly number[] | Readonly<Record<string, number>>;

/** The weight of each class of a data set. */
export function classWeights(weights: ClassWeights, train: DataFacts, where: string): number[] {
  const { labels, count, classes } = train;
  const numClasses = numClassesOf(train, `${where} classWeights`);
  if (weights === 'balanced') {
    if (labels === undefined) {
      const advice = 'Give it `labels`, or say a weight for each class.';
      throw expected('a data set with a list of labels', `${where} classWeights`, new Text('one without'), advice);
    }
    const images = new Array<number>(numClasses).fill(0);
    for (const label of labels) images[label]++;
    return images.map((own) => (own === 0 ? 0 : count / (numClasses * own)));
  }
  const check = (weight: unknown): number => checkNumber(weight, `${where} classWeights`, 0);
  if (Array.isArray(weights)) {
    if (weights.length === numClasses) return weights.map(check);
    throw expected(`${numClasses} numbers`, `${where} classWeights`, new Text(`${weights.length}`));
  }
  if (typeof weights !== 'object' || weights === null) {
    throw expected("'balanced', an array of numbers or numbers by class", `${where} classWeights`, weights);
  }
  const names = classes ?? Array.from({ length: numClasses }, (_, i) => String(i));
  const unknown = Object.keys(weights).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw expected(`classes among ${names.slice(0, 8).join(', ')}`, `${where} classWeights`, unknown);
  const byName = weights as Readonly<Record<string, number>>;
  return names.map((name) => (Object.hasOwn(byName, name) ? check(byName[name]) : 1));
}
