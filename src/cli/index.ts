/**
 * cli: the commands, which speak to a gateway as any user's client does: over Thrift. Owner of commander. Loads what a
 * command needs when it runs, for a command line should answer before its user looks up.
 * Also the picture of a running topology that `npm start` draws, and the endpoints file by which commands find a gateway.
 * Start at program.ts.
 */
export type { CommandWorld, CommonFlags } from './commands.ts';
export { failureLine } from './commands.ts';
export {
  type Endpoints,
  readEndpoints,
  removeEndpoints,
  writeEndpoints,
} from './endpoints.ts';
export { flowSnapshot } from './flow-snapshot.ts';
export { drawFlow, type FlowSnapshot } from './flow-view.ts';
export { javaCommand } from './jar-command.ts';
export { runEgret } from './program.ts';
