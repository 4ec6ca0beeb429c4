import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectThrift, DistributedLogService } from '../../src/rpc/index.ts';
import { callOf, framed, type ServiceName } from '../../src/testing/attack/index.ts';
import { countAnswers, open } from './frame-sender.ts';
import type { Ports } from './gateway.ts';

/**
 * Clients that cost more than they should: each kind keeps its connections until the signal, and opens those
 * that were closed again.
 */
type BadClients = (ports: Ports, signal: AbortSignal) => Promise<void>;

export const badClients: Readonly<Record<string, BadClients>> = {
  /** More connections than a server takes, without a word. */
  silent: (ports, signal) => both(ports, 700, signal, () => undefined),

  /** Frames that claim a megabyte and come byte by byte. */
  slow: (ports, signal) =>
    both(ports, 60, signal, async (socket) => {
      socket.write(Buffer.from([0, 0x0f, 0x42, 0x40]));
      while (!socket.destroyed && !signal.aborted) {
        socket.write(Buffer.from([0]));
        await sleep(20);
      }
    }),

  /** Half a frame that is as long as it can be, and then nothing. */
  halfway: (ports, signal) =>
    both(ports, 60, signal, (socket) => {
      socket.write(Buffer.concat([Buffer.from([0, 0x0f, 0x42, 0x40]), Buffer.alloc(900_000)]));
    }),

  /** Calls with long answers, none of which is read. */
  greedy: (ports, signal) => {
    const earliest = { kind: 'earliest', value: true } as const;
    const calls = {
      nimbus: framed(callOf('nimbus', 'getNimbusConf', {})),
      dlog: framed(
        callOf('dlog', 'readEntries', { stream: 'fat/a', start: earliest, bytesMax: 2 ** 31 - 1, waitMs: 0 }),
      ),
    };
    return both(ports, 40, signal, (socket, service) => {
      socket.pause();
      socket.write(Buffer.concat(Array.from({ length: 64 }, () => calls[service])));
    });
  },

  /** The same calls, as many as go, with the answers read. */
  busy: (ports, signal) => {
    const calls = {
      nimbus: framed(callOf('nimbus', 'getClusterInfo', {})),
      dlog: framed(
        callOf('dlog', 'read', {
          ...{ stream: 'fat/small', start: { kind: 'earliest', value: true } },
          ...{ recordsMax: 10_000, bytesMax: 2 ** 31 - 1, waitMs: 0 },
        }),
      ),
    };
    return both(ports, 4, signal, (socket, service) => {
      const send = (): unknown => socket.write(Buffer.concat([calls[service], calls[service]]));
      socket.on('data', send);
      send();
    });
  },

  /** Uploads that are begun and left, as fast as they are taken. */
  uploads: (ports, signal) =>
    keep(ports.nimbus, 4, signal, async (socket) => {
      socket.resume();
      while (!socket.destroyed && !signal.aborted) {
        socket.write(framed(callOf('nimbus', 'beginFileUpload', {})));
        await sleep(50);
      }
    }),

  /** A new stream with each record. */
  streams: (ports, signal) => {
    let count = 0;
    return keep(ports.dlog, 2, signal, async (socket) => {
      socket.resume();
      while (!socket.destroyed && !signal.aborted) {
        const stream = `many/s${count++ % 3000}`;
        socket.write(framed(callOf('dlog', 'create', { stream, ctx: {} })));
        socket.write(framed(callOf('dlog', 'write', { stream, data: Buffer.from('x') })));
        await sleep(20);
      }
    });
  },

  /** Long records, without waiting for an answer. */
  flood: (ports, signal) =>
    keep(ports.dlog, 2, signal, async (socket) => {
      socket.resume();
      socket.write(framed(callOf('dlog', 'create', { stream: 'fat/flood', ctx: {} })));
      const call = framed(callOf('dlog', 'write', { stream: 'fat/flood', data: Buffer.alloc(200_000) }));
      while (!socket.destroyed && !signal.aborted) {
        if (!socket.write(call)) await sleep(50);
        else await sleep(20);
      }
    }),
};

/** Gives the streams back that bad clients made the gateway the owner of, as an operator would. */
export async function releaseStreams(port: number): Promise<void> {
  using client = await connectThrift(
    DistributedLogService,
    { host: '127.0.0.1', port },
    { timeoutMs: 60_000, addressKeys: 'egret.dlog.port' },
  );
  const { names } = await client.call.namespaces({});
  for (const inNamespace of (names ?? []).filter((name) => name !== 'good')) {
    const { owners } = await client.call.owners({ inNamespace });
    for (const { stream } of owners ?? []) await client.call.release({ stream, ctx: {} });
  }
}

/** What greedy clients read: records of half a megabyte, and small ones. */
export async function writeFatStreams(port: number): Promise<void> {
  const socket = await open(port);
  if (socket === undefined) throw new Error('the log takes no connection');
  const created = ['fat/a', 'fat/small'].map((stream) =>
    framed(callOf('dlog', 'create', { stream, ctx: {} })),
  );
  const large = Array.from({ length: 8 }, () =>
    framed(callOf('dlog', 'write', { stream: 'fat/a', data: Buffer.alloc(500_000, 1) })),
  );
  const small = Array.from({ length: 4 }, () =>
    framed(
      callOf('dlog', 'writeBulkWithContext', {
        ...{ stream: 'fat/small', ctx: {} },
        data: Array.from({ length: 4000 }, () => Buffer.alloc(8)),
      }),
    ),
  );
  const calls = [...created, ...large, ...small];
  let answers = 0;
  await new Promise<void>((resolve, reject) => {
    socket.once('close', () => reject(new Error('the log closed the connection')));
    countAnswers(socket, () => {
      answers += 1;
      if (answers === calls.length) resolve();
    });
    socket.write(Buffer.concat(calls));
  });
  socket.destroy();
}

async function both(
  { nimbus, dlog }: Ports,
  count: number,
  signal: AbortSignal,
  use: (socket: Socket, service: ServiceName) => unknown,
): Promise<void> {
  await Promise.all([
    keep(nimbus, count, signal, (socket) => use(socket, 'nimbus')),
    keep(dlog, count, signal, (socket) => use(socket, 'dlog')),
  ]);
}

/** A closed connection is opened again, but at most some twenty a second of each kind. */
async function keep(
  port: number,
  count: number,
  signal: AbortSignal,
  use: (socket: Socket) => unknown,
): Promise<void> {
  const sockets = new Set<Socket>();
  const using = new Set<Promise<unknown>>();
  while (!signal.aborted) {
    for (let left = Math.min(20, count - sockets.size); left > 0; left--) {
      const socket = await open(port);
      if (socket === undefined) break;
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      const work = Promise.resolve(use(socket));
      using.add(work);
      void work.finally(() => using.delete(work));
    }
    await sleep(sockets.size < count ? 200 : 500);
  }
  for (const socket of sockets) socket.destroy();
  await Promise.all(using);
}
