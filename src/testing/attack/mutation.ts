import type { RandomSource } from '../../base/index.ts';
import { wireTypes } from '../../rpc/wire.ts';
import { hostileInts, hostileSizes, hostileText, pick, randomBytes } from './hostile-values.ts';
import { type MessageTree, type Node, nodesOf, writeMessage } from './thrift-tree.ts';

/** Changes one thing of a message in place and says what. */
type Mutation = (tree: MessageTree, random: RandomSource) => string;

const allTypes = Object.values(wireTypes);
/** Deeper than any reader should go, and shallow enough for many of them. */
const depthsMax = [3, 70, 3000] as const;

const mutations: readonly (readonly [weight: number, mutation: Mutation])[] = [
  [30, replaceValue],
  [12, lieAboutSize],
  [10, changeType],
  [8, dropOrRepeatField],
  [6, renumberField],
  [6, graft],
  [5, nestDeeply],
  [5, growContainer],
  [4, changeHeader],
  [3, addBytes],
];
const totalWeight = mutations.reduce((sum, [weight]) => sum + weight, 0);

/** Breaks a message in one to four places. The tree is used up. */
export function mutate(tree: MessageTree, random: RandomSource): { bytes: Buffer; what: string } {
  const done: string[] = [];
  for (let left = 1 + Math.floor(random.next() ** 2 * 4); left > 0; left--)
    done.push(chooseMutation(random)(tree, random));
  const bytes = writeMessage(tree);
  if (random.next() < 0.08) done.push(damageBytes(bytes, random));
  const cut = random.next() < 0.05 ? Math.floor(random.next() * bytes.length) : bytes.length;
  if (cut < bytes.length) done.push(`cut at ${cut}`);
  return { bytes: bytes.subarray(0, Math.max(1, cut)), what: done.join(', ') };
}

function chooseMutation(random: RandomSource): Mutation {
  let left = random.next() * totalWeight;
  for (const [weight, mutation] of mutations) {
    left -= weight;
    if (left < 0) return mutation;
  }
  return replaceValue;
}

function replaceValue(tree: MessageTree, random: RandomSource): string {
  const leaf = pick(
    nodesOf(tree.body).filter(({ kind }) => kind === 'scalar' || kind === 'text'),
    random,
  ) as Extract<Node, { kind: 'scalar' | 'text' }> | undefined;
  if (leaf === undefined) return addBytes(tree, random);
  if (leaf.kind === 'text') leaf.bytes = hostileText(random);
  else {
    const wide = Buffer.alloc(8);
    wide.writeBigInt64BE(pick(hostileInts, random));
    leaf.bytes = wide.subarray(8 - leaf.bytes.length);
  }
  return `a ${leaf.kind} of type ${leaf.type} replaced`;
}

function lieAboutSize(tree: MessageTree, random: RandomSource): string {
  const sized = nodesOf(tree.body).filter(
    (node): node is Extract<Node, { kind: 'text' | 'list' | 'map' }> =>
      node.kind === 'text' || node.kind === 'list' || node.kind === 'map',
  );
  if (sized.length === 0) return changeHeader(tree, random);
  const claimed = pick(hostileSizes, random);
  const node = pick(sized, random);
  node.claimed = claimed;
  return `a ${node.kind} claims ${claimed}`;
}

function changeType(tree: MessageTree, random: RandomSource): string {
  const node = pick(nodesOf(tree.body), random);
  const type = random.next() < 0.8 ? pick(allTypes, random) : Math.floor(random.next() * 256);
  if (node.kind === 'list') node.elementType = type;
  else if (node.kind === 'map') [node.keyType, node.valueType] = [type, pick(allTypes, random)];
  else if (node.kind === 'struct' && node.fields.length > 0) pick(node.fields, random).type = type;
  return `a type becomes ${type}`;
}

function dropOrRepeatField(tree: MessageTree, random: RandomSource): string {
  const { fields } = chooseStruct(tree, random);
  const field = pick(fields, random) as (typeof fields)[number] | undefined;
  if (field === undefined) return 'nothing to drop';
  if (random.next() < 0.5) fields.splice(fields.indexOf(field), 1);
  else for (let times = pick([1, 2, 1000], random); times > 0; times--) fields.push(field);
  return `field ${field.id} dropped or repeated`;
}

function renumberField(tree: MessageTree, random: RandomSource): string {
  const { fields } = chooseStruct(tree, random);
  if (fields.length === 0) return 'nothing to renumber';
  const id = pick([0, -1, 1, 2, 3, 32_767, -32_768], random);
  pick(fields, random).id = id;
  return `a field becomes ${id}`;
}

const graftPartsMax = 10_000;

/** One part of the message in the place of another. */
function graft(tree: MessageTree, random: RandomSource): string {
  const target = chooseStruct(tree, random);
  const source = pick(nodesOf(tree.body), random);
  // A part within itself would have no end.
  const parts = nodesOf(source);
  if (target.fields.length === 0 || parts.length > graftPartsMax || parts.includes(target))
    return 'nothing to graft';
  const field = pick(target.fields, random);
  field.value = source;
  field.type = source.type;
  return `field ${field.id} holds another part`;
}

function nestDeeply(tree: MessageTree, random: RandomSource): string {
  const depth = pick(depthsMax, random);
  const type = pick([wireTypes.struct, wireTypes.list, wireTypes.map], random);
  // Written as bytes: a tree of that depth would be ours to walk.
  const opening =
    type === wireTypes.struct
      ? Buffer.from([wireTypes.struct, 0, 1])
      : type === wireTypes.list
        ? Buffer.from([wireTypes.list, 0, 0, 0, 1])
        : Buffer.from([wireTypes.byte, wireTypes.map, 0, 0, 0, 1, 0]);
  const bytes = Buffer.concat(Array.from({ length: depth }, () => opening));
  const { fields } = chooseStruct(tree, random);
  fields.push({ id: pick([1, 2, 99], random), type, value: { kind: 'scalar', type, bytes } });
  return `${depth} levels of type ${type}`;
}

function growContainer(tree: MessageTree, random: RandomSource): string {
  const containers = nodesOf(tree.body).filter(
    (node): node is Extract<Node, { kind: 'list' }> => node.kind === 'list' && node.items.length > 0,
  );
  if (containers.length === 0) return replaceValue(tree, random);
  const { items } = pick(containers, random);
  const item = pick(items, random);
  const times = pick([10, 100, 1000], random);
  for (let index = 0; index < times; index++) items.push(item);
  return `a list grows by ${times}`;
}

function changeHeader(tree: MessageTree, random: RandomSource): string {
  if (random.next() < 0.5) {
    tree.name = random.next() < 0.5 ? hostileText(random) : Buffer.concat([tree.name, Buffer.from('x')]);
    return 'another method name';
  }
  tree.version =
    random.next() < 0.5 ? tree.version ^ (1 << Math.floor(random.next() * 32)) : random.nextInt32();
  return 'another version or message type';
}

function addBytes(tree: MessageTree, random: RandomSource): string {
  tree.rest = randomBytes(random, 1 + Math.floor(random.next() * 32));
  return `${tree.rest.length} bytes behind the end`;
}

function damageBytes(bytes: Buffer, random: RandomSource): string {
  const at = Math.floor(random.next() * bytes.length);
  bytes[at] = Math.floor(random.next() * 256);
  return `byte ${at} damaged`;
}

function chooseStruct(tree: MessageTree, random: RandomSource): Extract<Node, { kind: 'struct' }> {
  const structs = nodesOf(tree.body).filter(
    (node): node is Extract<Node, { kind: 'struct' }> => node.kind === 'struct',
  );
  return pick(structs, random);
}
