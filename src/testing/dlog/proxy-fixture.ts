import { type Logger, silentLog } from '../../base/index.ts';
import type { DistributedLog } from '../../dlog/index.ts';
import { DlogProxy, type DlogProxyDeps } from '../../dlog-proxy/index.ts';
import type { Call, DistributedLogServiceMethods, Handler } from '../../rpc/index.ts';
import { LogFixture } from './log-fixture.ts';

type Methods = Required<Handler<DistributedLogServiceMethods>>;

/** Proxies over one simulated log, and connections to them. */
export class ProxyFixture extends LogFixture {
  readonly #open: DlogProxy[] = [];

  proxy(
    given: {
      readonly limits?: NonNullable<DlogProxyDeps['limits']>;
      readonly address?: string;
      readonly log?: DistributedLog;
      readonly logger?: Logger;
    } = {},
  ): DlogProxy {
    const { limits = {}, address = 'a:1', log = this.process(), logger = silentLog } = given;
    const made = new DlogProxy({ log, clock: this.clock, logger, address: () => address, limits });
    this.#open.push(made);
    return made;
  }

  async close(): Promise<void> {
    this.disk.fault = () => undefined;
    for (const each of this.#open) await each.close();
  }
}

/** One connection to a proxy, from an address: its calls are in flight together. */
export class ProxyConnection {
  readonly methods: Methods;
  readonly call: Call;
  readonly #gone = new AbortController();

  constructor(proxy: DlogProxy, remoteAddress = '127.0.0.1') {
    this.methods = proxy.handler as Methods;
    const { signal } = this.#gone;
    this.call = { method: '', localAddress: '', localPort: 0, remoteAddress, remotePort: 0, signal };
  }

  /** The peer has closed it. */
  end(): void {
    this.#gone.abort();
  }
}
