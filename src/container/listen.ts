import type { Server } from 'node:net';
import { errorCode, GatewayError, type JsonObject } from '../base/index.ts';
import { confText } from './conf.ts';

/** Where the sockets of a container listen, and what other containers dial. */
export function listenAddress(conf: JsonObject): { readonly bindHost: string; readonly host: string } {
  const host = confText(conf, 'storm.local.hostname', '127.0.0.1');
  return { bindHost: confText(conf, 'egret.container.bind.host', host), host };
}

/** Listens on a port that the system chooses, and says which. Rejects with `PORT_IN_USE` or `CONNECT_FAILED`. */
export async function listenOn(server: Server, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const code = errorCode(cause) === 'EADDRINUSE' ? 'PORT_IN_USE' : 'CONNECT_FAILED';
      reject(new GatewayError(code, `cannot listen on ${host}`, { cause, facts: { host } }));
    });
    server.listen({ host, port: 0 }, resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
