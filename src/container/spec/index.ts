/**
 * spec: how the parts of a container read what the container is given: checked values of `conf.json`. A value
 * that is not what its key says throws `CONFIG_INVALID` and names the key.
 */
export { confNumber, confText, limitMs } from './conf.ts';
