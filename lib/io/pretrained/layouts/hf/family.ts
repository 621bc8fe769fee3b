import { expected } from '../../../../check.js';
import { onlyGiven } from '../../../../check-options.js';
import type { ViTConfig } from '../../../../nn/vit/config.js';
import { warnOnce } from '../../../../warning.js';
import { listed, quoted } from '../../../formats/file-error.js';
import type { JsonFields } from '../../../formats/json-fields.js';
import type { ClassPosition } from '../../fold-class-position.js';
import type { ResizeMethod } from '../../position-resize.js';
import { type Preprocessing, standardFor } from '../../preprocessing.js';
import { followSize } from '../../pretrained-config.js';
import { huggingFacePreprocessing } from '../hugging-face-preprocessing.js';
import type { Evidence, Layout, ModelSize, Reading } from '../layout.js';
import type { Rule } from '../rules.js';

type Config = Partial<ViTConfig>;

/** What a family of Transformers' is recognised by and read as. */
export interface HuggingFaceFamily {
  /** What `model_type` may say. */
  readonly types: readonly string[];
  /** The model's name in front of its tensors, where a head is beside it: `dinov2.`; one of these. */
  readonly prefixes: readonly string[];
  readonly marks: RegExp;
  /** Names, without the prefix, that are passed over: of other heads, and buffers. */
  unused?(names: ReadonlySet<string>): RegExp;
  /** Names that stay as they are, beside the model itself. */
  readonly heads: RegExp;
  rules(names: ReadonlySet<string>): readonly Rule[];
  /** The class's defaults, which its files may leave out. */
  readonly defaults: Config;
  /** What is certain of all its models. */
  fixed(names: ReadonlySet<string>): Config;
  /** What its own config.json says besides heads, epsilon, activation and size. */
  stated?(config: JsonFields): Config;
  preprocessing(size: ModelSize): Preprocessing;
  positionResize(names: ReadonlySet<string>): ResizeMethod;
  /** The class token and positions, without the prefix, where the one has a row in the other and registers have none. */
  classPosition?(names: ReadonlySet<string>): ClassPosition | undefined;
}

/** Its layout. */
export function huggingFaceLayout(family: HuggingFaceFamily): Layout {
  return {
    name: 'hf',
    marks: family.marks,
    read: (evidence) => readNames(family, evidence),
    configure({ config, infos }): Config {
      const names = shortNames(family, infos);
      const own = config && (config.object('vision_config') ?? config);
      return {
        ...family.fixed(names),
        ...(own && { ...family.defaults, ...fromConfig(family, own), ...family.stated?.(own) }),
      };
    },
    usual: family.defaults,
    preprocessing: ({ preprocessor }, size) =>
      preprocessor === undefined
        ? family.preprocessing(size)
        : followSize(huggingFacePreprocessing(preprocessor, size), size.imgSize),
    statesPreprocessing: ({ preprocessor }) => preprocessor !== undefined,
    positionResize: ({ infos }) => family.positionResize(shortNames(family, infos)),
    ...(family.classPosition && {
      classPosition: (evidence: Evidence) => classPosition(family, evidence),
    }),
  };
}

function classPosition(family: HuggingFaceFamily, { infos }: Evidence): ClassPosition | undefined {
  const found = family.classPosition?.(shortNames(family, infos));
  if (found === undefined) return undefined;
  const prefix = prefixOf(family, infos);
  const spelt = (name: string): string => (infos.has(name) ? name : prefix + name);
  return { token: spelt(found.token), positions: spelt(found.positions) };
}

/** The prefix that the file's names have; '' where none has one. */
function prefixOf({ prefixes }: Named, infos: Evidence['infos']): string {
  return prefixes.find((prefix) => [...infos.keys()].some((name) => name.startsWith(prefix))) ?? '';
}

function shortNames(family: Named, infos: Evidence['infos']): Set<string> {
  const prefix = prefixOf(family, infos);
  return new Set([...infos.keys()].map((name) => (name.startsWith(prefix) ? name.slice(prefix.length) : name)));
}

/** What a family's names are known by. */
type Named = Pick<HuggingFaceFamily, 'prefixes' | 'heads' | 'unused' | 'rules'>;

/** A file's names without the prefix that most have; says what else it holds. */
export function readNames(family: Named, { infos, path }: Pick<Evidence, 'infos' | 'path'>): Reading {
  const { heads } = family;
  const unused = family.unused?.(shortNames(family, infos));
  const prefix = prefixOf(family, infos);
  const wrapped = prefix !== '';
  const names = new Map<string, string>();
  const others: string[] = [];
  for (const name of infos.keys()) {
    const inside = wrapped && name.startsWith(prefix);
    const short = inside ? name.slice(prefix.length) : name;
    if (unused?.test(short)) continue;
    if (inside || !wrapped || heads.test(name)) names.set(short, name);
    else others.push(name);
  }
  if (others.length > 0) {
    warnOnce(`${path} holds more than a model of images: ${listed(others.map(quoted))} passed over.`);
  }
  const rules = family.rules(new Set(names.keys()));
  return { names, rules, spell: (name) => (heads.test(name) || !wrapped ? name : prefix + name) };
}

function fromConfig({ types }: HuggingFaceFamily, config: JsonFields): Config {
  const type = config.string('model_type');
  if (type !== undefined && !types.includes(type)) {
    throw expected(`a model among ${types.join(', ')}`, `"model_type" of ${config.where}`, type);
  }
  const given = {
    numHeads: config.integer('num_attention_heads', 1),
    normEps: config.number('layer_norm_eps'),
    imgSize: config.size('image_size'),
    act: activationOf(config.string('hidden_act'), config.where),
    projDropRate: config.number('hidden_dropout_prob'),
    attnDropRate: config.number('attention_probs_dropout_prob') ?? config.number('attention_dropout'),
  };
  return onlyGiven(given);
}

// By Transformers' names; the middle ones are all the same formula.
const ACTIVATIONS: Readonly<Record<string, ViTConfig['act']>> = {
  gelu: 'gelu',
  gelu_new: 'gelu_tanh',
  gelu_fast: 'gelu_tanh',
  gelu_pytorch_tanh: 'gelu_tanh',
  quick_gelu: 'quick_gelu',
  relu: 'relu',
  silu: 'silu',
  swish: 'silu',
};

/** @throws TypeError for an activation that there is none of here */
export function activationOf(name: string | undefined, where: string): ViTConfig['act'] | undefined {
  if (name === undefined) return undefined;
  const act = Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined;
  if (act === undefined)
    throw expected(`one of ${Object.keys(ACTIVATIONS).join(', ')}`, `"hidden_act" of ${where}`, name);
  return act;
}

/** Queries, keys and values that a file has apart. */
export function projections(names: (name: 'query' | 'key' | 'value') => string, apart: boolean): Rule[] {
  const weights = (['query', 'key', 'value'] as const).flatMap((name, i): Rule[] => [
    { file: `${names(name)}.weight`, own: 'blocks.*.attn.qkv.weight', part: [i, 3] },
    ...(apart ? [] : [{ file: `${names(name)}.bias`, own: 'blocks.*.attn.qkv.bias', part: [i, 3] } as const]),
  ]);
  if (!apart) return weights;
  return [
    ...weights,
    { file: `${names('query')}.bias`, own: 'blocks.*.attn.q_bias' },
    { file: `${names('value')}.bias`, own: 'blocks.*.attn.v_bias' },
  ];
}

/** Images stretched to the model's size, their values from -1 to 1. */
export function stretched({ imgSize, inChans }: ModelSize): Preprocessing {
  return { resize: imgSize, crop: imgSize, interpolation: 'bicubic', ...standardFor(inChans) };
}
