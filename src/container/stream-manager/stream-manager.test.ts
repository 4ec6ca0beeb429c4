import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { type Logger, seededRandom, silentLog } from '../../base/index.ts';
import { FakeHost, numberedFrame, StreamManagers, until } from '../../testing/stream-managers.ts';
import { encodeControlFrame, frameBodyBytesMax } from '../../tuple/index.ts';

const threeContainers = { 1: [1, 2], 2: [3, 4], 3: [5] };

describe('StreamManager', () => {
  it('carries every frame once and in order for each source and target, whatever the sizes of writes', async () => {
    const seed = Date.now() | 0;
    const random = seededRandom(seed);
    await using cluster = await StreamManagers.open({ tasks: threeContainers });
    const sent = new Map<string, string[]>();
    for (let round = 0; round < 200; round++) {
      const from = 1 + Math.floor(random.next() * 3);
      const own = threeContainers[from as 1 | 2 | 3];
      const frames = Array.from({ length: Math.floor(random.next() * 20) }, (_, index) => {
        const source = own[Math.floor(random.next() * own.length)]!;
        const target = 1 + Math.floor(random.next() * 5);
        const number = round * 100 + index;
        const key = `${source}>${target}`;
        sent.set(key, [...(sent.get(key) ?? []), `${key}:${number}`]);
        return numberedFrame({ source, target }, number, Math.floor(random.next() ** 6 * 300_000));
      });
      cluster.emit(from, frames);
      if (random.next() < 0.2) await new Promise((resolve) => setImmediate(resolve));
    }
    const received = (): string[] => [...cluster.hosts.values()].flatMap((host) => host.received);
    const expected = [...sent.values()].flat().length;
    await until('all frames', () => received().length >= expected);
    for (const [key, texts] of sent) {
      const arrived = received().filter((text) => text.startsWith(`${key}:`));
      assert.deepEqual(arrived, texts, `seed ${seed}`);
    }
    assert.equal(received().length, expected);
  });

  it('holds frames for a peer that is away, and gives them to its next incarnation', async () => {
    await using cluster = await StreamManagers.open({ tasks: { 1: [1], 2: [2] } });
    cluster.close(2);
    await until('the peer left', () => cluster.managers.get(1)!.peers.get(2)?.isConnected === false);
    const frames = Array.from({ length: 500 }, (_, number) =>
      numberedFrame({ source: 1, target: 2 }, number),
    );
    cluster.emit(1, frames);
    await cluster.start(2);
    await until('the frames', () => cluster.hosts.get(2)!.received.length === 500);
    assert.deepEqual(
      cluster.hosts.get(2)!.received,
      frames.map((_, number) => `1>2:${number}`),
    );
    cluster.emit(2, [numberedFrame({ source: 2, target: 1 }, 7)]);
    await until('the other way', () => cluster.hosts.get(1)!.received.includes('2>1:7'));
  });

  it('drops what is above the bound for a peer that is away, counts it and logs it once', async () => {
    const events: string[] = [];
    const log: Logger = { ...silentLog, warn: (fields) => void events.push(fields.event), child: () => log };
    const conf = { 'egret.stream.manager.queue.max.bytes': 100_000 };
    await using cluster = await StreamManagers.open({ tasks: { 1: [1], 2: [2] }, conf, log });
    cluster.close(2);
    await until('the peer left', () => cluster.managers.get(1)!.peers.get(2)?.isConnected === false);
    const frame = numberedFrame({ source: 1, target: 2 }, 1, 968);
    cluster.emit(
      1,
      Array.from({ length: 150 }, () => frame),
    );
    const kept = Math.floor(100_000 / frame.length);
    assert.equal(cluster.managers.get(1)!.droppedTuples.absentPeer, 150 - kept);
    assert.deepEqual(events.filter((event) => event === 'peer.frames-dropped').length, 1);
  });

  it('holds frames for a host that has not started, in order, and reports the pressure of a long wait', async () => {
    const conf = {
      'egret.stream.manager.queue.high.bytes': 300_000,
      'egret.stream.manager.queue.low.bytes': 1000,
    };
    await using cluster = new StreamManagers({ tasks: { 1: [1], 2: [2] }, conf });
    await cluster.startMaster();
    await cluster.start(1);
    await cluster.start(2, { hasHost: false });
    await cluster.complete();
    const sender = cluster.managers.get(1)!;
    const pressure = (): readonly number[] => cluster.hosts.get(1)!.last('pressure')?.tasks ?? [];
    for (let number = 0; number < 40; number++) {
      cluster.emit(1, [numberedFrame({ source: 1, target: 2 }, number, 10_000)]);
      await until('an empty link', () => sender.peers.get(2)!.queuedBytes === 0);
    }
    await until('pressure on task 2 at the other container', () => pressure().includes(2));
    const host = cluster.fill(2);
    await until('the frames', () => host.received.length === 40);
    assert.deepEqual(
      host.received,
      Array.from({ length: 40 }, (_, number) => `1>2:${number}`),
    );
    await until('no pressure', () => pressure().length === 0);
  });

  it('sends hosts and peers the union of pressure reports, and lifts what its reporter lifts or leaves behind', async () => {
    await using cluster = await StreamManagers.open({ tasks: threeContainers });
    const pressure = (id: number): string => (cluster.hosts.get(id)!.last('pressure')?.tasks ?? []).join();
    const report = (id: number, tasks: number[]): void => {
      const host = cluster.hosts.get(id)!;
      cluster.managers.get(id)!.report(host, { type: 'pressure', reporter: 'fake', tasks });
    };
    report(1, [1]);
    report(2, [3, 4]);
    await until('the union everywhere', () => [1, 2, 3].every((id) => pressure(id) === '1,3,4'));
    report(2, [4]);
    await until('less', () => [1, 2, 3].every((id) => pressure(id) === '1,4'));
    cluster.managers.get(1)!.empty(cluster.hosts.get(1)!);
    await until('what the ended host reported is lifted', () => [2, 3].every((id) => pressure(id) === '4'));
    cluster.close(2);
    await until('what the lost peer reported is lifted', () => pressure(3) === '');
  });

  it('treats a congested link as pressure on all tasks behind it, and pauses hosts at the hard bound', async () => {
    const conf = {
      'egret.stream.manager.queue.high.bytes': 100_000,
      'egret.stream.manager.queue.low.bytes': 10_000,
      'egret.stream.manager.queue.max.bytes': 1_000_000,
    };
    await using cluster = await StreamManagers.open({ tasks: { 1: [1], 2: [2, 3] }, conf });
    const host = cluster.hosts.get(1)!;
    const frame = numberedFrame({ source: 1, target: 2 }, 1, 50_000);
    // One turn of the loop: the socket cannot be drained meanwhile, whatever the kernel's buffers hold.
    cluster.emit(
      1,
      Array.from({ length: 400 }, () => frame),
    );
    assert.deepEqual(host.last('pressure')?.tasks, [2, 3]);
    assert.equal(host.isPaused, true);
    await until('all delivered', () => cluster.hosts.get(2)!.received.length === 400);
    await until('lifted', () => host.last('pressure')?.tasks.length === 0 && !host.isPaused);
    assert.deepEqual(cluster.managers.get(1)!.droppedTuples, {
      unknownTarget: 0,
      absentPeer: 0,
      absentHost: 0,
      congested: 0,
    });
  });

  it('passes loads to peers and to hosts that come later', async () => {
    await using cluster = await StreamManagers.open({ tasks: { 1: [1], 2: [2] } });
    cluster.managers.get(1)!.report(cluster.hosts.get(1)!, { type: 'loads', loads: [[1, 0.5]] });
    await until('loads at the peer', () => cluster.hosts.get(2)!.last('loads')?.loads[0]?.[1] === 0.5);
    assert.equal(cluster.hosts.get(1)!.last('loads'), undefined);
    assert.deepEqual(cluster.fill(2).last('loads')?.loads, [[1, 0.5]]);
  });

  it('keeps tuples flowing while master and store are away, and is published again when they are back', async () => {
    await using cluster = await StreamManagers.open({ tasks: { 1: [1], 2: [2] } });
    const epoch = cluster.managers.get(1)!.physical!.epoch;
    cluster.store.setAway(true);
    await cluster.stopMaster();
    cluster.emit(1, [numberedFrame({ source: 1, target: 2 }, 1)]);
    await until('the frame', () => cluster.hosts.get(2)!.received.length === 1);
    cluster.store.setAway(false);
    await cluster.startMaster();
    await until('a later plan', () => cluster.managers.get(1)!.physical!.epoch > epoch);
    await cluster.complete();
    cluster.emit(2, [numberedFrame({ source: 2, target: 1 }, 2)]);
    await until('the other way', () => cluster.hosts.get(1)!.received.length === 1);
  });

  it('keeps what waited behind a write that broke, for the next incarnation', async () => {
    await using cluster = await StreamManagers.open({ tasks: { 1: [1], 2: [2] } });
    const peer = await takePlaceOf(cluster, 2);
    const frames = Array.from({ length: 400 }, (_, i) => numberedFrame({ source: 1, target: 2 }, i, 90_000));
    for (const frame of frames) {
      cluster.emit(1, [frame]);
      await new Promise((resolve) => setImmediate(resolve)); // the kernel takes what it can
    }
    const queue = cluster.managers.get(1)!.peers.get(2)!;
    assert.ok(queue.queuedBytes > 100 * 90_000);
    peer.destroy();
    await until('the peer left', () => !queue.isConnected);
    await cluster.start(2);
    const { received } = cluster.hosts.get(2)!;
    await until('the last frame', () => received.at(-1) === '1>2:399');
    assert.ok(received.length > 100);
    assert.deepEqual(received, frames.map((_, i) => `1>2:${i}`).slice(-received.length));
  });

  it('accepts what a peer reports about its own tasks, and closes one that sends tuples the wrong way', async () => {
    await using cluster = await StreamManagers.open({ tasks: { 1: [1], 2: [2] } });
    const peer = await takePlaceOf(cluster, 2);
    peer.write(encodeControlFrame({ type: 'pressure', reporter: 'x', tasks: [1, 2] } as { type: string }));
    const pressure = (): readonly number[] => cluster.hosts.get(1)!.last('pressure')?.tasks ?? [];
    await until('pressure on task 2 alone', () => pressure().join() === '2');
    peer.write(numberedFrame({ source: 2, target: 1 }, 1));
    await until('the peer left', () => !cluster.managers.get(1)!.peers.get(2)!.isConnected);
    assert.deepEqual(cluster.hosts.get(1)!.received, []);
    await until('its pressure is lifted', () => pressure().length === 0);
  });

  it('keeps a peer waiting that only a newer plan names, and applies what it sent meanwhile', async () => {
    await using cluster = await StreamManagers.open({ tasks: { 1: [1], 2: [2] } });
    const manager = cluster.managers.get(1)!;
    cluster.close(2);
    await cluster.stopMaster();
    await until('the peer left', () => !manager.peers.get(2)!.isConnected);
    const plan = manager.physical!;
    const [own, other] = plan.streamManagers;
    const peer = connect({ host: '127.0.0.1', port: own!.port });
    const to = { containerId: 1, incarnation: own!.incarnation };
    const hello = {
      type: 'peer',
      protocol: 1,
      topologyId: 'test-1',
      containerId: 2,
      incarnation: 'next',
      to,
    };
    peer.write(encodeControlFrame(hello));
    peer.write(encodeControlFrame({ type: 'pressure', reporter: 'x', tasks: [2] } as { type: string }));
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(manager.peers.get(2)!.isConnected, false);
    const next = [own!, { ...other!, incarnation: 'next' }];
    manager.applyPhysical({ ...plan, epoch: plan.epoch + 1, streamManagers: next });
    await until('the peer is taken in', () => manager.peers.get(2)!.isConnected);
    await until('what it said', () => cluster.hosts.get(1)!.last('pressure')?.tasks.join() === '2');
    peer.destroy();
  });

  it('receives plans above the one it holds from a master that has lost all state', async () => {
    await using cluster = await StreamManagers.open({ tasks: { 1: [1] } });
    const manager = cluster.managers.get(1)!;
    await cluster.stopMaster();
    const held = manager.physical!.epoch + 1e9;
    manager.applyPhysical({ ...manager.physical!, epoch: held });
    await cluster.startMaster();
    await until('a plan above', () => manager.physical!.epoch > held);
  });

  it('refuses strangers with a reason: another topology, another container, an unknown incarnation', async () => {
    const conf = { 'egret.stream.manager.hello.ms': 50 };
    await using cluster = await StreamManagers.open({ tasks: { 1: [1], 2: [2] }, conf });
    const [target, peer] = cluster.managers.get(1)!.physical!.streamManagers;
    const to = { containerId: 1, incarnation: target!.incarnation };
    const hello = {
      type: 'peer',
      protocol: 1,
      topologyId: 'test-1',
      containerId: 2,
      incarnation: peer!.incarnation,
      to,
    };
    const answer = async (message: object): Promise<string> =>
      talk(target!.port, message as { type: string });
    assert.match(await answer({ ...hello, topologyId: 'other-1' }), /topology other-1, this is test-1/);
    assert.match(await answer({ ...hello, to: { ...to, incarnation: 'old' } }), /meant for container 1 old/);
    assert.match(await answer({ ...hello, containerId: 9 }), /container 9 is not in the packing plan/);
    assert.match(await answer({ ...hello, incarnation: 'forged' }), /no plan names container 2 forged/);
    assert.match(await answer({ ...hello, protocol: 99 }), /protocol 99, expected 1/);
    assert.equal(await answer({ type: 'pressure' }), '');
    cluster.emit(1, [numberedFrame({ source: 1, target: 2 }, 1)]);
    await until('real peers are not disturbed', () => cluster.hosts.get(2)!.received.length === 1);
  });

  it('closes a connection that breaks the wire, and only that', async () => {
    await using cluster = await StreamManagers.open({ tasks: { 1: [1], 2: [2] } });
    const { port } = cluster.managers.get(1)!.physical!.streamManagers[0]!;
    const oversize = Buffer.alloc(16);
    oversize.writeUInt32LE(frameBodyBytesMax + 13);
    oversize[11] = 1;
    for (const bytes of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), oversize, Buffer.from([3, 0, 0, 0])]) {
      assert.equal(await talk(port, bytes), '');
    }
    assert.equal(await talk(port, numberedFrame({ source: 1, target: 1 }, 1)), '');
    assert.deepEqual(cluster.hosts.get(1)!.received, []);
    cluster.emit(2, [numberedFrame({ source: 2, target: 1 }, 3)]);
    await until('real peers are not disturbed', () => cluster.hosts.get(1)!.received.length === 1);
  });

  it('ignores a plan older than the one it holds', async () => {
    await using cluster = await StreamManagers.open({ tasks: { 1: [1], 2: [2] } });
    const manager = cluster.managers.get(1)!;
    const plan = manager.physical!;
    manager.applyPhysical({ ...plan, epoch: plan.epoch - 1, status: 'KILLED' });
    assert.equal(manager.physical, plan);
    const host = new FakeHost('fake', [1]);
    manager.fill(host);
    assert.deepEqual(host.last('plan')?.plan, plan);
  });
});

/** Closes the stream manager of a container and connects to container 1 in its name. Reads nothing. */
async function takePlaceOf(cluster: StreamManagers, containerId: number): Promise<Socket> {
  const [target, own] = cluster.managers.get(1)!.physical!.streamManagers;
  cluster.close(containerId);
  const queue = cluster.managers.get(1)!.peers.get(containerId)!;
  await until('the peer left', () => !queue.isConnected);
  const socket = connect({ host: '127.0.0.1', port: target!.port });
  socket.on('error', () => undefined);
  const to = { containerId: 1, incarnation: target!.incarnation };
  const { incarnation } = own!;
  const hello = { type: 'peer', protocol: 1, topologyId: 'test-1', containerId, incarnation, to };
  socket.write(encodeControlFrame(hello));
  await until('its successor', () => queue.isConnected);
  return socket;
}

/** Sends bytes or a control message to a port, and gives what came back before the other end closed. */
async function talk(port: number, words: Buffer | { readonly type: string }): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port });
  const heard: Buffer[] = [];
  socket.on('data', (bytes) => heard.push(bytes));
  socket.on('error', () => undefined);
  socket.write(Buffer.isBuffer(words) ? words : encodeControlFrame(words));
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(heard).subarray(16).toString('utf8');
}
