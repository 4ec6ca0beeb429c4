import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JsonObject, silentLog, systemClock, systemRandom, waitFor } from '../base/index.ts';
import {
  openRedisStore,
  type PrivateRedis,
  type StateStore,
  startPrivateRedis,
} from '../coordination/index.ts';
import {
  type ContainerSpec,
  type ErrorRecord,
  type HeartbeatRecord,
  keys,
  RecordStore,
  readable,
  recordOf,
  type TopologyRecord,
} from '../records/index.ts';
import {
  type Component,
  makeSystemTopology,
  normalizeTopology,
  type PackingPlan,
  TopologyIndex,
} from '../topology/index.ts';

const root = new URL('../../', import.meta.url).pathname;
const topologyId = 'numbers-1-1';

/** Multilang in a few lines, so that a container is tested without anybody's adapter. */
const protocol = `
import sys, json, os
def read():
    text = ''
    while True:
        line = sys.stdin.readline()
        if not line: sys.exit(0)
        if line == 'end\\n': return json.loads(text)
        text += line
def send(message): sys.stdout.write(json.dumps(message) + '\\nend\\n'); sys.stdout.flush()
setup = read()
open(os.path.join(setup['pidDir'], str(os.getpid())), 'w').close()
send({'pid': os.getpid()})
results = setup['conf']['test.results']
task = setup['context']['taskid']
`;
const numbersScript = `${protocol}
limit = setup['conf']['test.limit']
number, again = 0, []
while True:
    message = read()
    if message['command'] == 'next':
        if again: value = again.pop()
        elif number < limit: number += 1; value = number
        else: value = None
        if value is not None: send({'command': 'emit', 'tuple': [value], 'id': value, 'need_task_ids': False})
    elif message['command'] == 'fail': again.append(message['id'])
    elif message['command'] == 'ack':
        with open(os.path.join(results, 'acked'), 'a') as file: file.write('%d\\n' % message['id'])
    send({'command': 'sync'})
`;
const sinkScript = `${protocol}
while True:
    message = read()
    if isinstance(message, list): continue
    if message.get('stream') == '__heartbeat': send({'command': 'sync'}); continue
    if message['tuple'][0] == setup['conf'].get('test.poison'):
        sys.stderr.write('cannot swallow %d\\n' % message['tuple'][0]); sys.exit(3)
    with open(os.path.join(results, 'sink-%d' % task), 'a') as file: file.write('%d\\n' % message['tuple'][0])
    send({'command': 'ack', 'id': message['id']})
`;

export interface ContainersOptions {
  /** How many numbers the spout emits: 1..limit, each until it is acked. */
  readonly limit: number;
  readonly containers: number;
  readonly conf?: JsonObject;
}

/**
 * Real container processes of one topology of shell components (a spout of numbers, two sinks, an acker),
 * with a real Redis, in the place of nimbus and scheduler the test.
 */
export class Containers implements AsyncDisposable {
  readonly directory: string;
  readonly topologyId = topologyId;
  readonly processes = new Map<number, ChildProcess>();
  readonly store: StateStore;
  readonly records: RecordStore;
  readonly #redis: PrivateRedis;
  readonly #plan: PackingPlan;
  #starts = 0;

  static async open(options: ContainersOptions): Promise<Containers> {
    const directory = mkdtempSync(join(tmpdir(), 'egret-containers-'));
    const edges = { clock: systemClock, random: systemRandom, log: silentLog };
    const redis = await startPrivateRedis({ dir: join(directory, 'redis'), ...edges });
    const store = await openRedisStore({ url: redis.url, keyPrefix: 'test:', ...edges });
    const containers = new Containers({ redis, store, directory }, options);
    await containers.setStatus('ACTIVE');
    return containers;
  }

  private constructor(
    base: { readonly redis: PrivateRedis; readonly store: StateStore; readonly directory: string },
    options: ContainersOptions,
  ) {
    this.#redis = base.redis;
    this.store = base.store;
    this.records = new RecordStore(base.store);
    this.directory = base.directory;
    for (const name of ['code/resources', 'results'])
      mkdirSync(join(this.directory, name), { recursive: true });
    const conf = {
      ...(JSON.parse(readFileSync(join(root, 'build/storm-defaults.json'), 'utf8')) as JsonObject),
      'topology.acker.executors': 1,
      'topology.message.timeout.secs': 3,
      'egret.heartbeat.secs': 0.3,
      'test.results': join(this.directory, 'results'),
      'test.limit': options.limit,
      ...options.conf,
    };
    const system = makeSystemTopology(normalizeTopology({ components: [spout(), sink()] }, conf), conf);
    const code = join(this.directory, 'code');
    writeFileSync(join(code, 'conf.json'), JSON.stringify(conf));
    writeFileSync(join(code, 'topology.json'), JSON.stringify(system));
    writeFileSync(join(code, 'resources', 'numbers.py'), numbersScript);
    writeFileSync(join(code, 'resources', 'sink.py'), sinkScript);
    this.#plan = planOver(options.containers, new TopologyIndex(system));
  }

  async setStatus(status: TopologyRecord['status'], removeAtMs?: number): Promise<void> {
    const record: TopologyRecord = {
      ...{ id: topologyId, name: 'numbers', status, owner: 'me', launchedAtSecs: 0, workers: 1 },
      ...(removeAtMs === undefined ? {} : { removeAtMs }),
    };
    await this.records.put(keys.topology(topologyId), record);
  }

  /** Starts container `containerId` (again). */
  start(containerId: number): ChildProcess {
    const workDir = this.workDir(containerId);
    mkdirSync(workDir, { recursive: true });
    const spec: ContainerSpec = {
      ...{ topologyId, topologyName: 'numbers', containerId },
      incarnation: `incarnation-${++this.#starts}`,
      plan: this.#plan,
      codeDir: join(this.directory, 'code'),
      workDir,
      logDir: join(this.directory, 'logs', String(containerId)),
      stormLocalDir: this.directory,
      ...{ redisUrl: this.#redis.url, redisKeyPrefix: 'test:' },
      jvm: { java: 'java', classPath: [] },
    };
    const file = join(workDir, 'spec.json');
    writeFileSync(file, JSON.stringify(spec));
    const args = ['--import=tsx', join(root, 'src/bin/container.ts'), file];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    this.processes.set(containerId, child);
    return child;
  }

  startAll(): void {
    this.start(0);
    for (const { containerId } of this.#plan.containers) this.start(containerId);
  }

  workDir(containerId: number): string {
    return join(this.directory, 'containers', String(containerId));
  }

  /** Pids of the children of a container's shell tasks. */
  childPids(containerId: number): number[] {
    const pids = join(this.workDir(containerId), 'pids');
    return existsSync(pids) ? readdirSync(pids).map(Number) : [];
  }

  results(name: string): number[] {
    const file = join(this.directory, 'results', name);
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number);
  }

  /** The numbers that any sink has swallowed, each once, ascending. */
  swallowed(): number[] {
    const names = readdirSync(join(this.directory, 'results')).filter((name) => name.startsWith('sink-'));
    return [...new Set(names.flatMap((name) => this.results(name)))].sort((a, b) => a - b);
  }

  async heartbeat(containerId: number): Promise<HeartbeatRecord | undefined> {
    return recordOf(await this.records.read(keys.heartbeat(topologyId, containerId)));
  }

  async errors(componentId: string): Promise<readonly ErrorRecord[]> {
    return readable(await this.records.readAll(keys.errors(topologyId, componentId)));
  }

  log(containerId: number): string {
    return readFileSync(join(this.directory, 'logs', String(containerId), 'container.log'), 'utf8');
  }

  /** Resolves with exit code or signal. */
  async ended(containerId: number): Promise<number | NodeJS.Signals | null> {
    const child = this.processes.get(containerId)!;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? child.signalCode;
    return await new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  }

  async until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
    const probe = async (): Promise<true | undefined> => ((await isTrue()) ? true : undefined);
    await waitFor(what, probe, { clock: systemClock, limitMs: 20_000, everyMs: 20 });
  }

  /** Ends everything orderly, and by force what does not. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const [containerId, child] of this.processes) {
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await this.ended(containerId);
      clearTimeout(force);
    }
    await this.store.close();
    await this.#redis.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function planOver(count: number, topology: TopologyIndex): PackingPlan {
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  return {
    ...{ topologyId, version: 1, codeVersion: 0 },
    containers: ids.map((containerId) => ({
      ...{ containerId, slotPort: 6700 + containerId, nodeId: 'node', hostname: 'localhost' },
    })),
    tasks: [...topology.taskToComponent()].map(([taskId, componentId], index) => ({
      ...{ taskId, componentId, executor: [taskId, taskId] as const },
      containerId: ids[index % count]!,
      host: componentId === '__acker' ? 'system' : 'shell',
    })),
  };
}

function spout(): Component {
  return {
    id: 'numbers',
    kind: 'spout',
    implementation: { kind: 'shell', executionCommand: 'python3', script: 'numbers.py' },
    inputs: [],
    streams: { default: { fields: ['number'], direct: false } },
    parallelismHint: 1,
    conf: {},
  };
}

function sink(): Component {
  return {
    id: 'sink',
    kind: 'bolt',
    implementation: { kind: 'shell', executionCommand: 'python3', script: 'sink.py' },
    inputs: [
      {
        ...{ sourceComponentId: 'numbers', sourceStreamId: 'default' },
        grouping: { kind: 'fields', fields: ['number'] },
      },
    ],
    streams: {},
    parallelismHint: 2,
    conf: {},
  };
}
