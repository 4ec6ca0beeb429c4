import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describeError, systemClock } from '../base/index.ts';
import { drawFlow, type FlowSnapshot, flowSnapshot } from '../cli/index.ts';
import { connectThrift, Nimbus, type NimbusMethods, type ThriftClient } from '../rpc/index.ts';

/**
 * What `npm start` shows: a gateway on embedded defaults, the example word count submitted by Storm's own client, and
 * the flow of its tuples until Ctrl-C, which ends all of it.
 */
const checkout = fileURLToPath(new URL('../../../', import.meta.url));
const egret = join(checkout, 'bin', 'egret');
const topologyName = 'word-count';
const output = join(checkout, 'build', 'word-count.txt');

const ending = new AbortController();
let port = 0;
const gateway = spawn(egret, ['up', ...process.argv.slice(2)], {
  stdio: ['ignore', 'pipe', 'inherit', 'ipc'], // with this process gone, however, it ends too
  detached: true,
});
gateway.channel?.unref();
process.on('SIGINT', () => void end()).on('SIGTERM', () => void end());
gateway.once('exit', (code) => {
  ending.abort();
  process.exitCode = code ?? 1;
});

try {
  await show();
} catch (error) {
  if (!ending.signal.aborted) {
    process.stderr.write(`${describeError(error)}\n`);
    await end();
  }
}

async function show(): Promise<void> {
  port = await readyPort(gateway);
  using client = await connectThrift(
    Nimbus,
    { host: '127.0.0.1', port },
    { timeoutMs: 10_000, addressKeys: 'nimbus.thrift.port', signal: ending.signal },
  );
  await submitExample(client);
  await drawUntilEnd(client);
}

/** The gateway's own line is passed on; the port is read from it. */
async function readyPort(process_: ChildProcess): Promise<number> {
  for await (const line of createInterface({ input: process_.stdout! })) {
    process.stdout.write(`${line}\n`);
    const words = line.startsWith('egret ready ') ? line.split(' ') : [];
    const nimbus = words.find((word) => word.startsWith('nimbus='));
    if (nimbus !== undefined) return Number(nimbus.split(/[=:]/).at(-1));
  }
  throw new Error('the gateway ended before it was ready');
}

/** A word count that an earlier run left behind is shown as it is. */
async function submitExample(client: ThriftClient<NimbusMethods>): Promise<void> {
  const running = await client.call.getTopologySummaries({});
  if (running.some((summary) => summary.name === topologyName)) return;
  rmSync(output, { force: true });
  mkdirSync(join(checkout, 'build'), { recursive: true });
  process.stdout.write("submitting the example word count with Storm's own client ...\n");
  const jar = join(checkout, 'build', 'java', 'egret-examples.jar');
  const text = join(checkout, 'examples', 'texts', 'address.txt');
  const bolt = join(checkout, 'build', 'cpp', 'examples', 'word_count');
  const main = ['egret.examples.WordCount', topologyName, text, output, bolt, '40', '2'];
  const address = ['-c', 'nimbus.seeds=["127.0.0.1"]', '-c', `nimbus.thrift.port=${port}`];
  const submission = spawn(egret, ['jar', ...address, jar, ...main], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: ending.signal,
  });
  const said: Buffer[] = [];
  submission.stdout.on('data', (bytes: Buffer) => said.push(bytes));
  submission.stderr.on('data', (bytes: Buffer) => said.push(bytes));
  const code = await new Promise<number | null>((resolve, reject) =>
    submission.once('error', reject).once('close', resolve),
  );
  if (code !== 0)
    throw new Error(`the submission ended with ${code}:\n${Buffer.concat(said).toString('utf8')}`);
}

/** On a terminal the picture stays in place; elsewhere one is printed every five seconds. */
async function drawUntilEnd(client: ThriftClient<NimbusMethods>): Promise<void> {
  const everyMs = process.stdout.isTTY ? 1000 : 5000;
  const { id } = await client.call.getTopologySummaryByName({ name: topologyName });
  const topology = await client.call.getUserTopology({ id });
  let before: FlowSnapshot | undefined;
  while (!ending.signal.aborted) {
    const info = await client.call.getTopologyInfo({ id });
    const now = flowSnapshot(topology, info, systemClock.nowMs());
    const lines = [
      ...drawFlow(now, before),
      '',
      ...topWords(),
      '',
      'Ctrl-C ends the gateway and everything it started.',
    ];
    if (process.stdout.isTTY) process.stdout.write('\u001b[H\u001b[2J');
    process.stdout.write(`${lines.join('\n')}\n`);
    before = now;
    await systemClock.sleep(everyMs, ending.signal);
  }
}

/** The first rows of the file that the Java sink keeps, once it is there. */
function topWords(): string[] {
  try {
    const rows = readFileSync(output, 'utf8').split('\n').slice(0, 5);
    return ['top words (build/word-count.txt):', ...rows.map((row) => `  ${row.replace('\t', '  ')}`)];
  } catch {
    return ['no counts yet'];
  }
}

/**
 * The example goes with its show, then the gateway drains. The gateway is a process group of its own, so Ctrl-C reaches
 * it only through here; a second one ends it at once.
 */
async function end(): Promise<void> {
  if (ending.signal.aborted) {
    gateway.kill('SIGTERM');
    return;
  }
  ending.abort();
  await killExample().catch(() => undefined); // a gateway that cannot answer is ended all the same
  gateway.kill('SIGTERM');
}

async function killExample(): Promise<void> {
  if (port === 0) return;
  using client = await connectThrift(
    Nimbus,
    { host: '127.0.0.1', port },
    { timeoutMs: 2000, addressKeys: 'nimbus.thrift.port' },
  );
  await client.call.killTopologyWithOpts({ name: topologyName, options: { wait_secs: 0 } });
}
