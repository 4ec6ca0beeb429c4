import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/base/index.ts';
import {
  type Bolt,
  type ComponentCommon,
  type Grouping,
  Nimbus,
  type NimbusHandler,
  type NimbusMethods,
  type StormTopology,
  ThriftServer,
} from '../../src/rpc/index.ts';
import { recordingLog } from '../../src/testing/recording-log.ts';

export interface DescribedInput {
  readonly kind: 'shuffle' | 'local_or_shuffle' | 'fields' | 'global' | 'all' | 'none' | 'direct';
  readonly source: string;
  readonly stream: string;
  readonly fields?: readonly string[];
}

type DescribedStream = readonly string[] | { readonly fields: readonly string[]; readonly direct?: boolean };

export interface DescribedComponent {
  readonly kind: 'spout' | 'bolt';
  readonly id: string;
  readonly script: string;
  readonly executionCommand?: string;
  readonly outputs: readonly string[] | Readonly<Record<string, DescribedStream>>;
  readonly parallelism?: number;
  readonly conf?: Readonly<Record<string, unknown>>;
  readonly inputs?: readonly DescribedInput[];
}

/** What fixtures/build.py and fixtures/build.mjs are asked to do. Without `submit` they encode. */
export interface Question {
  readonly components: readonly DescribedComponent[];
  readonly submit?: Readonly<Record<string, unknown>> & { readonly name: string };
}

export interface Outcome {
  readonly bytes?: string;
  readonly submitted?: boolean;
  readonly error?: string;
  readonly text?: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const fixtures = `${root}multilang/conformance/fixtures`;

/** The two builders, behind one question. */
export const builders: readonly {
  readonly name: string;
  ask(questions: readonly Question[]): Promise<readonly Outcome[]>;
}[] = [
  {
    name: 'python',
    ask: (questions) =>
      run(['python3', `${fixtures}/build.py`], questions, {
        PYTHONPATH: `${root}multilang/python/src:${root}build/python`,
      }),
  },
  { name: 'javascript', ask: (questions) => run([process.execPath, `${fixtures}/build.mjs`], questions, {}) },
];

async function run(
  [command, ...args]: readonly string[],
  questions: readonly Question[],
  env: Readonly<Record<string, string>>,
): Promise<readonly Outcome[]> {
  const child = spawn(command!, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(JSON.stringify(questions));
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (errors !== '' || child.exitCode !== 0)
    throw new Error(`${command} ended with ${child.exitCode}: ${errors}`);
  return JSON.parse(output) as readonly Outcome[];
}

/** The StormTopology that a description means; maps in the order of the description. */
export function expectedTopology(components: readonly DescribedComponent[]): StormTopology {
  const of = (kind: string) => components.filter((component) => component.kind === kind);
  const spouts = new Map(
    of('spout').map((each) => [each.id, { spout_object: shellOf(each), common: commonOf(each) }]),
  );
  const bolts = new Map(
    of('bolt').map((each) => [each.id, { bolt_object: shellOf(each), common: commonOf(each) }]),
  );
  return { spouts, bolts, state_spouts: new Map() };
}

function shellOf({ executionCommand = 'python3', script }: DescribedComponent): Bolt['bolt_object'] {
  return { kind: 'shell', value: { execution_command: executionCommand, script } };
}

function commonOf({ outputs, inputs = [], parallelism = 1, conf = {} }: DescribedComponent): ComponentCommon {
  const isOneStream = Array.isArray as (value: unknown) => value is readonly string[];
  const streams = Object.entries(
    isOneStream(outputs) ? (outputs.length > 0 ? { default: outputs } : {}) : outputs,
  );
  return {
    inputs: inputs.map((input) => [{ componentId: input.source, streamId: input.stream }, groupingOf(input)]),
    streams: new Map(
      streams.map(([name, stream]) => [
        name,
        isOneStream(stream)
          ? { output_fields: stream, direct: false }
          : { output_fields: stream.fields, direct: stream.direct ?? false },
      ]),
    ),
    parallelism_hint: parallelism,
    json_conf: JSON.stringify(conf),
  };
}

function groupingOf({ kind, fields }: DescribedInput): Grouping {
  if (kind === 'fields' || kind === 'global') return { kind: 'fields', value: fields ?? [] };
  return { kind, value: {} };
}

type Submission = NimbusMethods['submitTopologyWithOpts']['arguments'];

/** A Nimbus that accepts and records every call, unless a test overrides a method. */
export class RecordingNimbus {
  readonly chunkBytes: number[] = [];
  readonly calls: string[] = [];
  submission: Submission | undefined;
  jar = Buffer.alloc(0);
  /** Handlers to take the place of the usual ones. */
  overrides: NimbusHandler = {};
  #server: ThriftServer | undefined;

  async open(): Promise<void> {
    const usual: NimbusHandler = {
      getLeader: () => this.leader('127.0.0.1', this.port),
      isTopologyNameAllowed: () => true,
      beginFileUpload: () => 'inbox/stormjar-1.jar',
      uploadChunk: ({ chunk }) => {
        this.chunkBytes.push(chunk.length);
        this.jar = Buffer.concat([this.jar, chunk]);
      },
      finishFileUpload: () => undefined,
      submitTopologyWithOpts: (submission) => {
        this.submission = submission;
      },
    };
    const handler = Object.fromEntries(
      Object.keys(usual).map((name) => {
        const key = name as keyof NimbusHandler;
        return [
          key,
          (args: never, call: never) => {
            this.calls.push(name);
            return ((this.overrides[key] ?? usual[key]) as (args: never, call: never) => unknown)(args, call);
          },
        ];
      }),
    ) as NimbusHandler;
    this.#server = await ThriftServer.open(
      { clock: systemClock, log: recordingLog() },
      { service: Nimbus, handler, host: '127.0.0.1', port: 0, portKey: 'nimbus.thrift.port' },
    );
  }

  get port(): number {
    return this.#server!.port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  leader(host: string, port: number) {
    return { host, port, uptime_secs: 1, isLeader: true, version: '2.8.3' };
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }
}
