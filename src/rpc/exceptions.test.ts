import assert from 'node:assert/strict';
import { type ErrorCode, GatewayError } from '../base/index.ts';
import { declaredExceptionFor } from './exceptions.ts';
import { Nimbus } from './gen/services.ts';
import type { MethodSpec } from './service.ts';

const { submitTopology, activate, isTopologyNameAllowed } = Nimbus.methods;

function nameFor(code: ErrorCode, { exceptions }: Pick<MethodSpec, 'exceptions'>): string | undefined {
  return declaredExceptionFor(new GatewayError(code, 'because'), exceptions)?.codec.name;
}

describe('declaredExceptionFor', () => {
  it("gives Storm's exception for what Storm has one for", () => {
    assert.equal(nameFor('TOPOLOGY_ALREADY_ALIVE', submitTopology), 'AlreadyAliveException');
    assert.equal(nameFor('TOPOLOGY_INVALID', submitTopology), 'InvalidTopologyException');
    assert.equal(nameFor('CONFIG_INVALID', submitTopology), 'InvalidTopologyException');
    assert.equal(nameFor('JAR_INVALID', submitTopology), 'InvalidTopologyException');
    assert.equal(nameFor('TOPOLOGY_NOT_ALIVE', activate), 'NotAliveException');
  });

  it('gives none that the method does not declare: the client could not read it', () => {
    assert.equal(nameFor('TOPOLOGY_NOT_ALIVE', isTopologyNameAllowed), undefined);
    assert.equal(nameFor('TOPOLOGY_INVALID', activate), undefined);
  });

  it('gives none for faults of the gateway itself', () => {
    assert.equal(nameFor('STATE_UNAVAILABLE', submitTopology), undefined);
    assert.equal(nameFor('TRANSITION_REFUSED', activate), undefined);
  });
});
