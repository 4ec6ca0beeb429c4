import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { GatewayError, seededRandom, silentLog, systemClock, waitFor } from '../../base/index.ts';
import { isStopped } from '../../child/index.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { FakeHost } from '../../testing/stream-managers.ts';
import type { HostExit } from '../task-hosts/deps.ts';
import { HostKeeper, type HostKeeperDeps } from './host-keeper.ts';

class ScriptedHost extends FakeHost {
  readonly exit: (exit: HostExit) => void;
  readonly stops: number[] = [];
  startFault: Error | undefined;
  pid: number | undefined;
  giveUp: ((why: string) => void) | undefined;

  constructor(exit: (exit: HostExit) => void) {
    super('shell-1', [1]);
    this.exit = exit;
  }

  override start(): Promise<void> {
    return this.startFault === undefined ? Promise.resolve() : Promise.reject(this.startFault);
  }

  override stop(graceMs?: number): Promise<void> {
    this.stops.push(graceMs ?? -1);
    return Promise.resolve();
  }
}

class Bench {
  readonly clock = new ManualClock();
  readonly hosts: ScriptedHost[] = [];
  readonly filled: ScriptedHost[] = [];
  readonly emptied: ScriptedHost[] = [];
  readonly faults: string[] = [];
  startFault: Error | undefined;
  readonly keeper: HostKeeper;

  constructor(startFault?: Error) {
    this.startFault = startFault;
    const streamManager = {
      fill: (host: ScriptedHost) => void this.filled.push(host),
      empty: (host: ScriptedHost) => void this.emptied.push(host),
    };
    const metrics = {
      forget: () => undefined,
      restarted: (_host: unknown, text: string) => void this.faults.push(text),
    };
    this.keeper = new HostKeeper({
      name: 'shell-1',
      tasks: [1],
      make: (exit: (exit: HostExit) => void) => {
        const host = new ScriptedHost(exit);
        host.startFault = this.startFault;
        this.hosts.push(host);
        return Promise.resolve(host);
      },
      streamManager,
      metrics,
      clock: this.clock,
      random: seededRandom(1),
      log: silentLog,
      ...{ heartbeatTimeoutMs: 5000, stoppedMsMax: 2000 },
    } as unknown as HostKeeperDeps);
    this.keeper.start();
  }

  async turn(ms = 0): Promise<void> {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    this.clock.advance(ms);
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Some seconds with a check in each, as the container makes them. */
  async check(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      await this.turn(1000);
      this.keeper.check();
      await this.turn();
    }
  }

  async end(reason: string, stderrTail: string[] = []): Promise<void> {
    this.hosts.at(-1)!.exit({ reason, stderrTail });
    await this.turn();
  }
}

describe('HostKeeper', () => {
  it('makes a new host after each end, with growing delay, and reports why', async () => {
    const bench = new Bench();
    await bench.turn();
    assert.deepEqual(bench.filled, [bench.hosts[0]]);
    await bench.end('exited with code 1', ['Traceback', 'KeyError: 7']);
    assert.deepEqual(bench.emptied, [bench.hosts[0]]);
    assert.deepEqual(bench.faults, [
      'exited with code 1\nLast lines of its standard error:\nTraceback\nKeyError: 7',
    ]);
    assert.equal(bench.hosts.length, 1);
    await bench.turn(20);
    assert.equal(bench.hosts.length, 2);
    await bench.end('again');
    await bench.turn(20);
    assert.equal(bench.hosts.length, 2);
    await bench.turn(40);
    assert.equal(bench.hosts.length, 3);
  });

  it('reports a crash loop from the third end in a row on, until a host has recovered', async () => {
    const bench = new Bench();
    for (let i = 0; i < 3; i++) {
      await bench.turn(1000);
      await bench.end('boom');
    }
    assert.deepEqual(
      bench.faults.map((text) => text.includes('Crash loop: ended 3 times in a row')),
      [false, false, true],
    );
    await bench.turn(1000);
    await bench.turn(60_000);
    await bench.end('boom');
    assert.doesNotMatch(bench.faults.at(-1)!, /Crash loop/);
  });

  it('stops what a host that failed to start has left, and retries', async () => {
    const bench = new Bench(new GatewayError('SPAWN_FAILED', 'no such file: python9'));
    await bench.turn();
    await bench.turn(100);
    assert.match(bench.faults[0]!, /no such file: python9/);
    assert.deepEqual([bench.filled, bench.hosts[0]!.stops], [[], [0]]);
    bench.startFault = undefined;
    await bench.turn(1000);
    assert.equal(bench.filled.length, 1);
  });

  it('ends a host whose heartbeats cease, but not one that never sent any', async () => {
    const bench = new Bench();
    await bench.check(60);
    assert.deepEqual(bench.faults, []);
    bench.keeper.heard();
    await bench.check(4);
    assert.deepEqual(bench.faults, []);
    await bench.check(1);
    assert.match(bench.faults.join(), /has sent no heartbeat for/);
    assert.deepEqual(bench.hosts[0]!.stops, [0]);
    await bench.turn(1000);
    bench.keeper.check();
    await bench.turn();
    assert.deepEqual([bench.hosts.length, bench.faults.length], [2, 1]);
  });

  it('ends a host whose process is stopped by a signal, and not one that is stopped for a moment', async () => {
    const child = spawn('sleep', ['600']);
    try {
      const bench = new Bench();
      await bench.turn();
      bench.hosts[0]!.pid = child.pid;
      const signal = async (name: 'SIGSTOP' | 'SIGCONT'): Promise<void> => {
        child.kill(name);
        const arrived = () => (isStopped(child.pid!) === (name === 'SIGSTOP') ? true : undefined);
        await waitFor(name, arrived, { clock: systemClock, limitMs: 5000 });
      };
      await signal('SIGSTOP');
      await bench.check(1);
      await signal('SIGCONT');
      await bench.check(1);
      await signal('SIGSTOP');
      await bench.check(1);
      assert.deepEqual(bench.faults, []);
      await bench.check(1);
      assert.match(
        bench.faults.join(),
        /shell-1 \(pid \d+\) was stopped by a signal for 2 s \(egret\.process/,
      );
      assert.deepEqual(bench.hosts[0]!.stops, [0]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('lets a stuck host that can fail what it held end by itself', async () => {
    const bench = new Bench();
    await bench.turn();
    const given: string[] = [];
    bench.hosts[0]!.giveUp = (why) => void given.push(why);
    bench.keeper.heard();
    await bench.check(6);
    assert.match(given[0]!, /has sent no heartbeat for/);
    assert.deepEqual([bench.hosts[0]!.stops, bench.emptied], [[], []]);
    await bench.end(given[0]!);
    assert.equal(bench.emptied.length, 1);
  });

  it('does not count a pause of its own container against a host', async () => {
    const bench = new Bench();
    await bench.turn();
    bench.keeper.heard();
    await bench.check(1);
    await bench.turn(3_600_000);
    await bench.check(4);
    assert.deepEqual(bench.faults, []);
    bench.keeper.heard();
    await bench.check(5);
    assert.match(bench.faults.join(), /has sent no heartbeat for/);
  });

  it('stops its host with the grace, makes no other, and may be stopped twice and before it starts', async () => {
    const bench = new Bench();
    await bench.turn();
    await Promise.all([bench.keeper.stop(3000), bench.keeper.stop(3000)]);
    await bench.turn(60_000);
    assert.equal(bench.hosts.length, 1);
    assert.equal(bench.hosts[0]!.stops[0], 3000);
    assert.deepEqual(bench.faults, []);
    const early = new Bench();
    await early.keeper.stop(0);
    await early.turn(60_000);
    assert.deepEqual(early.filled, []);
  });

  it('can be stopped while it waits to start its host again', async () => {
    const bench = new Bench();
    await bench.turn();
    await bench.end('boom');
    await bench.keeper.stop(0);
    await bench.turn(60_000);
    assert.equal(bench.hosts.length, 1);
  });
});
