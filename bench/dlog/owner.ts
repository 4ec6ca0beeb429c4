import { openLogOn, streamName } from './embedded.ts';

/** `owner.ts SCRATCH REDIS-URL`: writes one stream until it is killed. */
const [scratch, redisUrl] = process.argv.slice(2);
const { log } = await openLogOn(scratch!, redisUrl!);
const result = await log.openWriter(streamName(0), { leaseTtlMs: 3000 });
if (result.kind !== 'opened') throw new Error(result.kind);
const payload = Buffer.alloc(100, 'r');
await result.writer.append(payload);
process.stdout.write('up\n');
for (;;) await result.writer.append(payload);
