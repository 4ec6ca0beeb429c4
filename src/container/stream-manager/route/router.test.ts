import assert from 'node:assert/strict';
import { type Logger, silentLog } from '../../../base/index.ts';
import { DataFrameWriter } from '../../../tuple/index.ts';
import { type Route, Router } from './router.ts';

function frame(target: number, tuples = 1): Buffer {
  let made = Buffer.alloc(0);
  const writer = new DataFrameWriter({ target, stream: 1, source: 9 }, (buffer, start, end) => {
    made = Buffer.from(buffer.subarray(start, end));
  });
  for (let i = 0; i < tuples; i++) {
    writer.beginTuple(0);
    writer.values.begin(0);
    writer.endTuple();
  }
  writer.flush();
  return made;
}

class RecordingRoute implements Route {
  readonly tasks: readonly number[];
  readonly events: string[];
  onFlush: (() => void) | undefined;

  constructor(tasks: readonly number[], events: string[]) {
    this.tasks = tasks;
    this.events = events;
  }

  deliver(buffer: Buffer, start: number): void {
    this.events.push(`deliver ${buffer.readInt32LE(start + 4)}`);
  }

  flush(): void {
    this.events.push(`flush ${this.tasks.join('+')}`);
    this.onFlush?.();
    this.onFlush = undefined;
  }
}

describe('Router', () => {
  const route = (router: Router, target: number, tuples = 1): void => {
    const bytes = frame(target, tuples);
    router.route(bytes, 0, bytes.length);
  };

  it('delivers each frame at once and flushes each route that received one once', () => {
    const events: string[] = [];
    const router = new Router(silentLog);
    router.rebuild([
      new RecordingRoute([1, 2], events),
      new RecordingRoute([3], events),
      new RecordingRoute([4], events),
    ]);
    for (const target of [1, 3, 2, 1]) route(router, target);
    router.flush();
    assert.deepEqual(events.slice(0, 4), ['deliver 1', 'deliver 3', 'deliver 2', 'deliver 1']);
    assert.deepEqual(events.slice(4).sort(), ['flush 1+2', 'flush 3']);
    router.flush();
    assert.equal(events.length, 6);
  });

  it('flushes a route again when the flush of another gives it frames', () => {
    const events: string[] = [];
    const router = new Router(silentLog);
    const acker = new RecordingRoute([1], events);
    router.rebuild([acker, new RecordingRoute([2], events)]);
    acker.onFlush = () => route(router, 2);
    route(router, 1);
    router.flush();
    assert.deepEqual(events, ['deliver 1', 'flush 1', 'deliver 2', 'flush 2']);
  });

  it('counts the tuples for unknown targets and logs each target once', () => {
    const lines: unknown[] = [];
    const log: Logger = { ...silentLog, warn: (fields) => void lines.push(fields['target']) };
    const router = new Router(log);
    router.rebuild([new RecordingRoute([2], [])]);
    for (const target of [-1, 0, 1, 3, 70_000, -1, 3]) route(router, target, 2);
    assert.equal(router.droppedTuples, 14);
    assert.deepEqual(lines, [-1, 0, 1, 3, 70_000]);
  });

  it('routes by the newest table, and flushes what the old one routed', () => {
    const events: string[] = [];
    const router = new Router(silentLog);
    router.rebuild([new RecordingRoute([1], events)]);
    route(router, 1);
    router.rebuild([new RecordingRoute([2], events), new RecordingRoute([1, 3], events)]);
    assert.deepEqual(events, ['deliver 1', 'flush 1']);
    route(router, 3);
    router.flush();
    assert.equal(events.at(-1), 'flush 1+3');
  });
});
