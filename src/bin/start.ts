import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describeError, GatewayError, systemClock } from '../base/index.ts';
import { drawFlow, type FlowRates, flowSnapshot, nextRates } from '../cli/index.ts';
import { connectThrift, Nimbus, type NimbusMethods, type ThriftClient } from '../rpc/index.ts';

/**
 * `npm start`: runs a gateway with embedded defaults, submits the example word count with Storm's own client,
 * and draws the flow of its tuples until Ctrl-C, which ends all of it.
 */
const checkout = fileURLToPath(new URL('../../../', import.meta.url));
const egret = join(checkout, 'bin', 'egret');
const topologyName = 'word-count';
const output = join(checkout, 'build', 'word-count.txt');

const ending = new AbortController();
let port = 0;
/**
 * Counts reach the picture within two seconds: a JVM reports every second, a container every half, and we ask
 * as often.
 */
const sampleMs = 500;
const quickCounts = ['-c', 'egret.jvm.stats.secs=1', '-c', `egret.heartbeat.secs=${sampleMs / 1000}`];
const gateway = spawn(egret, ['up', ...quickCounts, ...process.argv.slice(2)], {
  stdio: ['ignore', 'pipe', 'inherit', 'ipc'], // the gateway ends when this process does, for whatever reason
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

/** Prints the gateway's own line, and reads the port from it. */
async function readyPort(process_: ChildProcess): Promise<number> {
  for await (const line of createInterface({ input: process_.stdout! })) {
    process.stdout.write(`${line}\n`);
    const words = line.startsWith('egret ready ') ? line.split(' ') : [];
    const nimbus = words.find((word) => word.startsWith('nimbus='));
    if (nimbus !== undefined) return Number(nimbus.split(/[=:]/).at(-1));
  }
  throw new GatewayError('SPAWN_FAILED', 'the gateway ended before it was ready');
}

/** Submits the example, unless one from an earlier run is still there. */
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
    throw new GatewayError(
      'SPAWN_FAILED',
      `the submission of the example failed with exit code ${code}:\n${Buffer.concat(said).toString('utf8')}`,
    );
}

/**
 * On a terminal the picture stays in place and is redrawn every second; elsewhere one is printed every five
 * seconds.
 */
async function drawUntilEnd(client: ThriftClient<NimbusMethods>): Promise<void> {
  const everyMs = process.stdout.isTTY ? 1000 : 5000;
  let drawnAtMs = Number.NEGATIVE_INFINITY;
  const { id } = await client.call.getTopologySummaryByName({ name: topologyName });
  const topology = await client.call.getUserTopology({ id });
  let rates: FlowRates | undefined;
  while (!ending.signal.aborted) {
    const info = await client.call.getTopologyInfo({ id });
    const now = flowSnapshot(topology, info, systemClock.nowMs());
    rates = nextRates(rates, now);
    if (now.takenAtMs - drawnAtMs >= everyMs) {
      const picture = drawFlow(now, rates);
      const lines = [...picture, '', ...topWords(), '', 'Ctrl-C ends the gateway and everything it started.'];
      if (process.stdout.isTTY) process.stdout.write('\u001b[H\u001b[2J');
      process.stdout.write(`${lines.join('\n')}\n`);
      drawnAtMs = now.takenAtMs;
    }
    await systemClock.sleep(sampleMs, ending.signal);
  }
}

/** The first rows of the file that the Java sink writes, once it exists. */
function topWords(): string[] {
  try {
    const rows = readFileSync(output, 'utf8').split('\n').slice(0, 5);
    return ['top words (build/word-count.txt):', ...rows.map((row) => `  ${row.replace('\t', '  ')}`)];
  } catch {
    return ['no counts yet'];
  }
}

/**
 * Kills the example, then lets the gateway drain. The gateway is a process group of its own, so Ctrl-C
 * reaches it only through here; a second Ctrl-C ends it immediately.
 */
async function end(): Promise<void> {
  if (ending.signal.aborted) {
    gateway.kill('SIGTERM');
    return;
  }
  ending.abort();
  await killExample().catch(() => undefined); // the gateway is ended even if it cannot answer
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
