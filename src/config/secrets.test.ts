import assert from 'node:assert/strict';
import type { JsonValue } from '../base/index.ts';
import { type ConfText, maskSecrets, readConfValues, withoutDaemonSecrets } from './index.ts';

const confOf = (values: Readonly<Record<string, JsonValue>>): ConfText =>
  new Map(Object.entries(values).map(([key, value]) => [key, JSON.stringify(value)]));

describe('secrets of a configuration', () => {
  it('are masked wherever they stand, and nothing else is changed', () => {
    const shown = maskSecrets(
      confOf({
        'egret.redis.url': 'redis://gate:sekret@redis.example:6379/1',
        'other.url': 'rediss://:sek@ret:x@host',
        'storm.zookeeper.auth.payload': 'super:sekret',
        'nimbus.thrift.tls.server.keystore.password': 'sekret',
        'kafka.producer': { 'sasl.jaas.config': 'Login required password="sekret";', retries: 3 },
        'worker.childopts': '-Djavax.net.ssl.keyStorePassword=sekret -Xmx1g',
        'list.of.things': [{ apiKey: 'sekret' }, 'https://docs.example/a:b@c'],
        'nimbus.seeds': ['localhost'],
        'no.password': null,
        'empty.password': '',
        'password.needed': true,
        'topology.auto-credentials': ['a.b.C'],
        'task.credentials.poll.secs': 30,
      }),
    );
    assert.deepEqual(readConfValues(shown), {
      'egret.redis.url': 'redis://gate:*****@redis.example:6379/1',
      'other.url': 'rediss://:*****@host',
      'storm.zookeeper.auth.payload': '*****',
      'nimbus.thrift.tls.server.keystore.password': '*****',
      'kafka.producer': { 'sasl.jaas.config': '*****', retries: 3 },
      'worker.childopts': '-Djavax.net.ssl.keyStorePassword=***** -Xmx1g',
      'list.of.things': [{ apiKey: '*****' }, 'https://docs.example/a:b@c'],
      'nimbus.seeds': ['localhost'],
      'no.password': null,
      'empty.password': '',
      'password.needed': true,
      'topology.auto-credentials': ['a.b.C'],
      'task.credentials.poll.secs': 30,
    });
  });

  it('leave every digit of what holds none', () => {
    const conf: ConfText = new Map([
      ['big', '{"a":12345678901234567890,"b":10.0}'],
      ['odd', '[NaN]'],
    ]);
    assert.deepEqual(maskSecrets(conf), conf);
  });

  it('of the gateway and the daemons do not reach topologies, those for topologies do', () => {
    const conf = confOf({
      'egret.redis.url': 'redis://:sekret@host',
      'nimbus.thrift.tls.server.keystore.password': 'sekret',
      'my.database.password': 'for the topology',
    });
    assert.deepEqual(readConfValues(withoutDaemonSecrets(conf)), {
      'egret.redis.url': 'redis://:*****@host',
      'nimbus.thrift.tls.server.keystore.password': '*****',
      'my.database.password': 'for the topology',
    });
  });

  it('are looked for in time that grows with the text, not with its square', () => {
    for (const part of ['://', '://a:', 'password=', 'password"', 'password  ', '://a:@'])
      maskSecrets(new Map([['key', JSON.stringify(`@${part.repeat(300_000)}`)]]));
  }).timeout(5000);
});
