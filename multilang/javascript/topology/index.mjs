/**
 * Building topologies of script components in JavaScript and submitting them, without Java. Submitting needs
 * the packages `thrift` and `fflate` beside this one. Start at builder.mjs, then submit.mjs.
 */
export { TopologyBuilder } from './builder.mjs';
export { TopologyError } from './model.mjs';
export { SubmitError } from './nimbus.mjs';
export { submit } from './submit.mjs';
export { encodeTopology } from './thrift.mjs';
