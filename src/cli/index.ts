/**
 * cli: the commands. They talk to a gateway over Thrift, as any client does. Owner of commander. Each command
 * loads what it needs when it runs, so that the command line answers quickly. Also the picture of a running
 * topology that `npm start` draws, and the endpoints file through which commands find a gateway. Start at
 * program.ts.
 */
export type { CommandWorld, CommonFlags } from './commands.ts';
export { failureLine } from './commands.ts';
export {
  type Endpoints,
  readEndpoints,
  removeEndpoints,
  writeEndpoints,
} from './endpoints.ts';
export { type FlowRates, nextRates } from './flow-rates.ts';
export { flowSnapshot } from './flow-snapshot.ts';
export { drawFlow } from './flow-view.ts';
export { javaCommand } from './jar-command.ts';
export { runEgret } from './program.ts';
