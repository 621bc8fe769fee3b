/** Of package.json's `engines`. */
const OLDEST = [20, 19] as const;

// What is imported first throws where Node.js is too old. That is told in place of whatever is missing there as long as no file
// names a newer function of Node.js among its imports, which would not link: those are taken from a whole module (`zlib.crc32`).
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  throw new Error(
    `Expected Node.js >= ${OLDEST.join('.')} for vitrine but received ${process.version}. Install a newer one, as with \`nvm install --lts\` or from nodejs.org.`,
  );
}
