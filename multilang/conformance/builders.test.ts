import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { strFromU8, unzipSync } from 'fflate';
import { GatewayError } from '../../src/base/index.ts';
import { parseIdl } from '../../src/rpc/idl.ts';
import { decode, StormTopology } from '../../src/rpc/index.ts';
import { askOracle } from '../../src/testing/oracle.ts';
import { describeStruct, structNamed } from '../../src/testing/thrift-values.ts';
import {
  builders,
  type DescribedComponent,
  type DescribedInput,
  expectedTopology,
  type Outcome,
  type Question,
  RecordingNimbus,
} from './builder-fixtures.ts';

const idl = parseIdl(readFileSync(new URL('../../thrift/storm.thrift', import.meta.url), 'utf8'));
const spout: DescribedComponent = { kind: 'spout', id: 'lines', script: 'lines.py', outputs: ['line'] };
const bolt: DescribedComponent = {
  kind: 'bolt',
  id: 'split',
  script: 'split.py',
  outputs: { default: ['word'], rest: { fields: ['x', 'y'], direct: true } },
  parallelism: 3,
  conf: { 'topology.tick.tuple.freq.secs': 5 },
  inputs: [{ kind: 'shuffle', source: 'lines', stream: 'default' }],
};
const pair = [spout, bolt];

for (const builder of builders) {
  describe(`topology builder: ${builder.name}`, () => {
    const ask = async (...questions: readonly Question[]) => builder.ask(questions);
    describeEncoding(ask);
    describeRefusals(ask);
    describeSubmission(ask, builder.name);
    describeBadNimbus(ask);
  });
}

type Ask = (...questions: readonly Question[]) => Promise<readonly Outcome[]>;

function describeEncoding(ask: Ask): void {
  it('writes topologies that Java reads as they were declared', async () => {
    const topologies = fc.sample(topologyArbitrary, {
      numRuns: 40,
      seed: Math.floor(Math.random() * 2 ** 31),
    });
    const outcomes = await ask(...topologies.map((components) => ({ components })));
    const read = outcomes.map(({ bytes, text }) => ({
      type: 'StormTopology',
      bytes: bytes ?? assert.fail(text),
    }));
    const answer = askOracle('ThriftRoundTrip', { read }) as { read: { description: unknown }[] };
    for (const [index, components] of topologies.entries()) {
      const expected = expectedTopology(components);
      const shape = structNamed(idl, 'StormTopology');
      const found = decode(StormTopology, Buffer.from(read[index]!.bytes, 'base64'));
      assert.deepEqual(
        withParsedConf(describeStruct(idl, shape, found)),
        withParsedConf(describeStruct(idl, shape, expected)),
      );
      assert.deepEqual(
        withParsedConf(answer.read[index]!.description),
        withParsedConf(describeStruct(idl, shape, expected)),
      );
    }
  });
}

function describeRefusals(ask: Ask): void {
  const reading = (input: Partial<DescribedInput>): readonly DescribedComponent[] => [
    spout,
    { ...bolt, inputs: [{ kind: 'shuffle', source: 'lines', stream: 'default', ...input }] },
  ];
  const cases: readonly (readonly [string, readonly DescribedComponent[], RegExp])[] = [
    ['no spout', [{ ...bolt, inputs: [] }], /no spout/],
    [
      'an unknown source',
      reading({ source: 'line' }),
      /bolt 'split' reads from 'line'.*there are: lines, split/,
    ],
    ['an unknown stream', reading({ stream: 'x' }), /stream 'x' of spout 'lines'.*it declares: default/],
    [
      'an unknown field',
      reading({ kind: 'fields', fields: ['word'] }),
      /groups by field 'word'.*'default' of spout 'lines'.*it has: line/,
    ],
    ['a fields grouping without fields', reading({ kind: 'fields', fields: [] }), /groups by no field/],
    ['direct grouping of a stream that is not direct', reading({ kind: 'direct' }), /not declared direct/],
    [
      'another grouping of a direct stream',
      [...pair, { ...bolt, id: 'b', inputs: [{ kind: 'shuffle', source: 'split', stream: 'rest' }] }],
      /'rest' of bolt 'split' by shuffle grouping, but that stream is declared direct/,
    ],
    ['two components of one id', [spout, { ...bolt, id: 'lines' }], /two components with the id 'lines'/],
    [
      'the same stream twice',
      [spout, { ...bolt, inputs: [...bolt.inputs!, ...bolt.inputs!] }],
      /'default' of 'lines' twice/,
    ],
    ['an id of the system', [{ ...spout, id: '__acker' }], /does not begin with '__'/],
    ['a stream of the system', [{ ...spout, outputs: { __tick: ['a'] } }], /does not begin with '__'/],
    ['no id', [{ ...spout, id: '' }], /the id of a spout/],
    ['parallelism 0', [{ ...spout, parallelism: 0 }], /parallelism of spout 'lines'.*0/],
    ['parallelism 1.5', [{ ...spout, parallelism: 1.5 }], /parallelism of spout 'lines'.*1\.5/],
    ['no command', [{ ...spout, executionCommand: '' }], /needs an execution/],
    ['two fields of one name', [{ ...spout, outputs: ['a', 'a'] }], /must differ/],
  ];

  it('refuses what cannot work, naming it', async () => {
    const outcomes = await ask(...cases.map(([, components]) => ({ components })));
    for (const [index, [title, , expected]] of cases.entries()) {
      assert.equal(outcomes[index]!.error, 'TopologyError', title);
      assert.match(outcomes[index]!.text!, expected, title);
    }
  });
}

function describeSubmission(ask: Ask, name: string): void {
  const nimbus = new RecordingNimbus();
  let resources: string;

  beforeEach(async () => {
    Object.assign(nimbus, {
      chunkBytes: [],
      calls: [],
      submission: undefined,
      jar: Buffer.alloc(0),
      overrides: {},
    });
    await nimbus.open();
    resources = mkdtempSync(join(tmpdir(), 'egret-resources-'));
    for (const script of ['lines.py', 'split.py']) writeFileSync(join(resources, script), `# ${script}\n`);
  });

  afterEach(async () => {
    await nimbus.close();
    rmSync(resources, { recursive: true });
  });

  const submit = (
    more: Readonly<Record<string, unknown>> = {},
    components: readonly DescribedComponent[] = pair,
  ) => ask({ components, submit: { name: 'words', nimbus: nimbus.address, resources, ...more } });

  it('submits in the order of calls that Storm’s client has', async () => {
    const conf = { 'topology.workers': 2, 'my.text': 'größer' };
    assert.deepEqual(await submit({ conf }), [{ submitted: true }]);
    assert.deepEqual(
      nimbus.calls.filter((call, index) => call !== nimbus.calls[index - 1]),
      [
        'getLeader',
        'isTopologyNameAllowed',
        'beginFileUpload',
        'uploadChunk',
        'finishFileUpload',
        'submitTopologyWithOpts',
      ],
    );
    const { submission } = nimbus;
    assert.deepEqual([submission!.name, submission!.uploadedJarLocation], ['words', 'inbox/stormjar-1.jar']);
    assert.deepEqual(JSON.parse(submission!.jsonConf), conf);
    assert.equal(submission!.options.initial_status, 'ACTIVE');
    const shape = structNamed(idl, 'StormTopology');
    assert.deepEqual(
      withParsedConf(describeStruct(idl, shape, submission!.topology)),
      withParsedConf(describeStruct(idl, shape, expectedTopology(pair))),
    );
  });

  it('submits a topology that starts deactivated', async () => {
    assert.deepEqual(await submit({ active: false }), [{ submitted: true }]);
    assert.equal(nimbus.submission!.options.initial_status, 'INACTIVE');
  });

  it('packs the scripts and the runtime under resources/, programs executable, caches left out', async () => {
    mkdirSync(join(resources, 'data'));
    mkdirSync(join(resources, '.git'));
    writeFileSync(join(resources, 'data', 'größer.txt'), 'text');
    writeFileSync(join(resources, '.git', 'config'), '');
    writeFileSync(join(resources, 'counter'), 'a program');
    chmodSync(join(resources, 'counter'), 0o755);
    const counter = { ...bolt, executionCommand: './counter', script: '' };
    assert.deepEqual(await submit({}, [spout, counter]), [{ submitted: true }]);
    const files = unzipSync(nimbus.jar);
    assert.equal(strFromU8(files['resources/lines.py']!), '# lines.py\n');
    assert.equal(strFromU8(files['resources/data/größer.txt']!), 'text');
    assert.ok(!Object.keys(files).some((path) => /\.git|__pycache__|\.pyc$/.test(path)));
    const runtime =
      name === 'python'
        ? ['resources/storm.py', 'resources/egret/__init__.py']
        : ['resources/storm.js', 'resources/egret/index.cjs'];
    for (const path of runtime) assert.ok(path in files, path);
    assert.equal(modeOf(nimbus.jar, 'resources/counter') & 0o111, 0o111);
    assert.equal(modeOf(nimbus.jar, 'resources/lines.py') & 0o111, 0);
  });

  it('keeps the user’s own adapter, and adds none when the runtime is excluded', async () => {
    const adapter = name === 'python' ? 'storm.py' : 'storm.js';
    writeFileSync(join(resources, adapter), 'mine');
    await submit();
    assert.equal(strFromU8(unzipSync(nimbus.jar)[`resources/${adapter}`]!), 'mine');
    nimbus.jar = Buffer.alloc(0);
    await submit({ includeRuntime: false });
    assert.ok(!Object.keys(unzipSync(nimbus.jar)).some((path) => path.startsWith('resources/egret/')));
  });

  it('uploads in chunks of 307200 bytes', async () => {
    const noise = Buffer.from(
      fc
        .sample(fc.uint8Array({ minLength: 4096, maxLength: 4096 }), { numRuns: 250, seed: 1 })
        .flatMap((part) => [...part]),
    );
    writeFileSync(join(resources, 'noise.bin'), noise);
    assert.deepEqual(await submit(), [{ submitted: true }]);
    assert.ok(nimbus.chunkBytes.length >= 3);
    assert.ok(nimbus.chunkBytes.slice(0, -1).every((bytes) => bytes === 307_200));
    assert.deepEqual(Buffer.from(unzipSync(nimbus.jar)['resources/noise.bin']!), noise);
  });

  it('asks Nimbus for nothing when something is wrong here', async () => {
    const cases: readonly (readonly [
      Readonly<Record<string, unknown>>,
      readonly DescribedComponent[],
      RegExp,
    ])[] = [
      [
        {},
        [{ ...spout, script: 'line.py' }],
        /script line\.py of spout 'lines' is not in the resources.*lines\.py, split\.py/,
      ],
      [{}, [{ ...spout, executionCommand: './lines.py' }], /lines\.py of spout 'lines' is not executable/],
      [{}, [{ ...spout, executionCommand: 'bin/x' }], /bin\/x of spout 'lines' is not in the resources/],
      [{ resources: '/no/such' }, pair, /resources directory \/no\/such is not there/],
      [{ name: 'a.b' }, pair, /name must not.*a\.b/],
      [{ name: '' }, pair, /name must not/],
      [{ conf: ['x'] }, pair, /conf of the topology must be/],
    ];
    for (const [options, components, expected] of cases) {
      const [outcome] = await submit(options, components);
      assert.equal(outcome!.error, 'TopologyError', outcome!.text);
      assert.match(outcome!.text!, expected);
    }
    assert.deepEqual(nimbus.calls, []);
  });

  it('hands on what Nimbus says when it refuses', async () => {
    const throwing =
      (code: 'TOPOLOGY_ALREADY_ALIVE' | 'TOPOLOGY_INVALID' | 'UPLOAD_FAILED', text: string) => () => {
        throw new GatewayError(code, text);
      };
    const cases = [
      [
        { submitTopologyWithOpts: throwing('TOPOLOGY_ALREADY_ALIVE', 'words is already alive') },
        /refused: words is already alive/,
      ],
      [
        { submitTopologyWithOpts: throwing('TOPOLOGY_INVALID', 'no spout at all') },
        /invalid: no spout at all/,
      ],
      [
        { uploadChunk: throwing('UPLOAD_FAILED', 'the disk is full') },
        /uploadChunk failed.*the disk is full/,
      ],
      [{ isTopologyNameAllowed: () => false }, /does not take the name 'words'/],
    ] as const;
    for (const [overrides, expected] of cases) {
      nimbus.overrides = overrides;
      const [outcome] = await submit();
      assert.equal(outcome!.error, 'SubmitError');
      assert.match(outcome!.text!, expected);
      assert.ok(outcome!.text!.includes(nimbus.address));
      assert.equal(nimbus.submission, undefined);
    }
  });

  it('connects to the leader that Nimbus names', async () => {
    const other = new RecordingNimbus();
    await other.open();
    try {
      nimbus.overrides = { getLeader: () => nimbus.leader('127.0.0.1', other.port) };
      assert.deepEqual(await submit(), [{ submitted: true }]);
      assert.equal(nimbus.submission, undefined);
      assert.equal(other.submission!.name, 'words');
      nimbus.overrides = { getLeader: () => nimbus.leader('127.0.0.1', 1) };
      const [outcome] = await submit();
      assert.match(outcome!.text!, /cannot reach Nimbus at 127\.0\.0\.1:1 \(the leader that 127/);
    } finally {
      await other.close();
    }
  });
}

function describeBadNimbus(ask: Ask): void {
  const resources = new URL('fixtures', import.meta.url).pathname;
  const component = { ...spout, script: 'probe.py' };
  let server: Server | undefined;

  afterEach(() => server?.close());

  const submitTo = async (nimbus: string) => {
    const [outcome] = await ask({
      components: [component],
      submit: { name: 'words', nimbus, resources, timeoutMs: 500 },
    });
    assert.equal(outcome!.error, 'SubmitError');
    return outcome!.text!;
  };

  /** The address of a server that does this with each connection. */
  const served = (answer: (socket: import('node:net').Socket) => void) =>
    new Promise<string>((resolve) => {
      const listening = createServer((socket) => {
        socket.on('error', () => undefined);
        answer(socket);
      });
      server = listening.listen(0, '127.0.0.1', () => {
        resolve(`127.0.0.1:${(listening.address() as import('node:net').AddressInfo).port}`);
      });
    });

  it('says where it found no Nimbus', async () => {
    assert.match(await submitTo('127.0.0.1:1'), /cannot reach Nimbus at 127\.0\.0\.1:1.*refused/i);
    for (const address of ['', ':6627', 'localhost:port', 'localhost:0', 'localhost:99999'])
      assert.match(await submitTo(address), /expected the address of Nimbus as host:port/);
  });

  it('gives up on a server that is no Nimbus, that closes and that keeps silent', async () => {
    const answers: readonly ((socket: import('node:net').Socket) => void)[] = [
      (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
      (socket) => socket.end(),
      () => undefined,
    ];
    for (const answer of answers) {
      const address = await served(answer);
      const text = await submitTo(address);
      assert.ok(text.includes(`getLeader failed at Nimbus ${address}`), text);
      server!.close();
    }
  });
}

/** Confs are compared as what they mean: the two builders write their JSON in their own ways. */
function withParsedConf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withParsedConf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      key === 'json_conf' && typeof part === 'string' ? (JSON.parse(part) as unknown) : withParsedConf(part),
    ]),
  );
}

/** The Unix mode of an entry, from the zip's central directory. */
function modeOf(jar: Buffer, name: string): number {
  for (let at = jar.indexOf('PK\u0001\u0002'); at >= 0; at = jar.indexOf('PK\u0001\u0002', at + 4)) {
    const nameBytes = jar.readUInt16LE(at + 28);
    if (jar.toString('utf8', at + 46, at + 46 + nameBytes) === name) return jar.readUInt32LE(at + 38) >>> 16;
  }
  return assert.fail(`${name} is not in the jar`);
}

const nameArbitrary = fc.stringMatching(/^[a-z][A-Za-z0-9 _.$-]{0,6}$/);
const fieldsArbitrary = fc.uniqueArray(nameArbitrary, { maxLength: 4 });
const streamArbitrary = fc.oneof(
  fieldsArbitrary,
  fc.record({ fields: fieldsArbitrary, direct: fc.boolean() }, { noNullPrototype: true }),
);
const outputsArbitrary = fc.dictionary(nameArbitrary, streamArbitrary, { maxKeys: 3, noNullPrototype: true });

/** Components whose bolts read streams that are there, in every way that their kind allows. */
const topologyArbitrary: fc.Arbitrary<readonly DescribedComponent[]> = fc
  .record({
    ids: fc.uniqueArray(nameArbitrary, { minLength: 1, maxLength: 5 }),
    spouts: fc.integer({ min: 1, max: 3 }),
    outputs: fc.array(outputsArbitrary, { minLength: 5, maxLength: 5 }),
    parallelism: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 5, maxLength: 5 }),
    choices: fc.infiniteStream(fc.nat(1000)),
  })
  .map(({ ids, spouts, outputs, parallelism, choices }) => {
    const choose = <T>(values: readonly T[]): T => values[choices.next().value! % values.length]!;
    const streams = ids.flatMap((id, index) =>
      Object.entries(outputs[index]!).map(([stream, declared]) => ({ source: id, stream, declared })),
    );
    return ids.map((id, index): DescribedComponent => {
      const kind = index < spouts ? 'spout' : 'bolt';
      const common = {
        kind,
        id,
        script: `${id}.py`,
        outputs: outputs[index]!,
        parallelism: parallelism[index]!,
      } as const;
      if (kind === 'spout') return { ...common, conf: { 'größer "x"': choose([1, 'a', null]) } };
      const chosen = streams.filter(() => choose([true, false]));
      return {
        ...common,
        inputs: chosen.map(({ source, stream, declared }): DescribedInput => {
          const { fields, direct } = Array.isArray(declared)
            ? { fields: declared as string[], direct: false }
            : (declared as { fields: string[]; direct: boolean });
          if (direct) return { kind: 'direct', source, stream };
          const groupedBy = fields.filter(() => choose([true, false]));
          if (groupedBy.length > 0) return { kind: 'fields', source, stream, fields: groupedBy };
          return {
            kind: choose(['shuffle', 'local_or_shuffle', 'global', 'all', 'none'] as const),
            source,
            stream,
          };
        }),
      };
    });
  });
