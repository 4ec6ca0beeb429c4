import { isJsonObject, type JsonValue } from '../base/index.ts';
import type { ConfText } from './conf-text.ts';

/** Replaces a secret in an answer. */
const mask = '*****';

/**
 * Names of keys that hold a secret in the configuration of Storm, Kafka and most others. Storm's own are
 * `*.password` of key stores and trust stores, `storm.zookeeper.auth.payload`,
 * `storm.zookeeper.topology.auth.payload`.
 */
const secretName =
  /pass(?:word|wd|phrase)|secret|auth\.payload$|(?:^|[._-])token$|(?:api|access|private)[._-]?key$|jaas\.config$/i;

/** Keys whose secrets only daemons need. They are kept out of every file that a worker reads. */
const daemonPrefixes = /^(?:egret|nimbus|supervisor|drpc|ui|logviewer|pacemaker|storm\.zookeeper)\./;

/**
 * `scheme://user:password@host`. A raw slash cannot be part of a password, so each character is read once.
 */
const urlPassword = /(:\/\/[^\s/?#:@]*:)[^\s/?#]+@/g;
/** `password=...` of connection strings, JAAS entries and options of JVMs. */
const assignedPassword = /(password["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&"']+)/gi;

/**
 * A configuration for people and clients: all keys, with secrets masked at any depth. An address keeps its
 * host and user but not its password.
 */
export function maskSecrets(conf: ConfText): ConfText {
  return new Map([...conf].map(([key, text]) => [key, masked(key, text)]));
}

/**
 * The gateway's configuration for topologies, without the secrets that only the gateway and Storm's daemons
 * need.
 */
export function withoutDaemonSecrets(conf: ConfText): ConfText {
  return new Map(
    [...conf].map(([key, text]) => [key, daemonPrefixes.test(key) ? masked(key, text) : text] as const),
  );
}

function masked(key: string, text: string): string {
  const mayHold = secretName.test(key) || /[@{]|password/i.test(text);
  if (!mayHold) return text;
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    // A value with a bare NaN is not JSON and cannot hold a secret.
    return secretName.test(key) ? JSON.stringify(mask) : maskText(text);
  }
  const after = JSON.stringify(maskValue(key, value));
  return after === JSON.stringify(value) ? text : after;
}

function maskValue(key: string, value: JsonValue): JsonValue {
  if (typeof value === 'string') {
    if (value === '') return value;
    return secretName.test(key) ? mask : maskText(value);
  }
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((each) => maskValue(key, each));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, maskValue(name, member)]));
}

function maskText(text: string): string {
  return text.replaceAll(urlPassword, `$1${mask}@`).replaceAll(assignedPassword, `$1${mask}`);
}
