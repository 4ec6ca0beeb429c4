import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deferred, type JsonObject, systemClock, waitFor } from '../../../base/index.ts';
import { FrameReader } from '../../../tuple/index.ts';
import { Link } from './link.ts';

describe('the link to a JVM', () => {
  it('keeps only the newest control message of each kind for an end that does not read', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'egret-link-'));
    const path = join(directory, 'socket');
    const accepted = deferred<Socket>();
    const server = createServer({ pauseOnConnect: true }, (socket) => accepted.resolve(socket));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const nothing = (): void => undefined;
    const link = await Link.open(
      path,
      {
        dataFrame: nothing,
        controlFrame: nothing,
        readEnded: nothing,
        queueChanged: nothing,
        closed: nothing,
      },
      { queueBytesMax: 1000, queueTuplesMax: 10, clock: systemClock, signal: new AbortController().signal },
    );
    const socket = await accepted.promise;
    try {
      const padding = Array.from({ length: 1000 }, (_, i) => i);
      const sent = 3000;
      for (let i = 1; i <= sent; i++) {
        link.sendControl({ type: 'pressure', reporter: 'r', tasks: [...padding, i] });
        link.sendControl({ type: 'loads', loads: [[i % 3, i / sent]] });
        if (i % 1000 === 0) link.sendControl({ type: 'lost', tasks: [i], spouts: [1] });
        if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      const got: JsonObject[] = [];
      const reader = new FrameReader({ dataFrame: nothing, controlFrame: (message) => got.push(message) });
      socket.on('data', (bytes: Buffer) => reader.feed(bytes));
      socket.resume();
      const newest = (type: string): JsonObject | undefined =>
        got.findLast((message) => message['type'] === type);
      await waitFor(
        'the newest of both',
        () => {
          const tasks = newest('pressure')?.['tasks'] as number[] | undefined;
          const loads = newest('loads')?.['loads'] as [number, number][] | undefined;
          return (tasks?.at(-1) === sent && loads?.some(([, load]) => load === 1)) || undefined;
        },
        { clock: systemClock, limitMs: 10_000 },
      );
      const lost = got.filter(({ type }) => type === 'lost').flatMap(({ tasks }) => tasks as number[]);
      assert.deepEqual(
        [...new Set(lost)].sort((a, b) => a - b),
        [1000, 2000, 3000],
        'no loss is forgotten',
      );
      assert.ok(got.length < 1000, `${got.length} of ${2 * sent} messages were written`);
      const loads = new Map(
        got.filter(({ type }) => type === 'loads').flatMap(({ loads: pairs }) => pairs as [number, number][]),
      );
      assert.deepEqual([...loads].sort(), [
        [0, 1],
        [1, (sent - 2) / sent],
        [2, (sent - 1) / sent],
      ]);
    } finally {
      link.close();
      socket.destroy();
      server.close();
      rmSync(directory, { recursive: true });
    }
  });
});
