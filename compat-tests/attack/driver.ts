import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '../../src/base/index.ts';
import { framed, knownAttacks } from '../../src/testing/attack/index.ts';
import { AttackerProcess } from './attacker-process.ts';
import { badClients, releaseStreams, writeFatStreams } from './bad-clients.ts';
import { open } from './frame-sender.ts';
import { AttackedGateway, type Gauge } from './gateway.ts';
import { GoodClient, type Latencies } from './good-client.ts';
import { type AttackOptions, type Part, parts } from './options.ts';
import { AttackTopologies } from './topologies.ts';

export interface AttackRun {
  readonly framesSent: number;
  readonly connections: number;
  readonly latencies: ReadonlyMap<string, Latencies>;
  readonly resident: {
    readonly startMebibytes: number;
    readonly worstMebibytes: number;
    readonly endMebibytes: number;
  };
  readonly descriptors: { readonly start: number; readonly end: number };
  readonly logBytes: number;
  /** Turns of the gateway's event loop above 200 ms, as it logged them. */
  readonly longTurns: readonly { readonly turnMs: number; readonly calls: string }[];
  /** Numbers that the steady topology acked while it was attacked. */
  readonly acked: number;
  readonly troubles: readonly string[];
  /** Where the gateway's files are when something was wrong. */
  readonly kept: string | undefined;
}

const gaugeEveryMs = 250;
const sayEveryMs = 5000;
/** How long memory and descriptors may take to go back. */
const settleMs = 45_000;

/**
 * Starts a gateway, attacks it part after part with a good client beside it, and measures. Leaves nothing but
 * what it keeps.
 */
export async function runAttack(options: AttackOptions, say: (line: string) => void): Promise<AttackRun> {
  const gateway = await AttackedGateway.start();
  const attack = new Attack(gateway, options, say);
  try {
    await attack.run();
  } catch (error) {
    attack.trouble(`the run: ${describeError(error)}`);
  }
  return attack.close();
}

class Attack {
  readonly #gateway: AttackedGateway;
  readonly #options: AttackOptions;
  readonly #say: (line: string) => void;
  readonly #good = new GoodClient();
  readonly #topologies: AttackTopologies;
  readonly #troubles: string[] = [];
  #latencies: ReadonlyMap<string, Latencies> = new Map();
  #start: Gauge = { residentMebibytes: 0, descriptors: 0 };
  #end: Gauge = { residentMebibytes: 0, descriptors: 0 };
  #worstMebibytes = 0;
  #logBytesAtStart = 0;
  #framesSent = 0;
  #connections = 0;
  #acked = 0;

  constructor(gateway: AttackedGateway, options: AttackOptions, say: (line: string) => void) {
    this.#gateway = gateway;
    this.#options = options;
    this.#say = say;
    this.#topologies = new AttackTopologies(gateway);
  }

  trouble(what: string): void {
    this.#say(`trouble: ${what}`);
    this.#troubles.push(what);
  }

  async run(): Promise<void> {
    await this.#topologies.submit(this.#options.seed);
    await writeFatStreams(this.#gateway.ports.dlog);
    this.#good.start(this.#gateway.ports);
    await sleep(3000);
    this.#start = this.#gateway.gauge();
    this.#logBytesAtStart = this.#gateway.logBytes();
    const ackedAtStart = this.#topologies.acked;
    const gauging = setInterval(() => this.#look(), gaugeEveryMs);
    try {
      for (const part of parts)
        if (this.#options.only.length === 0 || this.#options.only.includes(part)) await this.#play(part);
    } finally {
      clearInterval(gauging);
    }
    this.#acked = this.#topologies.acked - ackedAtStart;
    this.#latencies = await this.#good.stop();
    await this.#settle();
    await this.#good.verify(this.#gateway.ports);
    this.#troubles.push(...this.#good.troubles);
  }

  async close(): Promise<AttackRun> {
    const logBytes = this.#gateway.logBytes() - this.#logBytesAtStart;
    const lines = this.#gateway.logLines();
    for (const line of lines.filter(({ level }) => level === 'error').slice(0, 5))
      this.trouble(`an error in the gateway's log: ${JSON.stringify(line).slice(0, 500)}`);
    if (this.#gateway.ended === undefined) await this.#attempt('killing', () => this.#topologies.kill());
    for (const trouble of await this.#gateway.end(this.#troubles.length > 0)) this.trouble(trouble);
    return {
      ...{ framesSent: this.#framesSent, connections: this.#connections, latencies: this.#latencies },
      resident: {
        startMebibytes: this.#start.residentMebibytes,
        worstMebibytes: this.#worstMebibytes,
        endMebibytes: this.#end.residentMebibytes,
      },
      descriptors: { start: this.#start.descriptors, end: this.#end.descriptors },
      ...{ logBytes, acked: this.#acked, troubles: this.#troubles },
      longTurns: lines
        .filter(({ event }) => event === 'loop.turn-too-long')
        .map((line) => ({ turnMs: Number(line['turnMs']), calls: String(line['calls']) })),
      kept: this.#troubles.length > 0 ? this.#gateway.dir : undefined,
    };
  }

  async #play(part: Part): Promise<void> {
    this.#say(`part: ${part}`);
    switch (part) {
      case 'known':
        return this.#sendKnown();
      case 'frames':
        return this.#sendFrames();
      case 'clients':
        return this.#standClients();
      case 'containers':
        return this.#attackContainers();
    }
  }

  /** Each known attack once at its full size; the connection says when it has been dealt with. */
  async #sendKnown(): Promise<void> {
    for (const { name, service, message } of knownAttacks) {
      const bytes = framed(message(1));
      const socket = await open(this.#gateway.ports[service]);
      if (socket === undefined) {
        this.trouble(`${service} takes no connection before ${name}`);
        continue;
      }
      const beganMs = performance.now();
      await new Promise<void>((resolve) => {
        socket.once('data', resolve);
        socket.once('close', resolve);
        socket.write(bytes);
        setTimeout(resolve, 60_000).unref();
      });
      socket.destroy();
      this.#framesSent += 1;
      const { residentMebibytes } = this.#gateway.gauge();
      const tookMs = Math.round(performance.now() - beganMs);
      this.#say(`${name}: ${bytes.length} bytes, ${tookMs} ms, RSS ${Math.round(residentMebibytes)} MiB`);
    }
  }

  async #sendFrames(): Promise<void> {
    const { seed, frames } = this.#options;
    const count = Math.ceil(frames / 2);
    const { nimbus, dlog } = this.#gateway.ports;
    const senders = (['nimbus', 'dlog'] as const).map(
      (service) =>
        new AttackerProcess({
          kind: 'frames',
          frames: { service, port: service === 'nimbus' ? nimbus : dlog, seed, from: 0, count },
        }),
    );
    const before = this.#framesSent;
    const add = (): void => {
      this.#framesSent = before + senders.reduce((sum, { progress }) => sum + progress.sent, 0);
      this.#connections = senders.reduce((sum, { progress }) => sum + progress.connections, 0);
    };
    try {
      await this.#until('frames', () => {
        add();
        return senders.every(({ hasEnded }) => hasEnded);
      });
      await Promise.all(senders.map((sender) => sender.done()));
    } finally {
      await Promise.allSettled(senders.map((sender) => sender.stop()));
      add();
    }
  }

  /** Every kind for its share of the time, then all of them together for as long again. */
  async #standClients(): Promise<void> {
    const { ports } = this.#gateway;
    const names = Object.keys(badClients);
    const turns = [...names.map((name) => [name]), names];
    const shareMs = (this.#options.minutes * 60_000) / (names.length * 2);
    for (const together of turns) {
      this.#say(`clients: ${together.join(', ')}`);
      const attacker = new AttackerProcess({ kind: 'clients', ports, names: together });
      const endMs = performance.now() + (together.length === 1 ? shareMs : shareMs * names.length);
      await this.#until(together.join(', '), () => performance.now() > endMs || attacker.hasEnded);
      await attacker.stop();
    }
  }

  async #attackContainers(): Promise<void> {
    const { localDir } = this.#gateway;
    const attacker = new AttackerProcess({ kind: 'containers', localDir, seed: this.#options.seed });
    const endMs = performance.now() + Math.max(5000, this.#options.minutes * 6000);
    const before = this.#topologies.acked;
    await this.#until('containers', () => performance.now() > endMs || attacker.hasEnded);
    await attacker.stop();
    if (this.#topologies.acked <= before)
      this.trouble('the steady topology stopped while the ports of containers were attacked');
  }

  async #settle(): Promise<void> {
    this.#say('waiting for memory and descriptors to go back');
    await releaseStreams(this.#gateway.ports.dlog);
    const endMs = performance.now() + settleMs;
    do {
      await sleep(1000);
      this.#end = this.#gateway.gauge();
    } while (
      performance.now() < endMs &&
      (this.#end.residentMebibytes > this.#start.residentMebibytes + 5 ||
        this.#end.descriptors > this.#start.descriptors)
    );
  }

  async #until(what: string, isSo: () => boolean): Promise<void> {
    for (let saidMs = performance.now(); !isSo(); await sleep(100)) {
      if (this.#gateway.ended !== undefined) throw new Error(`the gateway ended with ${this.#gateway.ended}`);
      if (performance.now() - saidMs < sayEveryMs) continue;
      saidMs = performance.now();
      const { residentMebibytes, descriptors } = this.#gateway.gauge();
      this.#say(
        `${what}: ${this.#framesSent} frames, RSS ${Math.round(residentMebibytes)} MiB, ${descriptors} descriptors, ` +
          `log ${this.#gateway.logBytes() - this.#logBytesAtStart} bytes, ${this.#topologies.acked} acked, ` +
          `getLeader p99 ${this.#good.recentP99Ms().toFixed(1)} ms`,
      );
    }
  }

  #look(): void {
    if (this.#gateway.ended !== undefined) return;
    this.#worstMebibytes = Math.max(this.#worstMebibytes, this.#gateway.gauge().residentMebibytes);
  }

  async #attempt(what: string, part: () => Promise<unknown>): Promise<void> {
    try {
      await part();
    } catch (error) {
      this.trouble(`${what}: ${describeError(error)}`);
    }
  }
}
