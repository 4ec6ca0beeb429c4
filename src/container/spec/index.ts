/**
 * spec: what a container process is given, and how its parts read it: checked values of `conf.json`. A value that is not
 * what its key says throws `CONFIG_INVALID` and names the key.
 */
export { confNumber, confText, limitMs } from './conf.ts';
