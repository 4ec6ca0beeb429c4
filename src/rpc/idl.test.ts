import assert from 'node:assert/strict';
import { parseIdl } from './idl.ts';

describe('parseIdl', () => {
  const refused: readonly (readonly [what: string, source: string, message: RegExp])[] = [
    ['an unknown type', 'struct A { 1: B b }', /A: unknown type B/],
    ['an id used twice', 'struct A { 1: i32 a, 1: i32 b }', /A: 1: b collides with 1: a/],
    ['a name used twice', 'struct A {}\nenum A { X = 1 }', /A is declared twice/],
    ['what it does not know', 'struct A {}\n\ntypedef i32 B', /line 3: expected struct, .* found typedef/],
    ['an annotation', 'struct A { 1: i32 a (x = "y") }', /line 1: expected a whole number, found \(/],
    ['oneway', 'service S {\n oneway void f() }', /line 2: expected \(, found f/],
    ['a character of no token', 'struct A { 1: i32 a @ }', /line 1: cannot read "@ }"/],
    ['an open brace', 'struct A {', /expected a whole number, found end of file/],
  ];
  for (const [what, source, message] of refused) {
    it(`refuses ${what}, saying where`, () => assert.throws(() => parseIdl(source), message));
  }

  it('reads comments of every kind, doc comments and default values', () => {
    const { structs } = parseIdl(`
      # one
      // two
      /* three */
      /** A thing. */
      struct A { /** Not the first. */ 2: optional string name = "x;}"; 3: map<string, list<i64>> m = {} }`);
    assert.deepEqual(structs, [
      {
        kind: 'struct',
        name: 'A',
        doc: '/** A thing. */',
        fields: [
          {
            id: 2,
            requiredness: 'optional',
            type: { kind: 'base', name: 'string' },
            name: 'name',
            preset: { kind: 'literal', text: '"x;}"' },
          },
          {
            id: 3,
            requiredness: 'default',
            type: {
              kind: 'map',
              key: { kind: 'base', name: 'string' },
              value: { kind: 'list', element: { kind: 'base', name: 'i64' } },
            },
            name: 'm',
            preset: { kind: 'empty', text: '' },
          },
        ],
      },
    ]);
  });
});
