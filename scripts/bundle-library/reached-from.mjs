/**
 * The files that static imports lead to from some of them, and these.
 *
 * @param files the metafile's inputs or outputs, by their paths
 */
export function reachedFrom(starts, files) {
  const reached = new Set(starts);
  for (const file of reached) {
    for (const { path, kind, external } of files[file].imports)
      if (kind === 'import-statement' && !external) reached.add(path);
  }
  return reached;
}
