import assert from 'node:assert/strict';
import { placeFor } from './places.ts';

const nowMs = 50_000;
const limits = { connectionsMax: 5, connectionsPerAddressMax: 3 };

function client(name: string, address: string, idleMs?: number) {
  return { name, address, idleSinceMs: idleMs === undefined ? undefined : nowMs - idleMs };
}

function place(address: string, ...clients: ReturnType<typeof client>[]): string {
  const found = placeFor(address, new Set(clients), { limits, nowMs });
  if ('refused' in found) return found.refused;
  return found.close === undefined ? 'free' : `in place of ${found.close.name}`;
}

describe('placeFor', () => {
  it('has a place while there are fewer connections than it may have', () => {
    assert.equal(place('10.0.0.1', client('a', '10.0.0.1', 5000), client('b', '10.0.0.1', 5000)), 'free');
  });

  it('closes the longest idle one of the address that has most', () => {
    const clients = [
      client('a', '10.0.0.1', 9000),
      client('b', '10.0.0.2', 2000),
      client('c', '10.0.0.2', 3000),
      client('d', '10.0.0.2'),
      client('e', '10.0.0.1'),
    ];
    assert.equal(place('10.0.0.3', ...clients), 'in place of c');
  });

  it('closes one of another address where the one with most has none that is idle', () => {
    const busy = ['b', 'c', 'd', 'e'].map((name) => client(name, '127.0.0.1'));
    assert.equal(place('10.0.0.3', client('a', '10.0.0.1', 1000), ...busy), 'in place of a');
  });

  it('refuses where all are at work, or were a moment ago', () => {
    const busy = ['a', 'b', 'c', 'd'].map((name) => client(name, '127.0.0.1'));
    assert.match(place('127.0.0.1', ...busy, client('e', '127.0.0.1', 999)), /5 connections already/);
  });

  it('holds an address to its own limit, whose idle connections make place for its new ones', () => {
    const own = [client('a', '10.0.0.1'), client('b', '10.0.0.1', 2000), client('c', '10.0.0.1')];
    const other = client('d', '10.0.0.2', 9000);
    assert.equal(place('10.0.0.1', ...own, other), 'in place of b');
    assert.equal(place('10.0.0.2', ...own, other), 'free');
    const busy = own.map(({ name }) => client(name, '10.0.0.1'));
    assert.match(place('10.0.0.1', ...busy, other), /3 connections from 10\.0\.0\.1/);
  });

  it('holds this machine to no limit but that of all', () => {
    for (const address of ['127.0.0.1', '::1'])
      assert.equal(place(address, ...['a', 'b', 'c', 'd'].map((name) => client(name, address))), 'free');
  });
});
