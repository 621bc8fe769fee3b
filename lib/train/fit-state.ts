import { expected, Text } from '../check.js';
import { isObject, type JsonFields } from '../io/formats/json-fields.js';
import type { Schedule, ScheduleState } from '../optim/schedule.js';
import type { EpochRecord } from './epoch-record.js';
import { Mean } from './metrics.js';

/** What must be the same when a training goes on, or its bits would be others. */
export type FitSettings = Readonly<Record<string, number | string>>;

/** How an evaluation went, in numbers. */
export type Scores = Readonly<Record<string, number>>;

/** Where a training stands, as far as JavaScript knows; as JSON, it can go on from there. */
export class FitState {
  epoch = 0;
  /** Batches done in the epoch. */
  batch = 0;
  /** Steps done in the epoch. */
  step = 0;
  /** Steps done in all. */
  globalStep = 0;
  /** Of the epoch so far. */
  loss = new Mean();
  accuracy = new Mean();
  history: EpochRecord[] = [];
  /** The last evaluation, and after how many steps it was. */
  evaluated: { readonly globalStep: number; readonly scores: Scores } | undefined;
  /** The best value of what early stopping watches, and evaluations since. */
  best: number | undefined;
  bad = 0;
  /** Seconds trained before this `fit`. */
  seconds = 0;
  readonly #settings: FitSettings;
  readonly #schedule: Schedule | undefined;

  constructor(settings: FitSettings, schedule: Schedule | undefined) {
    this.#settings = settings;
    this.#schedule = schedule;
  }

  /** To be called where an epoch ends. */
  passEpoch(): void {
    this.epoch++;
    this.batch = 0;
    this.step = 0;
    this.loss = new Mean();
    this.accuracy = new Mean();
  }

  /** All numbers of the moment, by their names in an `EpochRecord`. */
  scores(): Scores {
    const { loss, accuracy, evaluated } = this;
    return {
      trainLoss: loss.value,
      ...(accuracy.isEmpty ? {} : { trainAccuracy: accuracy.value }),
      ...evaluated?.scores,
    };
  }

  /** As JSON: all but the history, of which a long training has much, and that. */
  toJson(): { readonly state: Readonly<Record<string, unknown>>; readonly history: readonly EpochRecord[] } {
    const { epoch, batch, step, globalStep, history, evaluated, best, bad, seconds } = this;
    const state = {
      settings: this.#settings,
      position: { epoch, batch, step, globalStep },
      sums: { loss: this.loss.sums.map(numberText), accuracy: this.accuracy.sums.map(numberText) },
      ...(evaluated && { evaluated: { globalStep: evaluated.globalStep, scores: encode(evaluated.scores) } }),
      ...(best !== undefined && { best: numberText(best) }),
      bad,
      seconds,
      ...(this.#schedule?.state && { schedule: this.#schedule.state() }),
    };
    return { state, history: history.slice() }; // records stay as they are
  }

  /** Throws unless a checkpoint is of a training like this. */
  check(fields: JsonFields): void {
    const settings = fields.object('settings');
    for (const [name, value] of Object.entries(this.#settings)) {
      const saved = settings?.raw(name);
      if (saved === value) continue;
      const advice = 'Resume with the settings that it was begun with, or begin anew in another folder.';
      throw expected(`${name} ${String(saved)}`, fields.where, new Text(String(value)), advice);
    }
  }

  load(fields: JsonFields): void {
    const position = fields.object('position');
    this.epoch = position?.integer('epoch') ?? 0;
    this.batch = position?.integer('batch') ?? 0;
    this.step = position?.integer('step') ?? 0;
    this.globalStep = position?.integer('globalStep') ?? 0;
    const sums = fields.object('sums');
    this.loss = Mean.of(numbers(sums?.raw('loss')));
    this.accuracy = Mean.of(numbers(sums?.raw('accuracy')));
    const history = fields.raw('history');
    this.history = Array.isArray(history) ? history.map((record) => decode(record) as unknown as EpochRecord) : []; // as written
    const evaluated = fields.object('evaluated');
    this.evaluated = evaluated && {
      globalStep: evaluated.integer('globalStep') ?? 0,
      scores: decode(evaluated.raw('scores')) as Scores, // as written
    };
    const best = fields.raw('best');
    this.best = best === undefined ? undefined : toNumber(best);
    this.bad = fields.integer('bad') ?? 0;
    this.seconds = fields.number('seconds') ?? 0;
    const schedule = fields.raw('schedule');
    if (isObject(schedule)) this.#schedule?.load?.(schedule as ScheduleState);
  }
}

// JSON has no NaN and no infinities; they are written as their names.
function numberText(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function toNumber(value: unknown): number {
  return typeof value === 'string' ? Number(value) : typeof value === 'number' ? value : Number.NaN;
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.map(toNumber) : [];
}

/** @internal A record as JSON can hold it. */
export function encode(record: object): Readonly<Record<string, unknown>> {
  const entries = Object.entries(record).map(([name, value]) => [
    name,
    typeof value === 'number' ? numberText(value) : isObject(value) ? encode(value) : value,
  ]);
  return Object.fromEntries(entries);
}

function decode(record: unknown): Record<string, unknown> {
  if (!isObject(record)) return {};
  const entries = Object.entries(record).map(([name, value]) => [
    name,
    value === 'NaN' || value === 'Infinity' || value === '-Infinity'
      ? Number(value)
      : isObject(value)
        ? decode(value)
        : value,
  ]);
  return Object.fromEntries(entries);
}
