import { checkPair, expected, Text } from '../../check.js';
import type { ViTConfig, ViTOptions } from '../../nn/vit/config.js';
import { warnOnce } from '../../warning.js';
import { readArchitecture, type Shapes } from './layouts/architecture.js';
import { type Guess, guessModel } from './layouts/guess.js';
import type { Evidence, Layout } from './layouts/layout.js';
import { contradiction, freeOptions, optionText } from './own-config.js';
import { describedModel, explicit } from './own-model.js';

/**
 * The model that a checkpoint is of. What its files say is believed, then what the caller says, and a guess comes last.
 *
 * @throws TypeError where the caller's options contradict the file, or it contradicts itself
 */
export function planModel(shapes: Shapes, given: ViTOptions, layout: Layout, evidence: Evidence): Guess {
  const { path, own } = evidence;
  const architecture = readArchitecture(shapes, path);
  if (own === undefined) {
    refuseContradiction(given, architecture.config, 'as its weights have it', path);
    const stated = layout.configure(evidence);
    refuseContradiction(given, stated, 'as the checkpoint says', path);
    return {
      ...guessModel(
        architecture,
        { stated, given, usual: { ...layout.usual, ...layout.guesses?.(evidence) } },
        layout,
        path,
      ),
      doubts: layout.doubts?.(evidence) ?? [],
    };
  }
  const plan = describedModel(own.config, architecture, shapes, path);
  refuseContradiction(given, explicit(own.config), 'as the file says', path);
  // The norm stays where its weights are, whatever the pooling becomes.
  return given.globalPool === undefined ? plan : { ...plan, config: explicit(own.config) };
}

/** Throws where the caller asks for what cannot be; what training and the images decide may differ from the file. */
function refuseContradiction(given: ViTOptions, known: Partial<ViTConfig>, by: string, path: string): void {
  const { representationSize: _, ...asked } = given;
  // A new head may come with the layer before it or without.
  const found = contradiction(given.numClasses === undefined ? given : asked, known, freeOptions);
  if (found === undefined) return;
  const { name, said, known: stands } = found;
  const what = `${optionText(name, stands)}, ${by},`;
  throw expected(what, path, new Text(`the option ${optionText(name, said)}`), 'Leave that option out.');
}

/** Says what was assumed, and how to say otherwise; what the caller gave is no guess. */
export function warnOfGuess({ assumed, grid, doubts = [] }: Guess, given: ViTOptions, path: string): void {
  const names = (Object.keys(assumed) as (keyof ViTConfig)[]).filter(
    (name) => given[name] === undefined || name === 'imgSize',
  );
  if (names.length + doubts.length === 0) return;
  const texts = names.map((name) =>
    name === 'imgSize' ? sizeText(assumed.imgSize, grid) : optionText(name, assumed[name]),
  );
  warnOnce(
    `${path} does not tell all of its model; assumed ${[...texts, ...doubts].join(', ')}. Give what is otherwise as an option.`,
  );
}

function sizeText(imgSize: ViTConfig['imgSize'] = 224, grid: Guess['grid']): string {
  const size = optionText('imgSize', checkPair(imgSize, 'ViT imgSize', 1));
  return grid === undefined ? size : `${size} (positions of ${grid[0]} x ${grid[1]} patches)`;
}
