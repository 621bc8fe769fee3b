/** A class of whole models, such as ViT. */
export interface ModelClass {
  readonly name: string;
  readonly prototype: object;
}

const classes: ModelClass[] = [];
const gifts: ((model: ModelClass) => void)[] = [];

/** @internal Says that a class is one of whole models, which get more methods from above: nn knows no files. */
export function noteModelClass(model: ModelClass): void {
  classes.push(model);
  for (const give of gifts) give(model);
}

/** @internal Calls `give` with each class of whole models, also with those that are still to load. */
export function giveModels(give: (model: ModelClass) => void): void {
  gifts.push(give);
  for (const model of classes) give(model);
}
