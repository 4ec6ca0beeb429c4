import { errorCode, GatewayError } from '../../../base/index.ts';

/**
 * Adds what to do to the failure of a start for which there is no Java. Every other error is returned as it
 * is.
 */
export function withJavaRemedy(error: unknown, java: string): unknown {
  if (!(error instanceof GatewayError) || errorCode(error.cause) !== 'ENOENT') return error;
  const { reason } = error.facts;
  return new GatewayError(
    'SPAWN_FAILED',
    `cannot start Java (${java}): ${String(reason)}. Install Java 17 or later on the gateway's machine, ` +
      'or set JAVA_HOME or egret.java.command and restart the gateway. Components in other languages need no Java',
    { cause: error, facts: error.facts },
  );
}
