import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, waitFor } from '../base/index.ts';

const root = new URL('../../', import.meta.url).pathname;
const classPath = join(root, 'build', 'kafka', '*');
const clusterId = 'AAAAAAAAAAAAAAAAAAAAAQ';
const startedLimitMs = 60_000;
const closeLimitMs = 10_000;
const linesKeptMax = 200;

export interface KafkaBrokerOptions {
  /**
   * Settings of the broker by Kafka's names, laid over those of one node alone: `{
   * 'log.flush.interval.messages': '1' }`.
   */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: quick to start and small. A benchmark gives its own, `['-Xmx1g']`. */
  readonly jvmFlags?: readonly string[];
}

const quickJvmFlags = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'];

/**
 * A real Kafka broker: one node that is its own controller (KRaft), on free ports of this machine, with its
 * data in a directory of its own. The caller of `start` must close it. The jars come from Maven Central;
 * without them `start` throws and says so.
 */
export class KafkaBroker implements AsyncDisposable {
  /** For `bootstrap.servers`. The same over a restart. */
  readonly address: string;
  readonly directory: string;
  readonly #jvmFlags: readonly string[];
  #process: ChildProcess | undefined;
  #lines: string[] = [];

  private constructor(directory: string, port: number, jvmFlags: readonly string[]) {
    this.directory = directory;
    this.address = `127.0.0.1:${port}`;
    this.#jvmFlags = jvmFlags;
  }

  static async start(options: KafkaBrokerOptions = {}): Promise<KafkaBroker> {
    execFileSync(process.execPath, [join(root, 'scripts', 'fetch-kafka.mjs')], { stdio: 'inherit' });
    const directory = mkdtempSync(join(tmpdir(), 'egret-kafka-'));
    try {
      const [port, controllerPort] = await freePorts(2);
      const broker = new KafkaBroker(directory, port!, options.jvmFlags ?? quickJvmFlags);
      writeFileSync(
        broker.#settingsFile,
        settingsText(directory, { port: port!, controllerPort: controllerPort! }, options.settings),
      );
      writeFileSync(broker.#logSettingsFile, logSettings);
      const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', broker.#settingsFile];
      execFileSync('java', broker.#javaArgs(format), { stdio: 'pipe' });
      await broker.restart();
      return broker;
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** As a crash of the machine's process would end it: nothing is flushed, nothing said to clients. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Starts it on its data and its ports again. Resolves when it serves. */
  async restart(): Promise<void> {
    this.#lines = [];
    const child = spawn('java', this.#javaArgs(['kafka.Kafka', this.#settingsFile]), {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    this.#watchOver(child);
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => this.#keep(text));
    const isServing = (): true | undefined => {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the Kafka broker ended while it started:\n${this.#lines.join('\n')}`);
      return this.#lines.some((line) => line.includes('Kafka Server started')) ? true : undefined;
    };
    try {
      await waitFor('the Kafka broker', isServing, { clock: systemClock, limitMs: startedLimitMs });
    } catch (error) {
      await this.#end('SIGKILL');
      throw error;
    }
  }

  /** Stops or resumes the whole process, by SIGSTOP or SIGCONT. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.kill(name);
  }

  async close(): Promise<void> {
    const killTimer = systemClock.after(closeLimitMs, () => this.#process?.kill('SIGKILL'));
    await this.#end('SIGTERM');
    killTimer[Symbol.dispose]();
    rmSync(this.directory, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #settingsFile(): string {
    return join(this.directory, 'server.properties');
  }

  get #logSettingsFile(): string {
    return join(this.directory, 'log4j2.properties');
  }

  #javaArgs(command: readonly string[]): string[] {
    const logging = `-Dlog4j2.configurationFile=${this.#logSettingsFile}`;
    return [...this.#jvmFlags, logging, '-cp', classPath, ...command];
  }

  #keep(text: string): void {
    this.#lines.push(...text.split('\n').filter((line) => line !== ''));
    const isServing = this.#lines.find((line) => line.includes('Kafka Server started'));
    this.#lines.splice(0, this.#lines.length - linesKeptMax);
    if (isServing !== undefined && !this.#lines.includes(isServing)) this.#lines.unshift(isServing);
  }

  /**
   * Ends the broker when this process ends without closing it, even if it is killed: a shell waits for the
   * end of our pipe.
   */
  #watchOver(child: ChildProcess): void {
    const script = 'read _; kill -9 "$0"; rm -rf "$1"';
    const watcher = spawn('sh', ['-c', script, String(child.pid), this.directory], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true, // what is sent to our group does not reach it
    });
    watcher.unref();
    if (watcher.stdin instanceof Socket) watcher.stdin.unref();
    child.once('exit', () => watcher.kill('SIGKILL'));
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}

function settingsText(
  directory: string,
  ports: { readonly port: number; readonly controllerPort: number },
  given: Readonly<Record<string, string>> = {},
): string {
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${ports.controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${ports.port},CONTROLLER://127.0.0.1:${ports.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${ports.port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(directory, 'data'),
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    ...given,
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

const logSettings = `rootLogger.level=INFO
rootLogger.appenderRef.console.ref=console
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%p %c{1} %m%n
`;

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  for (const server of servers) server.close();
  return ports;
}
