import { createInterface } from 'node:readline';
import { type AppendOutcome, DlogClient, formatPosition, parsePosition } from '../../dlog-client/index.ts';

/**
 * The client library as the examples of the other languages use theirs: `append|tail|truncate HOST:PORT
 * STREAM [POSITION|--no-follow]`.
 */
const [command, address, stream, rest] = process.argv.slice(2) as [string, string, string, string?];
const colon = address.lastIndexOf(':');
const home = { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
const client = new DlogClient({ homes: [home] });

if (command === 'append') process.exitCode = await append();
else if (command === 'truncate')
  console.log(formatPosition(await client.truncate(stream, parsePosition(rest ?? '')!)));
else await tail();

/** Prints the position of each line that is durable, in order; 1 at the first that is not. */
async function append(): Promise<number> {
  let failure: string | undefined;
  let told = Promise.resolve();
  const tell = (outcome: AppendOutcome): void => {
    if (failure !== undefined) return;
    if (outcome.kind === 'committed') console.log(formatPosition(outcome.position));
    else failure = `${outcome.kind}: ${outcome.error.message}`;
  };
  await using writer = client.writer(stream);
  for await (const line of createInterface({ input: process.stdin })) {
    await writer.ready();
    const outcome = writer.append(Buffer.from(line));
    told = told.then(async () => tell(await outcome));
    if (writer.fault !== undefined) break;
  }
  await writer.flush();
  await told;
  if (failure !== undefined) console.error(failure);
  return failure === undefined ? 0 : 1;
}

async function tail(): Promise<void> {
  for await (const event of client.tail(stream, { follow: rest !== '--no-follow' })) {
    if (event.kind === 'moved') continue;
    for (const { position, payload } of event.records)
      console.log(`${formatPosition(position)}\t${payload.toString()}`);
  }
}
