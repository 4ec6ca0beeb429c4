import { wireTypes } from '../../rpc/wire.ts';

/**
 * A value of the binary protocol as its parts, so that one part can be replaced by something that does not
 * belong there.
 */
export type Node =
  | { readonly kind: 'scalar'; readonly type: number; bytes: Buffer }
  | { readonly kind: 'text'; readonly type: number; bytes: Buffer; claimed?: number }
  | { readonly kind: 'struct'; readonly type: number; fields: { id: number; type: number; value: Node }[] }
  | { readonly kind: 'list'; readonly type: number; elementType: number; items: Node[]; claimed?: number }
  | {
      readonly kind: 'map';
      readonly type: number;
      keyType: number;
      valueType: number;
      entries: [Node, Node][];
      claimed?: number;
    };

/** A call: version and type of the message in one word, the method's name, its sequence id, its arguments. */
export interface MessageTree {
  version: number;
  name: Buffer;
  sequenceId: number;
  body: Node;
  /** Bytes after the end of the message. */
  rest: Buffer;
}

const scalarBytes: ReadonlyMap<number, number> = new Map([
  [wireTypes.bool, 1],
  [wireTypes.byte, 1],
  [wireTypes.double, 8],
  [wireTypes.i16, 2],
  [wireTypes.i32, 4],
  [wireTypes.i64, 8],
]);

/** Reads a valid message with a strict header, as our own encoder writes it. */
export function parseMessage(message: Buffer): MessageTree {
  const reader = new TreeReader(message);
  const version = reader.int32();
  const name = reader.take(reader.int32());
  const sequenceId = reader.int32();
  return { version, name, sequenceId, body: reader.value(wireTypes.struct), rest: Buffer.alloc(0) };
}

class TreeReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  value(type: number): Node {
    const width = scalarBytes.get(type);
    if (width !== undefined) return { kind: 'scalar', type, bytes: this.take(width) };
    switch (type) {
      case wireTypes.string:
        return { kind: 'text', type, bytes: this.take(this.int32()) };
      case wireTypes.struct: {
        const fields: { id: number; type: number; value: Node }[] = [];
        for (let fieldType = this.#byte(); fieldType !== wireTypes.stop; fieldType = this.#byte()) {
          const id = this.take(2).readInt16BE(0);
          fields.push({ id, type: fieldType, value: this.value(fieldType) });
        }
        return { kind: 'struct', type, fields };
      }
      case wireTypes.list:
      case wireTypes.set: {
        const elementType = this.#byte();
        const items = Array.from({ length: this.int32() }, () => this.value(elementType));
        return { kind: 'list', type, elementType, items };
      }
      case wireTypes.map: {
        const [keyType, valueType] = [this.#byte(), this.#byte()];
        const entries = Array.from({ length: this.int32() }, (): [Node, Node] => [
          this.value(keyType),
          this.value(valueType),
        ]);
        return { kind: 'map', type, keyType, valueType, entries };
      }
      default:
        throw new Error(`no value has type ${type}`);
    }
  }

  int32(): number {
    return this.take(4).readInt32BE(0);
  }

  take(length: number): Buffer {
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #byte(): number {
    return this.take(1)[0]!;
  }
}

/** What is written of a message: parts that were repeated within each other would come to gigabytes. */
const messageBytesMax = 900_000;

/** The message as it goes over the wire, without the length in front, with whatever sizes it claims. */
export function writeMessage(tree: MessageTree): Buffer {
  const writer = new TreeWriter();
  writer.put(
    Buffer.concat([int32(tree.version), int32(tree.name.length), tree.name, int32(tree.sequenceId)]),
  );
  writer.node(tree.body);
  writer.put(tree.rest);
  return Buffer.concat(writer.parts);
}

class TreeWriter {
  readonly parts: Buffer[] = [];
  #bytes = 0;

  get #isFull(): boolean {
    return this.#bytes > messageBytesMax;
  }

  put(bytes: Buffer): void {
    this.parts.push(bytes);
    this.#bytes += bytes.length;
  }

  node(node: Node): void {
    switch (node.kind) {
      case 'scalar':
        this.put(node.bytes);
        return;
      case 'text':
        this.put(int32(node.claimed ?? node.bytes.length));
        this.put(node.bytes);
        return;
      case 'struct':
        for (const { id, type, value } of node.fields) {
          if (this.#isFull) return;
          const head = Buffer.from([type, 0, 0]);
          head.writeInt16BE(id, 1);
          this.put(head);
          this.node(value);
        }
        this.put(Buffer.from([wireTypes.stop]));
        return;
      case 'list':
        this.put(Buffer.from([node.elementType]));
        this.put(int32(node.claimed ?? node.items.length));
        for (const item of node.items) {
          if (this.#isFull) return;
          this.node(item);
        }
        return;
      case 'map':
        this.put(Buffer.from([node.keyType, node.valueType]));
        this.put(int32(node.claimed ?? node.entries.length));
        for (const [key, value] of node.entries) {
          if (this.#isFull) return;
          this.node(key);
          this.node(value);
        }
    }
  }
}

const nodesMax = 20_000;

/** The parts of a value, itself first, as far as they are not too many to choose from. */
export function nodesOf(node: Node, found: Node[] = []): Node[] {
  if (found.length >= nodesMax) return found;
  found.push(node);
  if (node.kind === 'struct') for (const { value } of node.fields) nodesOf(value, found);
  if (node.kind === 'list') for (const item of node.items) nodesOf(item, found);
  if (node.kind === 'map')
    for (const [key, value] of node.entries) {
      nodesOf(key, found);
      nodesOf(value, found);
    }
  return found;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}
