/** Chance as a port: nothing outside this folder draws lots. */

/** In [0, 1). */
export type Random = () => number;

export const systemRandom: Random = () => Math.random();
