import { settleDeferred } from '../deferred.js';
import type { Tensor } from '../tensor.js';
import { callSynchronously } from '../thenable.js';

/** Whether ops are recorded for backward, and who watches what they read. */

let enabled = true;

/** Who wants to know what ops do to tensors. */
export interface Watcher {
  /** An op reads a tensor. */
  onRead(tensor: Tensor): void;
  /** An op is about to change a tensor in place. */
  onChange(tensor: Tensor, op: string): void;
}

let watcher: Watcher | undefined;

/**
 * @internal Runs `fn` without recording it, and tells of every tensor that its ops read or change.
 * What `fn` itself runs under noGrad or enableGrad is told of too.
 */
export function watchOps<T>({ onRead, onChange }: Watcher, fn: () => T): T {
  const before = watcher;
  watcher = {
    onRead: (tensor) => {
      before?.onRead(tensor);
      onRead(tensor);
    },
    onChange: (tensor, op) => {
      before?.onChange(tensor, op);
      onChange(tensor, op);
    },
  };
  try {
    return noGrad(fn);
  } finally {
    watcher = before;
  }
}

/** @internal Whether what runs now is watched, to be run again recorded: the first pass of a checkpoint. */
export function isWatched(): boolean {
  return watcher !== undefined;
}

/** @internal Tells whoever watches of tensors that are read. */
export function tell(tensors: readonly (Tensor | undefined)[]): void {
  if (watcher === undefined) return;
  for (const tensor of tensors) if (tensor !== undefined) watcher.onRead(tensor);
}

/** @internal Tells whoever watches of a tensor that an op is about to change in place. */
export function tellOfChange(tensor: Tensor, op: string): void {
  settleDeferred();
  watcher?.onChange(tensor, op);
}

function withRecording<T>(on: boolean, fn: () => T, where: string): T {
  const before = enabled;
  enabled = on;
  try {
    return callSynchronously(fn, where);
  } finally {
    enabled = before;
  }
}

/**
 * Runs `fn` without recording ops for backward.
 *
 * @see `torch.no_grad`
 * @throws TypeError when `fn` is asynchronous: what comes after its first await would be recorded
 */
export function noGrad<T>(fn: () => T): T {
  return withRecording(false, fn, 'noGrad');
}

/**
 * Runs `fn` recording ops for backward, inside `noGrad` too.
 *
 * @see `torch.enable_grad`
 * @throws TypeError when `fn` is asynchronous, as `noGrad`
 */
export function enableGrad<T>(fn: () => T): T {
  return withRecording(true, fn, 'enableGrad');
}

/** @internal Whether ops are recorded. */
export function isRecording(): boolean {
  return enabled;
}

/** @internal Whether ops on these inputs are recorded. */
export function needsGrad(...inputs: readonly (Tensor | undefined)[]): boolean {
  tell(inputs);
  return enabled && inputs.some((input) => input?.requiresGrad === true);
}
