import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Checker, type Fault, type Verdict } from './checker.ts';

const places = ['straight', 'parts/0', 'parts/1', 'joined'];

/** [component, task, line] as a run wrote them. */
type Written = readonly [component: string, task: string, line: string];

/**
 * The journals of ids that are emitted, fail a number of times, and are acked when all places have seen them.
 */
function journals(fails: readonly number[]): Written[] {
  return fails.flatMap((failed, number) => {
    const id = `ids-3:${number}`;
    const attempts = Array.from({ length: failed }, (_, attempt): Written[] => [
      ['ids', '3', `e 1000 ${id} ${attempt + 1};`],
      ['straight', '9', `s ${id};`],
      ['ids', '3', `f 1001 ${id};`],
    ]);
    const last: Written[] = [
      ['ids', '3', `e 1002 ${id} ${failed + 1};`],
      ['straight', '9', `s ${id};`],
      ['parts', '7', `s ${id}/0;`],
      ['parts', '8', `s ${id}/1;`],
      ['joined', '5', `s ${id};`],
      ['ids', '3', `a 1003 ${id};`],
    ];
    return [...attempts.flat(), ...last];
  });
}

function judge(written: readonly Written[]): Verdict {
  const checker = new Checker(places);
  for (const [component, task, line] of written) checker.line(component, task, line);
  return checker.verdict();
}

function assertOnly(verdict: Verdict, fault: Fault): void {
  assert.deepEqual([...verdict.faults], [[fault, 1]], verdict.examples.join('\n'));
}

/** Runs of at least one id, and a place in one of its journals. */
const runs = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 12 });
const runsAndPicks = fc.tuple(runs, fc.nat());

/** The index of one of the lines that a pattern fits. */
function pickLine(written: readonly Written[], pattern: RegExp, pick: number): number {
  const fitting = written.flatMap(([, , line], index) => (pattern.test(line) ? [index] : []));
  return fitting[pick % fitting.length]!;
}

describe('Checker', () => {
  it('finds a run clean in which every id is seen everywhere and acked in the end, and counts it', () => {
    fc.assert(
      fc.property(runs, (fails) => {
        const verdict = judge(journals(fails));
        const failed = fails.reduce((sum, count) => sum + count, 0);
        assert.deepEqual(
          { ...verdict, faults: [...verdict.faults], examples: [] },
          {
            ...{ isKept: true, faults: [], examples: [], emitted: fails.length, acked: fails.length },
            ...{ replays: failed, failed, ackedAgain: 0, duplicates: failed, restarts: 0, torn: 0 },
          },
        );
      }),
    );
  });

  it('finds the order of lines of different journals indifferent', () => {
    fc.assert(
      fc.property(runs, fc.infiniteStream(fc.nat()), (fails, picks) => {
        const queues = new Map<string, Written[]>();
        for (const line of journals(fails)) {
          const name = `${line[0]}-${line[1]}`;
          queues.set(name, [...(queues.get(name) ?? []), line]);
        }
        const mixed: Written[] = [];
        while (queues.size > 0) {
          const names = [...queues.keys()];
          const name = names[(picks.next().value as number) % names.length]!;
          mixed.push(queues.get(name)!.shift()!);
          if (queues.get(name)!.length === 0) queues.delete(name);
        }
        assert.equal(judge(mixed).isKept, true);
      }),
    );
  });

  it('finds an id whose ack is missing', () => {
    fc.assert(
      fc.property(runsAndPicks, ([fails, pick]) => {
        const written = journals(fails);
        assertOnly(judge(written.toSpliced(pickLine(written, /^a/, pick), 1)), 'never acked');
      }),
    );
  });

  it('finds an acked id that a place has not seen', () => {
    fc.assert(
      fc.property(fc.tuple(fc.nat({ max: 11 }), fc.nat()), ([count, pick]) => {
        const written = journals(Array.from({ length: count + 1 }, () => 0));
        const verdict = judge(written.toSpliced(pickLine(written, /^s/, pick), 1));
        assertOnly(verdict, 'acked before every sink saw it');
      }),
    );
  });

  it('finds an ack that came before the sight, where both were read in between', () => {
    const checker = new Checker(['joined']);
    checker.line('ids', '3', 'e 1 ids-3:0 1;');
    checker.line('ids', '3', 'a 2 ids-3:0;');
    checker.settle();
    checker.line('joined', '5', 's ids-3:0;');
    assertOnly(checker.verdict(), 'acked before every sink saw it');
  });

  it('finds an id that no spout has emitted', () => {
    fc.assert(
      fc.property(runs, (fails) => {
        const strange: Written = ['joined', '5', `s ids-3:${fails.length};`];
        assertOnly(judge([...journals(fails), strange]), 'seen but never emitted');
      }),
    );
  });

  it('finds one result too many, whichever it is', () => {
    fc.assert(
      fc.property(runsAndPicks, fc.constantFrom('a', 'f'), ([fails, pick], kind) => {
        const id = `ids-3:${pick % fails.length}`;
        assertOnly(judge([...journals(fails), ['ids', '3', `${kind} 9 ${id};`]]), 'more results than emits');
      }),
    );
  });

  it('allows a second ack of an id that was emitted twice, and counts it', () => {
    const written = journals([1]).map(
      ([component, task, line]): Written => [component, task, line.replace(/^f/, 'a')],
    );
    const before = judge(written.filter(([, , line]) => !line.startsWith('e 1002')));
    assert.deepEqual([before.ackedAgain, [...before.faults.keys()]], [1, ['more results than emits']]);
    const between = written.filter(([, , line]) => !line.startsWith('a 1001'));
    assert.equal(judge([...between, ['ids', '3', 'a 1004 ids-3:0;']]).ackedAgain, 1);
    assert.equal(judge([...between, ['ids', '3', 'a 1004 ids-3:0;']]).isKept, true);
  });

  it('finds an id that is emitted after its ack', () => {
    fc.assert(
      fc.property(runsAndPicks, ([fails, pick]) => {
        const again: Written = ['ids', '3', `e 9 ids-3:${pick % fails.length} 9;`];
        assertOnly(judge([...journals(fails), again]), 'emitted again after its ack');
      }),
    );
  });

  it('takes a torn line before an opening and at the end, and none elsewhere', () => {
    const [first, ...rest] = journals([0]);
    const torn: Written = ['ids', '3', 'e 10'];
    const opening: Written = ['ids', '3', 'o 4711 1000;'];
    const restarted = judge([opening, torn, opening, first!, ...rest, torn]);
    assert.deepEqual([restarted.isKept, restarted.torn, restarted.restarts], [true, 2, 1]);
    assertOnly(judge([torn, first!, ...rest]), 'line torn where no process died');
  });

  it('takes no part of a line for a line', () => {
    fc.assert(
      fc.property(runsAndPicks, ([fails, pick]) => {
        const written = journals(fails);
        const [component, task, line] = written[pick % written.length]!;
        for (let length = 1; length < line.length; length++) {
          const checker = new Checker(places);
          assert.equal(checker.line(component, task, line.slice(0, length)).kind, 'torn');
        }
      }),
    );
  });
});
