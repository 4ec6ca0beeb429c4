import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode, GatewayError } from '../base/index.ts';
import { isSameProcess } from '../child/index.ts';

/** Where the services of a running gateway are, as it says itself in `<storm.local.dir>/endpoints.json`. */
export interface Endpoints {
  readonly pid: number;
  /** With the pid it names one process: what a dead gateway left behind is known for what it is. */
  readonly processStart: string;
  readonly services: Readonly<Record<string, { readonly host: string; readonly port: number }>>;
}

export function endpointsPath(localDir: string): string {
  return join(localDir, 'endpoints.json');
}

/** Appears whole or not at all. */
export function writeEndpoints(localDir: string, endpoints: Endpoints): void {
  const path = endpointsPath(localDir);
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${endpoints.pid}`;
  writeFileSync(unfinished, `${JSON.stringify(endpoints, null, 2)}\n`);
  renameSync(unfinished, path);
}

export function removeEndpoints(localDir: string): void {
  rmSync(endpointsPath(localDir), { force: true });
}

/**
 * The endpoints of the gateway that runs on `localDir`. Throws `CONNECT_FAILED`, saying what to do, when there is no such
 * file, or its gateway is no more.
 */
export function readEndpoints(localDir: string): Endpoints {
  const path = endpointsPath(localDir);
  const hint = 'start one with "egret up", or say where one is with -c nimbus.seeds and nimbus.thrift.port';
  let endpoints: Endpoints;
  try {
    endpoints = JSON.parse(readFileSync(path, 'utf8')) as Endpoints;
  } catch (error) {
    const reason = errorCode(error) === 'ENOENT' ? 'is not there' : 'cannot be read';
    throw new GatewayError('CONNECT_FAILED', `no gateway found: ${path} ${reason}; ${hint}`, {
      facts: { path },
    });
  }
  if (!isSameProcess(endpoints.pid, endpoints.processStart)) {
    throw new GatewayError(
      'CONNECT_FAILED',
      `no gateway found: the one that wrote ${path} (process ${endpoints.pid}) is no longer running; ${hint}`,
      { facts: { path, pid: endpoints.pid } },
    );
  }
  return endpoints;
}

/** Whether a gateway says there that it runs, and does. */
export function isGatewayRunning(localDir: string): boolean {
  try {
    readEndpoints(localDir);
    return true;
  } catch {
    return false;
  }
}
