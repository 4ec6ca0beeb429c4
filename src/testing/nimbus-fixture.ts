import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, type Zippable, zipSync } from 'fflate';
import { type Clock, type JsonObject, type Logger, silentLog, systemRandom } from '../base/index.ts';
import { loadGatewayConfig } from '../config/index.ts';
import { MemoryStore } from '../coordination/index.ts';
import { DistributedLog } from '../dlog/index.ts';
import { MemoryStorage } from '../dlog/storage/memory-storage.ts';
import { NimbusDaemon } from '../nimbus/index.ts';
import { keys, RecordStore } from '../records/index.ts';
import {
  type ComponentCommon,
  type ComponentObject,
  connectThrift,
  Nimbus,
  type NimbusMethods,
  type StormTopology,
  type ThriftClient,
  ThriftServer,
} from '../rpc/index.ts';

/** A Nimbus behind a real socket, on a state store in memory and a directory of its own. */
export interface NimbusFixture extends AsyncDisposable {
  readonly localDir: string;
  readonly store: MemoryStore;
  /** Keys of all records of topologies. */
  records(): Promise<string[]>;
  readonly port: number;
  /** Names of the methods that are implemented, in order. */
  readonly methods: readonly string[];
  /** Connected; closed with the fixture. */
  readonly client: ThriftClient<NimbusMethods>;
  /** Paths of all files below the local directory, relative to it. */
  files(): string[];
  /** Uploads `jar` in chunks and submits. Answers the id of the topology. */
  submit(request: SubmitInput): Promise<string>;
  /** A second daemon on the same store and directory, as after a restart. The first one is closed. */
  restart(): Promise<void>;
}

export interface SubmitInput {
  readonly name: string;
  readonly topology?: StormTopology;
  readonly conf?: JsonObject | string;
  readonly jar?: Uint8Array;
  readonly initialStatus?: 'ACTIVE' | 'INACTIVE';
}

export async function openNimbusFixture(
  clock: Clock,
  flags: readonly string[] = [],
  log: Logger = silentLog,
): Promise<NimbusFixture> {
  const localDir = mkdtempSync(join(tmpdir(), 'egret-nimbus-'));
  const checkoutDir = new URL('../..', import.meta.url).pathname;
  const config = await loadGatewayConfig({
    checkoutDir,
    flags: ['nimbus.thrift.port=0', `storm.local.dir=${localDir}`, ...flags],
  });
  const store = new MemoryStore(clock);
  await new RecordStore(store).put(keys.marker, { id: 'one', madeAtMs: 0 }); // as the scheduler leaves it
  const deps = { clock, random: systemRandom, log, store, logStreams: logIn(store, clock) };
  const start = async () => {
    const daemon = await NimbusDaemon.open(deps, {
      config: config.nimbus,
      clusterConf: config.conf,
      localDir,
      hostname: undefined,
      owner: 'tester',
    });
    const server = await openServer(deps, daemon.handler);
    const address = { host: '127.0.0.1', port: server.port };
    const client = await connectThrift(Nimbus, address, { timeoutMs: 10_000, addressKeys: 'test' });
    const stop = async (): Promise<void> => {
      client.close();
      await server.close();
      await daemon.close();
    };
    return { port: server.port, client, stop, methods: Object.keys(daemon.handler).sort() };
  };
  let running = await start();
  return {
    localDir,
    store,
    records: () => recordsOf(store),
    get port() {
      return running.port;
    },
    get methods() {
      return running.methods;
    },
    get client() {
      return running.client;
    },
    files: () => listFiles(localDir),
    submit: (request) => submit(running.client, request),
    async restart() {
      await running.stop();
      running = await start();
    },
    async [Symbol.asyncDispose]() {
      await running.stop();
      rmSync(localDir, { recursive: true, force: true });
    },
  };
}

function openServer(
  deps: Parameters<typeof ThriftServer.open>[0],
  handler: NimbusDaemon['handler'],
): Promise<ThriftServer> {
  const at = { host: '127.0.0.1', port: 0, portKey: 'nimbus.thrift.port' };
  return ThriftServer.open(deps, { service: Nimbus, handler, ...at });
}

async function submit(client: ThriftClient<NimbusMethods>, request: SubmitInput): Promise<string> {
  const location = await upload(client, request.jar ?? makeJar({ 'resources/split.py': 'print()' }));
  const conf = request.conf ?? {};
  await client.call.submitTopologyWithOpts({
    name: request.name,
    uploadedJarLocation: location,
    jsonConf: typeof conf === 'string' ? conf : JSON.stringify(conf),
    topology: request.topology ?? shellTopology(),
    options: { initial_status: request.initialStatus ?? 'ACTIVE' },
  });
  return (await client.call.getTopologySummaryByName({ name: request.name })).id;
}

export async function upload(
  client: Pick<ThriftClient<NimbusMethods>, 'call'>,
  jar: Uint8Array,
): Promise<string> {
  const location = await client.call.beginFileUpload({});
  for (let start = 0; start < jar.length; start += 307_200) {
    await client.call.uploadChunk({ location, chunk: Buffer.from(jar.subarray(start, start + 307_200)) });
  }
  await client.call.finishFileUpload({ location });
  return location;
}

/** A zip of texts; a path may come with its Unix mode. */
export function makeJar(
  files: Readonly<Record<string, string | { text: string; mode: number }>>,
): Uint8Array {
  const entries: Zippable = {};
  for (const [path, content] of Object.entries(files)) {
    entries[path] =
      typeof content === 'string'
        ? strToU8(content)
        : [strToU8(content.text), { os: 3, attrs: content.mode << 16 }];
  }
  return zipSync(entries);
}

/** A spout `words` and a bolt `count`, both in Python. */
export function shellTopology(
  change: { readonly spout?: Partial<ComponentCommon>; readonly bolt?: Partial<ComponentCommon> } = {},
  boltObject?: ComponentObject,
): StormTopology {
  const shell = (script: string) =>
    ({ kind: 'shell', value: { execution_command: 'python3', script } }) as const;
  return {
    spouts: new Map([
      [
        'words',
        {
          spout_object: shell('words.py'),
          common: {
            inputs: [],
            streams: new Map([['default', { output_fields: ['word'], direct: false }]]),
            parallelism_hint: 1,
            ...change.spout,
          },
        },
      ],
    ]),
    bolts: new Map([
      [
        'count',
        {
          bolt_object: boltObject ?? shell('count.py'),
          common: {
            inputs: [
              [
                { componentId: 'words', streamId: 'default' },
                { kind: 'fields', value: ['word'] },
              ],
            ],
            streams: new Map(),
            parallelism_hint: 2,
            ...change.bolt,
          },
        },
      ],
    ]),
    state_spouts: new Map(),
  };
}

async function recordsOf(store: MemoryStore): Promise<string[]> {
  return (await store.list('')).map(({ key }) => key).filter((key) => key !== keys.marker.path);
}

function listFiles(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .sort();
}

function logIn(store: MemoryStore, clock: Clock): DistributedLog {
  return new DistributedLog({
    storage: new MemoryStorage(),
    store,
    clock,
    random: systemRandom,
    log: silentLog,
  });
}
