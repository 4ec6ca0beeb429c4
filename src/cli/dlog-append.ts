import { type Deferred, deferred, GatewayError, recordBytesMax } from '../base/index.ts';
import { type AppendOutcome, formatPosition, type StreamWriter } from '../dlog-client/index.ts';
import type { CommandWorld, CommonFlags } from './commands.ts';
import { asked, explained, isGone, openDlog, streamName, wentAway } from './dlog-client.ts';

const batchLinesMax = 512;
const batchBytesMax = 256 * 1024;

/**
 * Appends the lines of standard input in order, and prints the position of each once it is durable. Fails at
 * the first line that is not, and reports what is known about the lines after it.
 */
export async function appendLines(
  world: CommandWorld,
  name: string,
  flags: CommonFlags & { readonly json?: true },
): Promise<number> {
  const stream = streamName(name);
  const client = await openDlog(world, flags);
  await asked(client.describe(stream));
  await using writer = client.writer(stream);
  const report = new Report(world, flags.json === true);
  const input = batchesOf(world.input());
  for (;;) {
    // A user who types the lines sees a failure immediately.
    const next = await Promise.race([input.next(), report.failed.promise]);
    if (next === 'failed' || next.done === true) break;
    await append(writer, next.value, report);
  }
  await writer.flush();
  await report.end();
  return 0;
}

async function append(writer: StreamWriter, lines: readonly Buffer[], report: Report): Promise<void> {
  const outcomes: Promise<AppendOutcome>[] = [];
  for (const line of lines) {
    await writer.ready();
    outcomes.push(writer.append(line));
  }
  report.add(Promise.all(outcomes));
}

/** Prints outcomes in the order of the lines, and counts them. */
class Report {
  /** Resolved at the first line that is not durable. */
  readonly failed: Deferred<'failed'> = deferred();
  readonly #world: CommandWorld;
  readonly #isJson: boolean;
  #told: Promise<void> = Promise.resolve();
  #durable = 0;
  #unknown = 0;
  #failure: GatewayError | undefined;

  constructor(world: CommandWorld, isJson: boolean) {
    this.#world = world;
    this.#isJson = isJson;
  }

  add(outcomes: Promise<readonly AppendOutcome[]>): void {
    this.#told = this.#told.then(async () => this.#tell(await outcomes));
  }

  /** Throws the first failure, with what is known about the remaining lines. */
  async end(): Promise<void> {
    await this.#told;
    const failure = this.#failure;
    if (failure === undefined) return;
    const durable = `${this.#durable} lines are durable`;
    const known =
      this.#unknown === 0 ? durable : `${durable}; the ${this.#unknown} sent after them may be there or not`;
    if (isGone(failure)) throw wentAway(failure, known);
    if (this.#unknown > 0) throw new GatewayError('REMOTE_FAILURE', known, { cause: failure });
    const line = this.#durable + 1;
    throw new GatewayError('REMOTE_FAILURE', `line ${line}`, { cause: explained(failure), facts: { line } });
  }

  #tell(outcomes: readonly AppendOutcome[]): void {
    let text = '';
    for (const outcome of outcomes) {
      if (outcome.kind === 'committed' && this.#failure === undefined) {
        const dlsn = formatPosition(outcome.position);
        this.#durable += 1;
        text += this.#isJson ? `${JSON.stringify({ line: this.#durable, dlsn })}\n` : `${dlsn}\n`;
        continue;
      }
      // After a line of unknown outcome, positions of later lines do not help to resume.
      if (outcome.kind !== 'refused') this.#unknown += 1;
      if (outcome.kind !== 'committed') this.#failure ??= outcome.error;
    }
    if (text !== '') this.#world.out(text);
    if (this.#failure !== undefined) this.failed.resolve('failed');
  }
}

/** The outcomes of the lines, in batches that are not held back until they are full. */
async function* batchesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Buffer[]> {
  let rest: Buffer = Buffer.alloc(0);
  let count = 0;
  for await (const chunk of input) {
    const bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    const lines: Buffer[] = [];
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      lines.push(bytes.subarray(from, end));
      from = end + 1;
    }
    rest = bytes.subarray(from);
    for (const batch of cut(lines)) {
      count += batch.length;
      yield batch;
    }
    if (rest.length > recordBytesMax)
      throw new GatewayError(
        'STREAM_INVALID',
        `line ${count + 1} is longer than the maximum of a record (${recordBytesMax} bytes)`,
      );
  }
  if (rest.length > 0) yield [rest];
}

function* cut(lines: readonly Buffer[]): Generator<readonly Buffer[]> {
  let batch: Buffer[] = [];
  let bytes = 0;
  for (const line of lines) {
    if (batch.length === batchLinesMax || (batch.length > 0 && bytes + line.length > batchBytesMax)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(line);
    bytes += line.length;
  }
  if (batch.length > 0) yield batch;
}
