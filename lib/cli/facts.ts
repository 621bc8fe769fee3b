import { listed, printable } from '../check.js';
import type { PretrainedModel } from '../io/pretrained/families.js';
import { formatCount } from '../report/format.js';
import type { ReportFact } from '../report/report-data.js';
import { encoderText } from './encoder-text.js';
import type { TrainSettings } from './train-settings.js';

const OPTIMIZER_NAMES = { adam: 'Adam', adamw: 'AdamW', lamb: 'LAMB', lion: 'Lion' } as const;

/** The settings of a run as a reader wants them. */
export function settingFacts(settings: TrainSettings, { config }: PretrainedModel, trainCount: number): ReportFact[] {
  const { model, optimizer, lr, momentum, weightDecay, warmupEpochs, epochs, clip, labelSmoothing } = settings;
  const size = (pair: unknown): string => (Array.isArray(pair) ? pair.join(' × ') : `${pair} × ${pair}`);
  const share = Math.round((1000 * warmupEpochs) / epochs) / 10;
  const warmed =
    warmupEpochs > 0 ? `${lr}, ${share}% warmup, then ${scheduleText(settings)}` : `${lr}, ${scheduleText(settings)}`;
  const facts: (ReportFact | null)[] = [
    model.name === null ? null : fact('model', model.name),
    model.pretrained === null ? null : fact('begun with', model.pretrained),
    model.freeze === null ? null : fact('frozen', model.freeze),
    model.linearProbe ? fact('trained', 'the head alone') : null,
    model.lora === null
      ? null
      : fact('LoRA', `rank ${model.lora.rank}, alpha ${model.lora.alpha}, ${model.lora.targets.join(', ')}`),
    fact('images', `${config.inChans} × ${size(config.imgSize)}, ${formatCount(trainCount)} to train on`),
    fact('patches', size(config.patchSize)),
    fact('encoder', encoderText(config, '×')),
    fact('optimizer', optimizer === 'sgd' ? `SGD, momentum ${momentum}` : OPTIMIZER_NAMES[optimizer]),
    fact('learning rate', warmed),
    fact('weight decay', String(weightDecay)),
    fact('gradient norm', clip > 0 ? `clipped at ${clip}` : 'not clipped'),
    labelSmoothing > 0 ? fact('label smoothing', String(labelSmoothing)) : null,
    settings.classWeights === null ? null : fact('class weights', classWeightsText(settings.classWeights)),
    model.dropout > 0 ? fact('dropout', String(model.dropout)) : null,
    model.dropPath > 0 ? fact('drop path', String(model.dropPath)) : null,
    settings.augment === null ? null : fact('augmentation', augmentText(settings.augment)),
    settings.layerDecay === null ? null : fact('layer decay', String(settings.layerDecay)),
    settings.ema === null ? null : fact('average of weights', `decay ${settings.ema}`),
    fact(
      'batch',
      settings.gradAccumSteps > 1 ? `${settings.gradAccumSteps} × ${settings.batch}` : String(settings.batch),
    ),
    fact('seed', String(settings.seed)),
  ];
  return facts.filter((entry) => entry !== null);
}

function scheduleText({ schedule, scheduling: own }: TrainSettings): string {
  const { minLr, cycles, power, decayRate, decayEpochs, decayMilestones, patienceEpochs } = own;
  const down = minLr > 0 ? ` to ${minLr}` : '';
  switch (schedule) {
    case 'cosine':
      return `cosine${down}${cycles > 1 ? `, ${cycles} times` : ''}`;
    case 'linear':
      return `linear${down}`;
    case 'poly':
      return `poly${down}, power ${power}`;
    case 'step':
      return `× ${decayRate} every ${decayEpochs} epochs`;
    case 'multistep':
      return `× ${decayRate} after epochs ${decayMilestones.join(', ')}`;
    case 'plateau':
      return `× ${decayRate} after ${patienceEpochs} epochs without progress${down}`;
    default:
      return schedule;
  }
}

function classWeightsText(weights: NonNullable<TrainSettings['classWeights']>): string {
  if (weights === 'balanced') return weights;
  return listed(
    Object.entries(weights).map(([name, weight]) => `${printable(name)} ${weight}`),
    { most: 8 },
  );
}

function augmentText(augment: NonNullable<TrainSettings['augment']>): string {
  const { scale = [1, 1], hflip = 0.5, autoAugment, reprob = 0, mixup = 0, cutmix = 0 } = augment;
  const parts = [
    `crops of ${100 * scale[0]}% or more`,
    ...(hflip > 0 ? ['mirrored'] : []),
    ...(autoAugment === undefined ? [] : [autoAugment]),
    ...(reprob > 0 ? [`erased ${reprob}`] : []),
    ...(mixup > 0 ? [`mixup ${mixup}`] : []),
    ...(cutmix > 0 ? [`CutMix ${cutmix}`] : []),
  ];
  return parts.join(', ');
}

function fact(name: string, value: string): ReportFact {
  return { name, value };
}
