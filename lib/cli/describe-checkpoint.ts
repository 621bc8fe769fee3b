import { printable } from '../check.js';
import type { PretrainedModel } from '../io/pretrained/families.js';
import { resolveSwin } from '../nn/swin/config.js';
import { resolveConfig, type ViTConfig } from '../nn/vit/config.js';
import { formatBytes, formatCount } from '../report/format.js';
import { encoderText } from './encoder-text.js';
import { openModel } from './open-model.js';

const MOST_LABELS = 10;

/** Prints what a checkpoint holds: sizes, options, how images are prepared, classes. */
export async function describeCheckpoint(path: string, json: boolean): Promise<void> {
  const model = await openModel(path);
  const { config, pretrainedConfig } = model;
  const parameters = model.numParameters();
  if (json) {
    console.log(JSON.stringify({ path, parameters, config, pretrainedConfig }, null, 2));
    return;
  }
  for (const [name, value] of linesOf(model, path)) console.log(`${name.padEnd(17)}${value}`);
}

function linesOf(model: PretrainedModel, path: string): (readonly [name: string, value: string])[] {
  const { config, pretrainedConfig } = model;
  const parameters = model.numParameters();
  const { layout, labels, ...images } = pretrainedConfig ?? {};
  const bytes = formatBytes(parameters * Float32Array.BYTES_PER_ELEMENT);
  return [
    ['checkpoint', printable(path)],
    ...(layout === undefined ? [] : [['layout', layout] as const]),
    ['parameters', `${formatCount(parameters)}, ${bytes} as float32`],
    ['images', `${config.inChans} x ${pairText(config.imgSize)}, patches of ${pairText(config.patchSize)}`],
    ['encoder', encoderText(config)],
    ['other options', optionsText(config)],
    ['classes', classesText(config.numClasses, labels)],
    [
      'prepared',
      Object.entries(images)
        .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
        .join(', '),
    ],
  ];
}

function pairText(size: ViTConfig['imgSize']): string {
  return Array.isArray(size) ? size.join(' x ') : `${size} x ${size}`;
}

const SIZES = ['imgSize', 'patchSize', 'inChans', 'embedDim', 'depth', 'numHeads', 'mlpRatio', 'numClasses'];
const SWIN_SIZES = [...SIZES, 'version', 'depths', 'windowSize'];

/** The options that are not as `new ViT()` or `new Swin()` has them, but for those of size. */
function optionsText(config: PretrainedModel['config']): string {
  const isSwin = 'depths' in config;
  const usual: Readonly<Record<string, unknown>> = { ...(isSwin ? resolveSwin({}) : resolveConfig({})) };
  const sizes = isSwin ? SWIN_SIZES : SIZES;
  const other = Object.entries(config)
    .filter(([name, value]) => !sizes.includes(name) && JSON.stringify(value) !== JSON.stringify(usual[name]))
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return other.length === 0 ? 'as by default' : other.join(', ');
}

function classesText(count: number, labels: readonly string[] | undefined): string {
  if (labels === undefined) return `${formatCount(count)}, without names`;
  const named = labels.slice(0, MOST_LABELS).map(printable).join(', ');
  return `${formatCount(count)}: ${named}${labels.length > MOST_LABELS ? ', ...' : ''}`;
}
