import type { JsonObject } from '../../base/index.ts';
import { confText } from '../spec/index.ts';

/** The address on which a container listens (`bindHost`) and the one that other containers dial (`host`). */
export function listenAddress(conf: JsonObject): { readonly bindHost: string; readonly host: string } {
  const host = confText(conf, 'storm.local.hostname', '127.0.0.1');
  return { bindHost: confText(conf, 'egret.container.bind.host', host), host };
}
