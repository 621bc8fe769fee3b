let isOn = false;

/**
 * @internal Runs `fn`, a forward pass, where memory counts for more than a step's last percent: attention's result is then made again in
 * backward, too (F.attention).
 */
export function sparingMemory<T>(fn: () => T): T {
  const before = isOn;
  isOn = true;
  try {
    return fn();
  } finally {
    isOn = before;
  }
}

/** @internal Whether this is inside `sparingMemory`. */
export function sparesMemory(): boolean {
  return isOn;
}
