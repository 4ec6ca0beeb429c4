import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { KafkaBroker } from './kafka-broker.ts';

describe('KafkaBroker', () => {
  it('serves, is killed, serves again on the same address, and leaves nothing when closed', async () => {
    const broker = await KafkaBroker.start();
    try {
      await reach(broker);
      const first = broker.pid!;
      await broker.kill();
      await assert.rejects(reach(broker), { code: 'ECONNREFUSED' });
      await broker.restart();
      assert.notEqual(broker.pid, first);
      await reach(broker);
    } finally {
      await broker.close();
    }
    assert.equal(existsSync(broker.directory), false);
    await assert.rejects(reach(broker), { code: 'ECONNREFUSED' });
  });
});

async function reach(broker: KafkaBroker): Promise<void> {
  const socket = connect(Number(broker.address.split(':')[1]), '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
}
