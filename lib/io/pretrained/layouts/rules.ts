/** How a tensor of a checkpoint becomes a parameter of ours, or a part of one; names are templates. */
export interface Rule {
  /**
   * The name in the file; each `*` stands for one component of it, `+` for a number counted from 1, `-` for one that
   * is one less than ours, and `**` for anything.
   */
  readonly file: string;
  /** Our name, which is timm's, with as many stars; `*` counts from 0. */
  readonly own: string;
  /** [i, n]: the i-th of n equal parts along our axis 0. Default: the whole. */
  readonly part?: readonly [number, number];
  /** The order in which the file's axes become ours; neighbours may then merge. Default: as they are. */
  readonly axes?: readonly number[];
  /** [from, to, n]: these of n equal parts along the file's axis 0, where several parameters share a tensor. */
  readonly rows?: readonly [number, number, number];
  /** Leading axes of size 1 that ours has and the file has not. Default 0. */
  readonly squeeze?: number;
  /** Rows of zeros that the file has in front of ours, along its axis 1: a position of the class token. Written only. */
  readonly zeroRows?: number;
  /** Whether the file's leading axis counts the blocks, one for each value of the star. */
  readonly stacked?: true;
  /** Whether this is another spelling, to be read and never written. */
  readonly alias?: true;
}

/** One tensor of the file, or one block's share of a stacked one, as the source of a parameter. */
export interface Piece {
  /** The tensor's name in the file. */
  readonly source: string;
  readonly part: readonly [number, number];
  readonly axes: readonly number[] | undefined;
  /** Position on the leading axis of a stacked tensor. */
  readonly index: number | undefined;
  readonly rows?: Rule['rows'] | undefined;
}

/** Our parameters with the pieces that make them up, in the order of their parts, and what fits no rule. */
export interface Mapping {
  readonly pieces: Map<string, Piece[]>;
  readonly unexpected: string[];
}

const whole = [0, 1] as const;
// Far more blocks than any model has; a stacked tensor without elements may claim any number.
const mostBlocks = 10_000;

/**
 * Finds for each tensor the rule that its name fits; a part that another tensor has already given is unexpected.
 *
 * @param names by the name that rules know, the tensor's name in the file
 * @param blocksOf size of the leading axis of a stacked tensor of the file
 */
export function mapNames(
  names: ReadonlyMap<string, string>,
  rules: readonly Rule[],
  blocksOf: (source: string) => number,
): Mapping {
  const compiled = rules.map((rule) => ({ rule, pattern: patternOf(rule.file) }));
  const pieces = new Map<string, Piece[]>();
  const unexpected: string[] = [];
  for (const [name, source] of names) {
    const fitting = compiled.filter(({ pattern }) => pattern.test(name));
    if (fitting.length === 0) unexpected.push(source);
    const sharing = fitting.filter(({ rule }) => rule.rows !== undefined);
    for (const found of sharing.length > 0 ? sharing : fitting.slice(0, 1)) place(name, source, found);
  }
  return { pieces, unexpected };

  function place(name: string, source: string, { rule, pattern }: (typeof compiled)[number]): void {
    const { part = whole, axes, rows } = rule;
    const captured = pattern.exec(name)?.slice(1) ?? [];
    const count = rule.stacked ? blocksOf(source) : 1;
    if (count < 1 || count > mostBlocks) unexpected.push(source);
    if (count > mostBlocks) return;
    for (let i = 0; i < count; i++) {
      const own = fill(rule.own, rule.stacked ? [String(i), ...captured] : shifted(rule.file, captured, -1));
      const others = pieces.get(own) ?? [];
      if (others.some((other) => other.part[0] === part[0])) {
        unexpected.push(source);
        break;
      }
      others.push({ source, part, axes, index: rule.stacked ? i : undefined, rows });
      others.sort((a, b) => a.part[0] - b.part[0]);
      pieces.set(own, others);
    }
  }
}

/** A tensor of a file that holds a parameter of ours, or a part of it. */
export interface FileTensor {
  readonly name: string;
  readonly part: readonly [number, number];
  readonly rule: Rule;
}

/** The tensors that a file of this layout has for one of our parameters, in the order of their parts. */
export function fileNames(own: string, rules: readonly Rule[]): FileTensor[] {
  const found = new Map<number, FileTensor>();
  for (const rule of rules) {
    const captured = patternOf(rule.own).exec(own)?.slice(1);
    const { part = whole } = rule;
    if (captured === undefined || rule.alias || found.has(part[0])) continue;
    const stars = rule.stacked ? captured.slice(1) : shifted(rule.file, captured, 1);
    found.set(part[0], { name: fill(rule.file, stars), part, rule });
  }
  return [...found.values()].sort((a, b) => a.part[0] - b.part[0]);
}

const patterns: Readonly<Record<string, string>> = {
  '**': '(.+)',
  '*': '([^./]+)',
  '+': '([1-9][0-9]*)',
  '-': '([0-9]+)',
  '.': '\\.',
};

function patternOf(template: string): RegExp {
  const source = template.replace(/\*\*|[.*+-]/g, (mark) => patterns[mark] ?? '');
  return new RegExp(`^${source}$`);
}

/** What stars stand for; where the file's template has `+`, moved by `by`, and where it has `-`, the other way. */
function shifted(file: string, captured: readonly string[], by: number): string[] {
  const marks = file.match(/\*\*|[*+-]/g) ?? [];
  const moved = { '+': by, '-': -by } as Readonly<Record<string, number>>;
  return captured.map((value, i) => {
    const step = moved[marks[i] ?? ''];
    return step === undefined ? value : String(Number(value) + step);
  });
}

function fill(template: string, stars: readonly string[]): string {
  let next = 0;
  return template.replace(/\*\*|[*+-]/g, () => stars[next++] ?? '');
}
