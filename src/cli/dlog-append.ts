import { GatewayError } from '../base/index.ts';
import type { WriteResponse } from '../rpc/index.ts';
import type { CommandWorld, CommonFlags } from './commands.ts';
import { DlogClient, failureOf, streamName, wentAway } from './dlog-client.ts';
import { positionText } from './dlog-position.ts';

interface Batch {
  readonly lines: readonly Buffer[];
  readonly answer: Promise<readonly WriteResponse[]>;
}

const batchLinesMax = 512;
const batchBytesMax = 256 * 1024;
const batchesMax = 8;
/** As much as a record may have. */
const lineBytesMax = 1024 * 1024 - 8192;

/**
 * Appends the lines of standard input, in order, and prints the position of each when it is durable. Fails at the first line that is not,
 * and says what is known of those after it.
 */
export async function appendLines(
  world: CommandWorld,
  name: string,
  flags: CommonFlags & { readonly json?: true },
): Promise<number> {
  const stream = streamName(name);
  using client = await DlogClient.open(world, flags);
  await client.settled(stream, (call) => call.describe({ stream }));
  const appending = new Appending(client, { stream, print: printer(world, flags.json === true) });
  await appending.run(batchesOf(world.input()));
  return 0;
}

/**
 * Several batches are under way at a time, in one session of the connection: after a line that was refused nothing more of the
 * session is taken, so all from there on is sent again, in order, in the next one.
 */
class Appending {
  readonly #client: DlogClient;
  readonly #stream: string;
  readonly #print: (line: number, dlsn: string) => void;
  readonly #underWay: Batch[] = [];
  #session = 1n;
  #durable = 0;
  #sent = 0;

  constructor(
    client: DlogClient,
    to: { readonly stream: string; readonly print: (line: number, dlsn: string) => void },
  ) {
    this.#client = client;
    this.#stream = to.stream;
    this.#print = to.print;
  }

  async run(input: AsyncIterator<readonly Buffer[]>): Promise<void> {
    let reading: Promise<IteratorResult<readonly Buffer[]>> | undefined = input.next();
    while (reading !== undefined || this.#underWay.length > 0) {
      const oldest: Promise<'answered'> | undefined = this.#underWay[0]?.answer.then(
        () => 'answered',
        () => 'answered',
      );
      const isFull = this.#underWay.length >= batchesMax;
      const waits = [...(oldest === undefined ? [] : [oldest]), ...(isFull || !reading ? [] : [reading])];
      const event = await Promise.race(waits);
      if (event === 'answered') await this.#settleOldest();
      else if (event.done === true) reading = undefined;
      else {
        this.#sent += event.value.length;
        this.#send(event.value);
        reading = input.next();
      }
    }
  }

  #send(lines: readonly Buffer[]): void {
    const ctx = { session: this.#session };
    const answer = this.#client.call
      .writeBulkWithContext({ stream: this.#stream, data: lines, ctx })
      .then(({ header, writeResponses }) => writeResponses ?? lines.map(() => ({ header })));
    answer.catch(() => undefined);
    this.#underWay.push({ lines, answer });
  }

  async #settleOldest(): Promise<void> {
    const { lines, answer } = this.#underWay.shift()!;
    const responses = await answer.catch((error: unknown) => {
      throw wentAway(error, this.#known());
    });
    const failed = responses.findIndex(({ header }) => header.code !== 'SUCCESS');
    for (const { dlsn } of failed < 0 ? responses : responses.slice(0, failed))
      this.#print(++this.#durable, positionText(dlsn!));
    if (failed < 0) this.#client.progressed();
    else await this.#sendAgain(responses.slice(failed), lines.slice(failed));
  }

  async #sendAgain(responses: readonly WriteResponse[], lines: readonly Buffer[]): Promise<void> {
    const again = [lines];
    this.#checkRefused(responses);
    for (const later of this.#underWay.splice(0)) {
      const answers = await later.answer.catch((error: unknown) => {
        throw wentAway(error, this.#known());
      });
      this.#checkRefused(answers);
      again.push(later.lines);
    }
    try {
      await this.#client.recover(this.#stream, responses[0]!.header);
    } catch (error) {
      throw new GatewayError('REMOTE_FAILURE', `line ${this.#durable + 1}`, {
        cause: error,
        facts: { line: this.#durable + 1 },
      });
    }
    this.#session += 1n;
    for (const batch of again) this.#send(batch);
  }

  /** Sending again what may be there would make two of it. */
  #checkRefused(responses: readonly WriteResponse[]): void {
    const doubtful = responses.find(({ header }) => header.code === 'SUCCESS' || header.isUnknown === true);
    if (doubtful === undefined) return;
    throw new GatewayError('REMOTE_FAILURE', this.#known(), {
      cause: failureOf(this.#stream, doubtful.header),
    });
  }

  #known(): string {
    const open = this.#sent - this.#durable;
    const rest = open === 0 ? '' : `; the ${open} sent after them may be there or not`;
    return `${this.#durable} lines are durable${rest}`;
  }
}

function printer(world: CommandWorld, isJson: boolean): (line: number, dlsn: string) => void {
  return (line, dlsn) => world.out(isJson ? `${JSON.stringify({ line, dlsn })}\n` : `${dlsn}\n`);
}

/** What has come of the lines, in batches: nobody waits for a batch to be full. */
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
    if (rest.length > lineBytesMax)
      throw new GatewayError(
        'STREAM_INVALID',
        `line ${count + 1} is longer than a record may be (${lineBytesMax} bytes)`,
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
