import type { JsonObject } from '../../base/index.ts';
import { confText } from '../spec/index.ts';

/** Where the sockets of a container listen, and what other containers dial. */
export function listenAddress(conf: JsonObject): { readonly bindHost: string; readonly host: string } {
  const host = confText(conf, 'storm.local.hostname', '127.0.0.1');
  return { bindHost: confText(conf, 'egret.container.bind.host', host), host };
}
