import type { Socket } from 'node:net';
import type { Call } from './service.ts';

/** Both ends of a connection, as handlers see them. `signal` is aborted when the connection ends. */
export function endsOf(socket: Socket, signal: AbortSignal): Omit<Call, 'method'> {
  return {
    remoteAddress: plainAddress(socket.remoteAddress),
    remotePort: socket.remotePort ?? 0,
    localAddress: plainAddress(socket.localAddress),
    localPort: socket.localPort ?? 0,
    signal,
  };
}

/** An IPv4 client of a socket that also takes IPv6 appears as ::ffff:a.b.c.d. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '');
}
