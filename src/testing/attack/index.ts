/**
 * attack: what a hostile client sends, as functions of a seed: valid calls of both services and what is made
 * of them (frames.ts), and requests that are known to cost much (known-attacks.ts). compat-tests/attack sends
 * them.
 */
export { callOf, type ServiceName } from './corpus.ts';
export { AttackFrames, framed } from './frames.ts';
export { knownAttacks } from './known-attacks.ts';
