import type { RandomSource } from '../../base/index.ts';

/**
 * Values that have broken programs before: at the ends of ranges, of the wrong size, or with a special
 * meaning to some program.
 */

export const hostileInts: readonly bigint[] = [
  ...[0n, 1n, -1n, 2n, 127n, 128n, 255n, 256n, 32_767n, 32_768n, 65_535n, 65_536n, 1_000_000n],
  ...[2n ** 31n - 1n, 2n ** 31n, -(2n ** 31n), 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)],
];

export const hostileSizes: readonly number[] = [-1, 0, 1, 255, 65_536, 1_000_000, 2 ** 31 - 1, -(2 ** 31)];

const words: readonly string[] = [
  ...[
    '',
    ' ',
    '.',
    '..',
    '/',
    '../../../../etc/passwd',
    '/dev/zero',
    'a/b',
    'a\\b',
    'a:b',
    '*',
    '-rf',
    '$(id)',
  ],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    '__acker',
    '__system',
    'default',
  ],
  ...[
    '\0',
    'a\0b',
    '\n',
    '\r\n',
    '\u001b[31mred',
    '\u202e',
    '\ud7ff',
    'ä',
    '\u{1F600}',
    '%s%n',
    '%00',
    "';--",
  ],
  ...['true', 'null', 'NaN', '-Infinity', '1e999', '0x10', '[]', '{}', '"', '{', '{"a":', '[1,', "{'a':1}"],
];

const conf: readonly string[] = [
  ...['{"topology.workers":2147483647}', '{"topology.workers":-1}', '{"topology.workers":"x"}'],
  ...['{"topology.tasks":1000000000}', '{"topology.acker.executors":32767}', '{"topology.debug":NaN}'],
  ...['{"__proto__":{"topology.workers":1}}', '{"topology.message.timeout.secs":-5}', '{"a":1e400}'],
  ...['{"egret.heartbeat.secs":-1}', '{"egret.heartbeat.secs":1e-9}', '{"egret.shell.queue.max.bytes":"x"}'],
  ...['{"topology.egret.durable.streams":["s"]}', '{"topology.egret.durable.streams":{"s":{}}}'],
  ...['{"topology.environment":{"A\\u0000":"b"}}', '{"topology.metrics.consumer.register":[{"class":"a"}]}'],
  ...['{a:1,/* b */ "c":[,]}', '{"topology.kryo.register":[{"a":null}]}', '{"topology.auto-credentials":7}'],
];

/** A class that is its own superclass, as a grouping's Java object would carry it. */
const ownSuperclass = Buffer.concat([
  Buffer.from('aced00057372', 'hex'),
  Buffer.from([0, 3]),
  Buffer.from('x.Y'),
  Buffer.alloc(8),
  Buffer.from('020000787100', 'hex'),
  Buffer.from('7e0000', 'hex'),
]);

/** Text for a string or bytes for a binary; now and then long, seldom as long as a frame can be. */
export function hostileText(random: RandomSource): Buffer {
  const choice = Math.floor(random.next() * 100);
  if (choice < 45) return Buffer.from(pick(words, random));
  if (choice < 65) return Buffer.from(pick(conf, random));
  if (choice < 70) return ownSuperclass;
  if (choice < 80) return randomBytes(random, Math.floor(random.next() * 64));
  if (choice < 90) return Buffer.from(repeated(random, 1 + Math.floor(random.next() * 300)));
  if (choice < 98) return Buffer.from(repeated(random, 2000));
  return Buffer.from(repeated(random, Math.floor(random.next() ** 3 * 60_000)));
}

const repeatables: readonly string[] = [
  'a',
  '[',
  '{"a":',
  "['",
  '\\"',
  '"\\',
  '/*',
  '\n',
  '\0',
  ' ',
  '\u{1F600}',
  '1',
  '<',
];

function repeated(random: RandomSource, times: number): string {
  const lead = random.next() < 0.3 ? 'NaN"' : '';
  return lead + pick(repeatables, random).repeat(times);
}

export function randomBytes(random: RandomSource, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(random.next() * 256)));
}

export function pick<T>(choices: readonly T[], random: RandomSource): T {
  return choices[Math.floor(random.next() * choices.length)]!;
}
