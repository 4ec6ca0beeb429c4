import { GatewayError } from '../../../base/index.ts';
import type { JavaValue } from '../../../tuple/index.ts';
import { showText } from './framing.ts';
import type { Context } from './gen/multilang.ts';
import { type ChildJson, isArray, parseChildJson, toInt32, toJavaValue } from './json-reading.ts';
import { childJsonText } from './json-writing.ts';

/** A message of a child (multilang/schema), checked and with what was left out filled in. */
export type ChildMessage =
  | { readonly kind: 'pid'; readonly pid: number }
  | EmitMessage
  | { readonly kind: 'ack' | 'fail'; readonly id: string }
  | { readonly kind: 'log'; readonly text: string; readonly level: number }
  | { readonly kind: 'error'; readonly text: string }
  | { readonly kind: 'metrics'; readonly name: string; readonly params: ChildJson }
  | { readonly kind: 'sync' }
  | { readonly kind: 'unknown'; readonly command: string };

export interface EmitMessage {
  readonly kind: 'emit';
  readonly stream: string;
  /** 0: the groupings choose. */
  readonly task: number;
  readonly anchors: readonly string[];
  /** JSON of a spout's message id; undefined for none. */
  readonly idText: string | undefined;
  readonly needsTaskIds: boolean;
  readonly values: readonly JavaValue[];
}

const infoLevel = 2;
const none: readonly string[] = [];

/**
 * Parses one message. Tolerates what Storm tolerates (null for an absent field, a level that does not exist)
 * and numbers for the ids of tuples. Throws `CHILD_SPOKE_NONSENSE` saying what is wrong and showing the
 * message's beginning.
 */
export function parseMessage(text: string): ChildMessage {
  let json: ChildJson;
  try {
    json = parseChildJson(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw nonsense('something that is not JSON', text, cause);
  }
  if (typeof json !== 'object' || json === null || isArray(json) || !isRecord(json)) {
    throw nonsense('JSON that is not an object', text);
  }
  const command = json['command'];
  if (command === undefined || command === null) {
    const pid = toInt32(json['pid']);
    if (pid === undefined || pid <= 0) throw nonsense('a message with neither "command" nor "pid"', text);
    return { kind: 'pid', pid };
  }
  if (typeof command !== 'string') throw nonsense('a message whose "command" is no string', text);
  return readCommand(command, json, text);
}

type Fields = { readonly [key: string]: ChildJson };

function readCommand(command: string, json: Fields, text: string): ChildMessage {
  switch (command) {
    case 'emit':
      return readEmit(json, text);
    case 'ack':
    case 'fail':
      return { kind: command, id: readTupleId(json['id'], `"${command}"`, text) };
    case 'log':
      return { kind: 'log', text: textOf(json['msg']), level: levelOf(json['level']) };
    case 'error':
      return { kind: 'error', text: textOf(json['msg']) };
    case 'metrics':
      return { kind: 'metrics', name: textOf(json['name']), params: json['params'] ?? null };
    case 'sync':
      return { kind: 'sync' };
    default:
      return { kind: 'unknown', command };
  }
}

function readEmit(json: Fields, text: string): EmitMessage {
  const values = json['tuple'];
  if (!isArray(values)) throw nonsense('an "emit" whose "tuple" is no array', text);
  const stream = json['stream'] ?? 'default';
  if (typeof stream !== 'string') throw nonsense('an "emit" whose "stream" is no string', text);
  const task = toInt32(json['task'] ?? 0);
  if (task === undefined || task < 0) throw nonsense('an "emit" whose "task" is no task id', text);
  const id = json['id'];
  return {
    kind: 'emit',
    stream,
    task,
    anchors: readAnchorIds(json['anchors'], text),
    idText: id === undefined || id === null ? undefined : childJsonText(id),
    needsTaskIds: json['need_task_ids'] !== false,
    values: values.map((value) => toJavaValue(value)),
  };
}

function readAnchorIds(anchors: ChildJson | undefined, text: string): readonly string[] {
  if (anchors === undefined || anchors === null) return none;
  if (!isArray(anchors)) return [readTupleId(anchors, 'an anchor', text)];
  return anchors.length === 0 ? none : anchors.map((anchor) => readTupleId(anchor, 'an anchor', text));
}

function readTupleId(id: ChildJson | undefined, what: string, text: string): string {
  if (typeof id === 'string') return id;
  if (typeof id === 'number') return String(id);
  throw nonsense(`${what} without the id of a tuple`, text);
}

function levelOf(level: ChildJson | undefined): number {
  const number = toInt32(level ?? infoLevel) ?? infoLevel;
  return number >= 0 && number <= 4 ? number : infoLevel;
}

function textOf(json: ChildJson | undefined): string {
  if (json === undefined) return '';
  return typeof json === 'string' ? json : childJsonText(json);
}

function isRecord(json: object): json is Fields {
  return Object.getPrototypeOf(json) === Object.prototype;
}

function nonsense(what: string, text: string, cause?: unknown): GatewayError {
  return new GatewayError('CHILD_SPOKE_NONSENSE', `wrote ${what}: ${showText(text)}`, {
    facts: { message: text.slice(0, 1000) },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** `{"command": ..., "id": ...}` for a spout; the id as JSON text. */
export function spoutCommandText(
  command: 'next' | 'ack' | 'fail' | 'activate' | 'deactivate',
  idText = '""',
): string {
  return `{"command":"${command}","id":${idText}}\nend\n`;
}

/** The answer to an emit. */
export function taskIdsText(taskIds: readonly number[]): string {
  return taskIds.length === 1 ? `[${taskIds[0]!}]\nend\n` : `[${taskIds.join(',')}]\nend\n`;
}

/** A heartbeat for a bolt; its answer is `sync`. Its id is negative, so that it is no tuple's. */
export function heartbeatText(number: number): string {
  return `{"id":"-${number}","comp":null,"stream":"__heartbeat","task":-1,"tuple":[]}\nend\n`;
}

export function handshakeText(parts: {
  readonly pidDir: string;
  readonly confText: string;
  readonly context: Context;
}): string {
  return `{"pidDir":${JSON.stringify(parts.pidDir)},"conf":${parts.confText},"context":${JSON.stringify(parts.context)}}\nend\n`;
}
