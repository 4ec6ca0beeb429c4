import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { askOracle } from '../../../testing/oracle.ts';
import { describeValue, describeValues, tuples } from '../../../testing/values-wire.ts';
import { ByteWriter, decodeValues, type JavaValue, java, ValueWriter } from '../../../tuple/index.ts';

interface Sample {
  readonly name: string;
  readonly bytes: string;
  /** Descriptions of what Java wrote, and of what it read back. */
  readonly written: string;
  readonly read: string;
}

describe('values between Java and TypeScript', function () {
  this.timeout(60_000);
  let samples: readonly Sample[] = [];
  let refused: Readonly<Record<string, string>> = {};

  before(() => {
    const answer = askOracle('ValuesWire', { samples: true, refused: true }) as unknown as {
      samples: Sample[];
      refused: Record<string, string>;
    };
    ({ samples, refused } = answer);
  });

  it('are the same for Java after a trip, in content and in class', () => {
    // What has no class of its own on the wire comes back as the collection that is equal to it.
    const changed = new Set(['parts of collections', 'lists']);
    for (const { name, written, read } of samples) {
      if (!changed.has(name)) assert.equal(withoutOuterClass(read), withoutOuterClass(written), name);
    }
    assert.match(read('parts of collections'), /^\[ArrayList \[Integer 2, Integer 3\], LinkedHashSet/);
    assert.match(read('lists'), /unmodifiableList \[String 0061, null\]\]$/);
  });

  it('are read by TypeScript as Java wrote them', () => {
    for (const { name, bytes, written, read } of samples) {
      const values = decodeValues(Buffer.from(bytes, 'base64'));
      const expected = name === 'parts of collections' ? read : written;
      if (!values.some(hasObject)) assert.equal(describeValues(values), withoutOuterClass(expected), name);
    }
  });

  it('carry a view of arrays, enums and other collections', () => {
    const views = (name: string): (string | undefined)[] => valuesOf(name).map(viewOf);
    assert.deepEqual(views('enums'), [describeValue('FRIDAY'), describeValue('SECONDS')]);
    assert.deepEqual(views('arrays'), [
      'ArrayList [Integer 1, Integer 2]',
      'ArrayList [String 0061, null]',
      'ArrayList [Integer 1, ArrayList [Long 2]]',
      'ArrayList []',
    ]);
    assert.deepEqual(views('ordered by comparator'), [
      'LinkedHashMap [String 0061=Integer 1, String 0062=Integer 2]',
    ]);
    assert.deepEqual(views('serializable'), [undefined, undefined, undefined]);
    assert.match(views('from JSON')[0]!, /^LinkedHashMap \[String 0061=ArrayList \[Integer 1, Double/);
  });

  it('name their class where only Java can read them', () => {
    const [registered] = valuesOf('registered');
    assert.ok(typeof registered === 'object' && registered !== null && 'className' in registered);
    assert.equal(registered.className, 'egret.oracle.ValuesSamples$Registered');
    assert.equal(registered.codec, 'kryo');
    const [point] = valuesOf('serializable');
    assert.ok(typeof point === 'object' && point !== null && 'className' in point);
    assert.equal(point.codec, 'javaSerialization');
  });

  it('are refused with class, component and remedy when nothing can write them', () => {
    assert.match(refused['bare']!, /ValuesSamples\$Bare of component split .*topology\.kryo\.register/);
    assert.match(refused['bare in a list']!, /ValuesSamples\$Bare of component split/);
    assert.match(
      refused['bare inside']!,
      /ValuesSamples\$Deceiver .*because of egret\.oracle\.ValuesSamples\$Bare/,
    );
    assert.match(refused['too deep']!, /component split is nested deeper than 64 levels/);
    assert.match(refused['holds itself']!, /nested deeper than 64 levels/);
    assert.match(refused['too many']!, /65536 values, at most 65535/);
    assert.match(refused['too large']!, /17825799 bytes, at most 16646144/);
  });

  it('are read by Java as TypeScript wrote them, and back', () => {
    const sent = fc.sample(tuples(), { numRuns: 400 });
    const encoded = sent.map((values) => encode(values).toString('base64'));
    const { read: answers } = askOracle('ValuesWire', { read: encoded }) as unknown as {
      read: { description?: string; bytes?: string; error?: string }[];
    };
    sent.forEach((values, i) => {
      const answer = answers[i]!;
      assert.equal(answer.error, undefined, `${describeValues(values)}: ${answer.error}`);
      assert.equal(withoutOuterClass(answer.description!), describeValues(values));
      const back = decodeValues(Buffer.from(answer.bytes!, 'base64'));
      assert.equal(describeValues(back), describeValues(values));
    });
  });

  it('in parts become the objects that Storm gives to metrics consumers, and no others', () => {
    const consumer = 'org.apache.storm.metric.api.IMetricsConsumer';
    const parts = (className: string, values: readonly JavaValue[]): JavaValue => ({
      ...{ type: 'object', codec: 'parts', className, bytes: encode(values), view: undefined },
    });
    const point = parts(`${consumer}$DataPoint`, ['__emit-count-default', java.long(7n), java.map([])]);
    const info = ['host', java.int(6700), 'split', java.int(3), java.long(1_800_000_000n), java.int(60)];
    const encoded = [
      [parts(`${consumer}$TaskInfo`, info), java.list([point])],
      [parts(`${consumer}$TaskInfo`, info.slice(1))],
      [parts('java.io.File', ['/'])],
      [parts(`${consumer}$DataPoint`, ['in itself', point, java.map([])])],
    ].map((values) => encode(values).toString('base64'));
    const { read: answers } = askOracle('ValuesWire', { read: encoded }) as unknown as {
      read: { description?: string; bytes?: string; error?: string }[];
    };
    assert.equal(answers[0]!.bytes, encoded[0]); // a JVM writes them so, too
    assert.match(
      answers[0]!.description!,
      /\[TaskInfo TASK_INFO: \{ host: host:6700 comp: split\[3\]\}, ArrayList \[DataPoint \[__emit-count-default=7\]\]\]$/,
    );
    assert.match(answers[1]!.error!, /byte \d+: an object of class \S+TaskInfo cannot be read by its parts/);
    assert.match(answers[2]!.error!, /no object of class java\.io\.File is made of parts/);
    assert.match(answers[3]!.error!, /parts lie within parts/);
  });

  it('are read by Java or refused with the place, whatever the bytes', () => {
    const seed = Number(process.env['EGRET_TEST_SEED'] ?? Date.now() % 1_000_000);
    const { fuzz } = askOracle('ValuesWire', { fuzz: { seed, runs: 20_000 } }) as unknown as {
      fuzz: { read: number; corrupt: number; faults: string[] };
    };
    assert.deepEqual(fuzz.faults, [], `EGRET_TEST_SEED=${seed}`);
    assert.ok(fuzz.corrupt > 1000 && fuzz.read > 1000);
  });

  function read(name: string): string {
    return withoutOuterClass(samples.find((sample) => sample.name === name)!.read);
  }

  function valuesOf(name: string): JavaValue[] {
    return decodeValues(Buffer.from(samples.find((sample) => sample.name === name)!.bytes, 'base64'));
  }
});

function encode(values: readonly JavaValue[]): Buffer {
  const out = new ByteWriter();
  new ValueWriter(out).writeAll(values);
  return out.buffer.subarray(0, out.position);
}

/** The values of a tuple are described as a list, whose class depends on who made it. */
function withoutOuterClass(description: string): string {
  return description.slice(description.indexOf('['));
}

function hasObject(value: JavaValue): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  switch (value.type) {
    case 'object':
      return true;
    case 'list':
    case 'set':
      return value.items.some(hasObject);
    case 'map':
      return value.entries.some(([key, item]) => hasObject(key) || hasObject(item));
    default:
      return false;
  }
}

function viewOf(value: JavaValue): string | undefined {
  if (typeof value !== 'object' || value === null || !('type' in value) || value.type !== 'object')
    return undefined;
  return value.view === undefined ? undefined : describeValue(value.view);
}
