/** As many as @cf/baai/bge-small-en-v1.5 has, so that a model can take this function's place. */
export const DIMENSIONS = 384;

/**
 * A vector of a text without a model: each word and each of its letter triples adds to one place.
 *
 * Texts that share words or parts of words come near each other. For meaning, deploy with Workers AI:
 *
 *   const { data } = await env.AI.run("@cf/baai/bge-small-en-v1.5", { text: [text] });
 *   return data[0];
 */
export function embed(text: string): number[] {
  const values = new Array<number>(DIMENSIONS).fill(0);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    add(values, word, 1);
    const padded = ` ${word} `;
    for (let at = 0; at + 3 <= padded.length; at++) add(values, padded.slice(at, at + 3), 0.3);
  }
  return values;
}

/** FNV-1a: the place, and from another bit the sign. */
function add(values: number[], token: string, weight: number): void {
  let hash = 0x811c9dc5;
  for (const character of token) {
    hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193) >>> 0;
  }
  values[hash % DIMENSIONS] += hash & 0x40000000 ? weight : -weight;
}
