import { callOf, type ServiceName } from './corpus.ts';
import { common, input, simple, topology } from './topologies.ts';

/** A request that once stopped the gateway, or costs it as much as one of its size can. */
export interface KnownAttack {
  readonly name: string;
  readonly service: ServiceName;
  /** Builds a message of at most a frame's size; `scale` in (0, 1] is the share of that size to use. */
  readonly message: (scale: number) => Buffer;
}

const frameBytes = 1_000_000;

export const knownAttacks: readonly KnownAttack[] = [
  submission('a class that is its own superclass', () => ({
    topology: simple({ kind: 'custom_serialized', value: ownSuperclass() }),
    conf: durable,
  })),
  submission('a line of classes, and many objects of the last', (scale) => ({
    topology: simple({ kind: 'custom_serialized', value: longClassLine(scale * 0.9 * frameBytes) }),
    conf: durable,
  })),
  submission('a configuration with a string that does not end', (scale) => ({
    topology: simple(),
    conf: `NaN"${'\\"'.repeat((scale * frameBytes * 0.45) | 0)}`,
  })),
  submission('a configuration of nested lists in single quotes', (scale) => ({
    topology: simple(),
    conf: `{'a':${'['.repeat((scale * frameBytes * 0.4) | 0)}${']'.repeat((scale * frameBytes * 0.4) | 0)}}`,
  })),
  submission('a configuration of nested JSON', (scale) => ({
    topology: simple(),
    conf: `{"a":${'{"b":'.repeat((scale * frameBytes * 0.15) | 0)}1${'}'.repeat((scale * frameBytes * 0.15) | 0)}}`,
  })),
  submission('a configuration of many keys', (scale) => ({
    topology: simple(),
    conf: `{${Array.from({ length: (scale * frameBytes) / 14 }, (_, index) => `"k${index}":NaN`).join(',')}}`,
  })),
  submission('many streams, each taken by fields', (scale) => {
    const ids = Array.from({ length: scale * 12_000 }, (_, index) => `${index}`);
    const spout = common({ streams: Object.fromEntries(ids.map((id) => [id, ['f']])) });
    const bolt = common({ inputs: ids.map((id) => input('s', { kind: 'fields', value: ['f'] }, id)) });
    return { topology: topology({ s: spout }, { b: bolt }) };
  }),
  submission('many components with many consumers of metrics', (scale) => ({
    topology: topology(
      Object.fromEntries(Array.from({ length: scale * 3000 }, (_, index) => [`s${index}`, noTasks()])),
      {},
    ),
    conf: JSON.stringify({
      'topology.metrics.consumer.register': Array.from({ length: scale * 800 }, () => ({
        class: 'a',
        'parallelism.hint': 0,
      })),
    }),
  })),
  submission('many components', (scale) => ({
    topology: topology(
      Object.fromEntries(Array.from({ length: scale * 9000 }, (_, index) => [`s${index}`, common({})])),
      {},
    ),
  })),
  {
    name: 'a name of a frame',
    service: 'nimbus',
    message: (scale) => callOf('nimbus', 'killTopology', { name: 'K'.repeat(scale * 0.9 * frameBytes) }),
  },
  {
    name: 'a bulk of empty records',
    service: 'dlog',
    message: (scale) =>
      callOf('dlog', 'writeBulkWithContext', {
        ...{ stream: 'attack/a', ctx: {} },
        data: Array.from({ length: scale * 260_000 }, () => Buffer.alloc(0)),
      }),
  },
  {
    name: 'a set of empty records',
    service: 'dlog',
    message: (scale) =>
      callOf('dlog', 'writeWithContext', {
        ...{ stream: 'attack/a', ctx: { isRecordSet: true } },
        data: recordSet(scale * 250_000),
      }),
  },
  {
    name: 'a subscriber whose name no file can have',
    service: 'dlog',
    message: () =>
      callOf('dlog', 'moveSubscriber', {
        ...{ stream: 'attack/a', subscriber: 'y'.repeat(300), to: { kind: 'earliest', value: true } },
      }),
  },
];

/** Makes the log read what a client sent: the classes of a custom grouping. */
const durable = '{"topology.egret.durable.streams":["s"]}';

interface Submitted {
  readonly topology: ReturnType<typeof simple>;
  readonly conf?: string;
}

function submission(name: string, submitted: (scale: number) => Submitted): KnownAttack {
  return {
    name,
    service: 'nimbus',
    message: (scale) => {
      const { topology: sent, conf = '{}' } = submitted(scale);
      return callOf('nimbus', 'submitTopology', {
        ...{ name: 'attack', uploadedJarLocation: '/no/such/upload.jar', jsonConf: conf, topology: sent },
      });
    },
  };
}

function noTasks(): ReturnType<typeof common> {
  return common({ conf: '{"topology.tasks":0}' });
}

function ownSuperclass(): Buffer {
  const name = Buffer.from('x.Y');
  return Buffer.concat([
    Buffer.from('aced00057372', 'hex'),
    classHead(name),
    Buffer.from('78', 'hex'),
    reference(0),
  ]);
}

/** A class without data and its superclasses, 28 bytes each; then an array of objects of it, 6 bytes each. */
function longClassLine(bytes: number): Buffer {
  const classes = Math.floor(bytes / 2 / 28);
  const objects = Math.floor(bytes / 2 / 6);
  const parts = [Buffer.from('aced0005', 'hex'), Buffer.from('7572', 'hex'), classHead(Buffer.from('[Lx;'))];
  const count = Buffer.alloc(4);
  count.writeInt32BE(objects);
  parts.push(Buffer.from('7870', 'hex'), count, Buffer.from('73', 'hex'));
  for (let index = 0; index < classes; index++)
    parts.push(Buffer.from('72', 'hex'), classHead(Buffer.from(String(index))), Buffer.from('78', 'hex'));
  parts.push(Buffer.from('70', 'hex'));
  for (let index = 1; index < objects; index++) parts.push(Buffer.from('73', 'hex'), reference(2));
  return Buffer.concat(parts);
}

/** Name, version id, flags of a serialisable class, no fields. */
function classHead(name: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(name.length);
  return Buffer.concat([length, name, Buffer.alloc(8), Buffer.from('020000', 'hex')]);
}

function reference(handle: number): Buffer {
  const bytes = Buffer.from('71007e0000', 'hex');
  bytes.writeUInt16BE(handle, 3);
  return bytes;
}

/**
 * As DistributedLog's LogRecordSet is on the wire: version, count and both lengths in front, then each
 * record's length.
 */
function recordSet(records: number): Buffer {
  const count = Math.floor(records);
  const head = Buffer.alloc(16);
  head.writeInt32BE(0x1000, 0);
  head.writeInt32BE(count, 4);
  head.writeInt32BE(4 * count, 8);
  head.writeInt32BE(4 * count, 12);
  return Buffer.concat([head, Buffer.alloc(4 * count)]);
}
