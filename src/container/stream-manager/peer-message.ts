import { GatewayError, type JsonObject } from '../../base/index.ts';
import { readLoads, readLostTasks, readPressure } from '../links/index.ts';
import type { FlowControl } from './flow/flow-control.ts';
import type { LossReporter } from './losses/loss-reporter.ts';

/**
 * Passes a control message of a peer to the part that it concerns. Throws `PROTOCOL_VIOLATION`, which ends
 * the connection, when the message is of no known type or is not complete.
 */
export function takePeerMessage(
  peer: number,
  message: JsonObject,
  { flow, losses }: { readonly flow: FlowControl; readonly losses: LossReporter },
): void {
  const type = message['type'];
  const pressure = type === 'pressure' ? readPressure(message) : undefined;
  const loads = type === 'loads' ? readLoads(message) : undefined;
  const lost = type === 'lost' ? readLostTasks(message) : undefined;
  if (pressure !== undefined) flow.peerPressure(peer, pressure);
  else if (loads !== undefined) flow.peerLoads(loads);
  else if (lost !== undefined) losses.peerReported(peer, lost);
  else {
    const what = `a message of type ${JSON.stringify(type)}, which is unknown or not complete`;
    throw new GatewayError('PROTOCOL_VIOLATION', `container ${peer} sent ${what}`);
  }
}
