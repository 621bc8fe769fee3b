import type Sharp from 'sharp';

/**
 * The package that decodes images. An optional dependency, imported by those who decode alone: it takes 40 ms and 20 MB, and there
 * is a vitrine without it where it cannot be installed.
 *
 * @throws Error, one sentence with the command that mends it, where it is not installed or does not load
 */
export async function importSharp(): Promise<typeof Sharp> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    // sharp's own message has a page of advice below its first line.
    const [reason] = (cause instanceof Error ? cause.message : String(cause)).split('\n', 1);
    throw new Error(
      `Expected the package sharp, which decodes images, but it does not load: ${reason}. Install it with \`npm install sharp\`.`,
      { cause },
    );
  }
}
