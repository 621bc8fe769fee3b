import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkInteger, checkOneOf, checkPair, expected, Text } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { withoutInit } from '../../nn/init.js';
import { MaskedAutoencoder, type MaskedAutoencoderOptions } from '../../nn/masked-autoencoder.js';
import type { ViTOptions } from '../../nn/vit/config.js';
import { ViT } from '../../nn/vit/vit.js';
import { writeFileAtomically } from '../formats/atomic-file.js';
import { fileError, fileErrorFrom, listed } from '../formats/file-error.js';
import type { JsonFields } from '../formats/json-fields.js';
import { type TensorSource, writeSafetensors } from '../formats/safetensors.js';
import { snapshot } from '../snapshot.js';
import { fillParameters } from './fill-parameters.js';
import type { Piece } from './layouts/rules.js';
import { type OpenCheckpoint, withCheckpoint } from './open-checkpoint.js';

/** Whose names: Meta's, as its `mae_pretrain_*_full` files have them, or Hugging Face's `ViTMAEForPreTraining`. */
export type MaskedAutoencoderLayout = 'meta' | 'hf';

/** Options of `loadMaskedAutoencoder`, for what a file of Meta's does not say. */
export interface LoadMaskedAutoencoderOptions {
  /** Heads of the encoder. Default: those of Meta's models of this width. */
  numHeads?: number;
  /** Heads of the decoder. Default: likewise, 16. */
  decoderNumHeads?: number;
  /** Whether each patch's pixels are normalised. Default: what the file says, else true. */
  normPixLoss?: boolean;
}

const LOAD: OptionNames<LoadMaskedAutoencoderOptions> = { numHeads: true, decoderNumHeads: true, normPixLoss: true };

/** Options of `saveMaskedAutoencoder`. */
export interface SaveMaskedAutoencoderOptions {
  /** Default `'meta'`, one file of Meta's names; `'hf'` writes a folder. */
  layout?: MaskedAutoencoderLayout;
}

const SAVE: OptionNames<SaveMaskedAutoencoderOptions> = { layout: true };

// Hugging Face's names of what a block has; Meta's are ours.
const BLOCK: Readonly<Record<string, readonly string[]>> = {
  norm1: ['layernorm_before'],
  norm2: ['layernorm_after'],
  'attn.qkv': ['query', 'key', 'value'].map((part) => `attention.attention.${part}`),
  'attn.proj': ['attention.output.dense'],
  'mlp.fc1': ['intermediate.dense'],
  'mlp.fc2': ['output.dense'],
};
const STEM: Readonly<Record<string, string>> = {
  'encoder.cls_token': 'vit.embeddings.cls_token',
  'encoder.pos_embed': 'vit.embeddings.position_embeddings',
  'encoder.patch_embed.proj': 'vit.embeddings.patch_embeddings.projection',
  'encoder.norm': 'vit.layernorm',
};

const DECODER_LAYERS = 'decoder.decoder_layers';
// What Transformers 5.18 makes of that name where it saves; it reads both.
const MISNAMED_LAYERS = 'decoder.decoder_encoder.layer';

/** The tensors of a file that one of ours is made of, in their order. */
function fileNames(name: string, layout: MaskedAutoencoderLayout, decoderLayers = DECODER_LAYERS): string[] {
  if (layout === 'meta') return [name.replace(/^encoder\./, '')];
  const [, base = name, kind = ''] = /^(.*?)(\.weight|\.bias)?$/.exec(name) ?? [];
  const [, where, block, part = ''] = /^(encoder\.blocks|decoder_blocks)\.(\d+)\.(.+)$/.exec(base) ?? [];
  if (where === undefined) return [`${STEM[base] ?? `decoder.${base}`}${kind}`];
  const prefix = where === 'decoder_blocks' ? decoderLayers : 'vit.encoder.layer';
  return (BLOCK[part] ?? [part]).map((own) => `${prefix}.${block}.${own}${kind}`);
}

/**
 * Reads a masked autoencoder with its decoder, by Meta's names or Hugging Face's.
 *
 * @param path a .safetensors file, or a folder with one and its `config.json`
 * @throws TypeError, one sentence, for a checkpoint without decoder, tensors that have no place or are missing, and heads
 *   that nobody knows; nothing is loaded then
 * @see `ViTMAEForPreTraining.from_pretrained`; He et al. 2022
 * @example
 * const mae = await io.loadMaskedAutoencoder('vit-mae-base/');
 */
export async function loadMaskedAutoencoder(
  path: string,
  options: LoadMaskedAutoencoderOptions = {},
): Promise<MaskedAutoencoder> {
  checkOptions(options, LOAD, 'loadMaskedAutoencoder');
  for (const name of ['numHeads', 'decoderNumHeads'] as const) {
    if (options[name] !== undefined) checkInteger(options[name], `loadMaskedAutoencoder ${name}`, 1);
  }
  return withCheckpoint(path, async (checkpoint) => {
    const { weights, evidence } = checkpoint;
    const { infos } = evidence;
    const layout = infos.has('decoder.decoder_pred.weight') ? 'hf' : 'meta';
    if (layout === 'meta' && !infos.has('decoder_pred.weight')) {
      const advice = 'Model.fromPretrained reads an encoder alone, to put into nn.MaskedAutoencoder.';
      throw fileError('a masked autoencoder with its decoder', path, 'weights without decoder_pred', advice);
    }
    const told = layout === 'hf' ? (options.numHeads ?? options.decoderNumHeads) : undefined;
    if (told !== undefined) throw expected('no heads beside config.json', 'loadMaskedAutoencoder', told);
    const sizes = layout === 'hf' ? configured(checkpoint, path) : measured(checkpoint, options, path);
    const model = withoutInit(
      () => new MaskedAutoencoder(new ViT(sizes.encoder), { ...sizes.decoder, ...normPix(options, sizes.decoder) }),
    );
    try {
      const state = model.stateDict();
      const misnamed = [...infos.keys()].some((name) => name.startsWith(MISNAMED_LAYERS));
      const layers = misnamed ? MISNAMED_LAYERS : DECODER_LAYERS;
      const pieces = new Map([...state.keys()].map((name) => [name, piecesOf(fileNames(name, layout, layers))]));
      checkTensors(state, pieces, checkpoint, path);
      await fillParameters(weights, state, pieces, new Map());
    } catch (error) {
      model.dispose();
      throw error;
    }
    return model;
  });
}

const normPix = (
  { normPixLoss }: LoadMaskedAutoencoderOptions,
  known: MaskedAutoencoderOptions,
): MaskedAutoencoderOptions => ({ normPixLoss: normPixLoss ?? known.normPixLoss ?? true });

function piecesOf(sources: readonly string[]): Piece[] {
  return sources.map((source, i) => ({ source, part: [i, sources.length], axes: undefined, index: undefined }));
}

/** Throws unless each tensor is there in its size, and no other is. */
function checkTensors(
  state: ReadonlyMap<string, { readonly shape: readonly number[] }>,
  pieces: ReadonlyMap<string, readonly Piece[]>,
  { evidence: { infos } }: OpenCheckpoint,
  path: string,
): void {
  const wanted = new Map<string, number[]>();
  for (const [name, { shape }] of state) {
    for (const { source, part } of pieces.get(name) ?? []) {
      wanted.set(source, [shape[0] / part[1], ...shape.slice(1)]);
    }
  }
  const missing = [...wanted.keys()].filter((name) => !infos.has(name));
  if (missing.length > 0) throw fileError('all tensors of a masked autoencoder', path, `none named ${listed(missing)}`);
  const extra = [...infos.keys()].filter((name) => !wanted.has(name));
  if (extra.length > 0) throw fileError('the tensors of a masked autoencoder alone', path, `also ${listed(extra)}`);
  for (const [name, shape] of wanted) {
    const found = infos.get(name)?.shape ?? [];
    if (found.join() !== shape.join()) throw fileError(`(${shape.join()}) for ${name}`, path, `(${found.join()})`);
  }
}

/** What there is to build. */
interface Sizes {
  readonly encoder: ViTOptions;
  readonly decoder: MaskedAutoencoderOptions;
}

/** By `config.json`, with the defaults of `ViTMAEConfig`. */
function configured({ files: { config } }: OpenCheckpoint, path: string): Sizes {
  if (config === undefined) throw fileError('config.json beside the weights', path, 'none', 'Name the folder.');
  const at = (key: string, usual: number): number => config.integer(key, 1) ?? usual;
  const act = config.string('hidden_act') ?? 'gelu';
  if (act !== 'gelu') throw fileError("hidden_act 'gelu'", config.where, `'${act}'`);
  const [embedDim, decoderDim] = [at('hidden_size', 768), at('decoder_hidden_size', 512)];
  return {
    encoder: {
      ...{ imgSize: side(config, 'image_size', 224), patchSize: side(config, 'patch_size', 16) },
      ...{ inChans: at('num_channels', 3), embedDim, depth: at('num_hidden_layers', 12), numClasses: 0 },
      ...{ numHeads: at('num_attention_heads', 12), mlpRatio: at('intermediate_size', 3072) / embedDim },
      ...{ qkvBias: config.boolean('qkv_bias') ?? true, normEps: config.number('layer_norm_eps') ?? 1e-12 },
    },
    decoder: {
      ...{ decoderDim, decoderDepth: at('decoder_num_hidden_layers', 8) },
      decoderNumHeads: at('decoder_num_attention_heads', 16),
      decoderMlpRatio: at('decoder_intermediate_size', 2048) / decoderDim,
      maskRatio: config.number('mask_ratio') ?? 0.75,
      normPixLoss: config.boolean('norm_pix_loss') ?? false,
    },
  };
}

const side = (config: JsonFields, key: string, usual: number): readonly [number, number] =>
  config.size(key) ?? [usual, usual];

// Of Meta's models: heads by width.
const HEADS: Readonly<Record<number, number>> = { 768: 12, 1024: 16, 1280: 16 };
const DECODER_HEADS: Readonly<Record<number, number>> = { 512: 16 };

/** By the tensors' shapes, of square images; heads are in none of them. */
function measured({ evidence: { infos } }: OpenCheckpoint, options: LoadMaskedAutoencoderOptions, path: string): Sizes {
  const size = (name: string, axis: number): number => {
    const found = infos.get(name)?.shape[axis];
    if (found === undefined) throw fileError('all tensors of a masked autoencoder', path, `none named ${name}`);
    return found;
  };
  const depth = (prefix: string): number =>
    new Set([...infos.keys()].flatMap((name) => (name.startsWith(prefix) ? [name.split('.')[1]] : []))).size;
  const heads = (
    width: number,
    known: Readonly<Record<number, number>>,
    name: 'numHeads' | 'decoderNumHeads',
  ): number => {
    const count = options[name] ?? known[width];
    if (count !== undefined) return count;
    throw expected(
      `${name}, which no tensor tells,`,
      'loadMaskedAutoencoder',
      new Text(`none for a width of ${width}`),
    );
  };
  const [embedDim, decoderDim] = [size('cls_token', 2), size('decoder_embed.weight', 0)];
  const patchSize = [size('patch_embed.proj.weight', 2), size('patch_embed.proj.weight', 3)] as const;
  const rows = Math.sqrt(size('pos_embed', 1) - 1);
  return {
    encoder: {
      ...{
        imgSize: [rows * patchSize[0], rows * patchSize[1]],
        patchSize,
        inChans: size('patch_embed.proj.weight', 1),
      },
      ...{ embedDim, depth: depth('blocks.'), numClasses: 0, numHeads: heads(embedDim, HEADS, 'numHeads') },
      ...{ mlpRatio: size('blocks.0.mlp.fc1.weight', 0) / embedDim, normEps: 1e-6 },
      qkvBias: infos.has('blocks.0.attn.qkv.bias'),
    },
    decoder: {
      ...{ decoderDim, decoderDepth: depth('decoder_blocks.') },
      decoderNumHeads: heads(decoderDim, DECODER_HEADS, 'decoderNumHeads'),
      decoderMlpRatio: size('decoder_blocks.0.mlp.fc1.weight', 0) / decoderDim,
    },
  };
}

/**
 * Writes a masked autoencoder with its decoder, so that Meta's code or Transformers reads it.
 *
 * @param path a .safetensors file, or with `layout: 'hf'` a folder
 * @throws TypeError for an encoder that those have not, and a path that cannot be written
 * @example
 * await io.saveMaskedAutoencoder(mae, 'mine/', { layout: 'hf' });
 */
export async function saveMaskedAutoencoder(
  model: MaskedAutoencoder,
  path: string,
  options: SaveMaskedAutoencoderOptions = {},
): Promise<void> {
  checkOptions(options, SAVE, 'saveMaskedAutoencoder');
  if (!(model instanceof MaskedAutoencoder)) {
    throw expected('an nn.MaskedAutoencoder', 'saveMaskedAutoencoder', model);
  }
  const layout = checkOneOf(options.layout ?? 'meta', 'saveMaskedAutoencoder layout', ['meta', 'hf']);
  const entries: [string, TensorSource][] = [];
  for (const [name, value] of model.stateDict()) {
    const sources = fileNames(name, layout);
    if (layout === 'hf' && sources.some((source) => source.startsWith('decoder.encoder.'))) {
      throw expected('an encoder as ViTMAE has it', 'saveMaskedAutoencoder', new Text(`one with ${name}`));
    }
    for (const [i, source] of sources.entries()) {
      const shape = [value.shape[0] / sources.length, ...value.shape.slice(1)];
      entries.push([source, { dtype: 'F32', shape, data: snapshot(value, i, sources.length) }]);
    }
  }
  const metadata = { format: 'pt' };
  if (layout === 'meta') return writeSafetensors(path, entries, metadata);
  const config = `${JSON.stringify(configOf(model), null, 2).replace(/("layer_norm_eps": \d+)(?=,?\n)/, '$1.0')}\n`;
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw fileErrorFrom(cause, 'a folder that may be made', path, 'Hugging Face checkpoints are folders.');
  }
  await writeSafetensors(join(path, 'model.safetensors'), entries, metadata);
  await writeFileAtomically(join(path, 'config.json'), [Buffer.from(config)]);
}

function configOf(model: MaskedAutoencoder): Readonly<Record<string, unknown>> {
  const { config } = model.encoder;
  const [size, patch] = [config.imgSize, config.patchSize].map((given) => checkPair(given, 'ViT imgSize', 1));
  if (size[0] !== size[1] || patch[0] !== patch[1]) {
    throw expected('square images and patches, as ViTMAE has them,', 'saveMaskedAutoencoder', size);
  }
  const { decoderDim, decoderDepth, decoderNumHeads, decoderMlpRatio } = model.sizes;
  return {
    ...{ architectures: ['ViTMAEForPreTraining'], model_type: 'vit_mae', hidden_act: config.act },
    ...{ image_size: size[0], patch_size: patch[0], num_channels: config.inChans, qkv_bias: config.qkvBias },
    ...{ hidden_size: config.embedDim, num_hidden_layers: config.depth, num_attention_heads: config.numHeads },
    ...{ intermediate_size: config.embedDim * config.mlpRatio, layer_norm_eps: config.normEps },
    ...{ decoder_hidden_size: decoderDim, decoder_num_hidden_layers: decoderDepth },
    ...{ decoder_num_attention_heads: decoderNumHeads, decoder_intermediate_size: decoderDim * decoderMlpRatio },
    ...{ mask_ratio: model.maskRatio, norm_pix_loss: model.normPixLoss },
  };
}
