/**
 * spec: what a container process is given, and how its parts read it: checked values of `conf.json`, and records of the
 * state store that may be damaged. A value that is not what its key says throws `CONFIG_INVALID` and names the key.
 */
export { confNumber, confText, limitMs } from './conf.ts';
export { RecordGuard } from './record-guard.ts';
