/** A photograph that cannot be scored; the message says why and what to do. */
export class Refusal extends Error {}
