import { warnOnce } from '../../warning.js';
import { listed, quoted } from '../formats/file-error.js';
import type { TensorInfo, TensorRecord } from '../formats/tensor-record.js';
import type { Weights } from '../formats/weights.js';
import { layoutsMarking } from './layouts/recognise.js';
import { swinLayoutsMarking } from './swin/layouts.js';

// What others put around a model, and with it in front of every name: torch.nn.DataParallel and DistributedDataParallel
// (module), torch.compile (_orig_mod), FSDP, Lightning and own classes (model, net, network, backbone, encoder, trunk),
// timm's and Lightning's averages (model_ema, ema ...), distillation (teacher, student), checkpoints flattened whole
// (state_dict). Of two in one file the earlier is taken: averages before what they are of, as timm does
// (timm/models/_helpers.py, load_state_dict), and the teacher, as DINO's users do.
const averages = ['state_dict_ema', 'model_ema', 'ema_model', 'ema', 'teacher'];
const others = ['module', '_orig_mod', '_fsdp_wrapped_module', 'state_dict', 'model', 'backbone', 'encoder', 'net'];
const rest = ['network', 'trunk', 'visual', 'student']; // visual.trunk: timm's models in open_clip
const wrappers = [...averages, ...others, ...rest];
const chain = new RegExp(`^(?:(?:${wrappers.join('|')})\\.)+`);
// module._orig_mod.model.backbone.encoder: more than anyone wraps, and little to try.
const mostWrappers = 6;

/** The weights of a model as it is without what wraps it: names without their common prefix, and nothing beside it. */
class UnwrappedWeights implements Weights {
  readonly path: string;
  readonly #whole: Weights;
  readonly #prefix: string;

  constructor(whole: Weights, prefix: string) {
    this.path = whole.path;
    this.#whole = whole;
    this.#prefix = prefix;
  }

  names(): string[] {
    const inside = this.#whole.names().filter((name) => name.startsWith(this.#prefix));
    return inside.map((name) => name.slice(this.#prefix.length));
  }

  info(name: string): TensorInfo {
    return this.#whole.info(this.#prefix + name);
  }

  read(name: string): Promise<TensorRecord> {
    return this.#whole.read(this.#prefix + name);
  }

  chunks(name: string, buffer: Uint8Array): AsyncGenerator<Uint8Array> {
    return this.#whole.chunks(this.#prefix + name, buffer);
  }

  close(): Promise<void> {
    return this.#whole.close();
  }
}

/**
 * Recognises what wrappers put in front of names, and takes it away: says so, and what else the file holds, in one
 * warning. Weights whose names are a layout's as they are stay so.
 */
export function unwrap(weights: Weights): Weights {
  const names = weights.names();
  const prefix = commonPrefix(names);
  if (prefix === '') return weights;
  const beside = names.filter((name) => !name.startsWith(prefix));
  const also = beside.length === 0 ? '' : `; ${listed(beside.map(quoted))} passed over`;
  warnOnce(`The model in ${weights.path} is wrapped: read without the prefix ${quoted(prefix)}${also}.`);
  return new UnwrappedWeights(weights, prefix);
}

/** The prefix without which most names bear one layout's marks; the shortest such, and none where that does as well. */
function commonPrefix(names: readonly string[]): string {
  const counts = new Map<string, Map<string, number>>();
  for (const name of names) {
    for (const prefix of prefixesOf(name)) {
      const marked = counts.get(prefix) ?? new Map<string, number>();
      counts.set(prefix, marked);
      const short = name.slice(prefix.length);
      for (const layout of layoutsMarking(short)) marked.set(layout.name, (marked.get(layout.name) ?? 0) + 1);
      for (const { name: swin } of swinLayoutsMarking(short)) {
        marked.set(`swin ${swin}`, (marked.get(`swin ${swin}`) ?? 0) + 1);
      }
    }
  }
  let best = '';
  let most = 0;
  for (const prefix of [...counts.keys()].sort(byPreference)) {
    const count = Math.max(0, ...(counts.get(prefix) ?? new Map()).values());
    if (count > most) [best, most] = [prefix, count];
  }
  return best;
}

/** '' and every run of wrappers that a name begins with. */
function prefixesOf(name: string): string[] {
  const [run = ''] = chain.exec(name.slice(0, 200)) ?? [];
  const words = run.split('.').slice(0, -1).slice(0, mostWrappers);
  return ['', ...words.map((_, i) => `${words.slice(0, i + 1).join('.')}.`)];
}

function byPreference(a: string, b: string): number {
  const [wordsA, wordsB] = [a.split('.'), b.split('.')];
  const rank = (words: readonly string[]): number[] => words.map((word) => wrappers.indexOf(word));
  const [ranksA, ranksB] = [rank(wordsA), rank(wordsB)];
  const at = ranksA.findIndex((value, i) => value !== ranksB[i]);
  return wordsA.length - wordsB.length || (ranksA[at] ?? 0) - (ranksB[at] ?? 0);
}
