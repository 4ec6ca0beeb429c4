import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { TopologySummary } from '../rpc/index.ts';
import { failureLine } from './commands.ts';
import { drawFlow } from './flow-view.ts';
import { topologyTable } from './topology-table.ts';
import { visible, visibleLines } from './visible.ts';

const hostile = 'ctl\n\u001b[31mred\u009b\u202e';
const shown = 'ctl\\n\\x1b[31mred\\x9b\\u202e';

describe('visible', () => {
  it('shows what a terminal would obey, and leaves every other text as it is', () => {
    assert.equal(visible(hostile), shown);
    assert.equal(visible('\r\t\u0000\u007f\u2028'), '\\r\\t\\x00\\x7f\\u2028');
    for (const text of ['words', 'größe 数量 😀 ─▶', 'a\\nb']) assert.equal(visible(text), text);
  });

  it('keeps lines, and JSON the same JSON', () => {
    assert.equal(visibleLines('a\tb\nc\u001b[2J'), 'a\tb\nc\\u001b[2J');
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value, null, 2);
        assert.deepEqual(JSON.parse(visibleLines(text)), JSON.parse(text));
        assert.doesNotMatch(visibleLines(text).replaceAll('\n', ''), /\p{Cc}/u);
      }),
    );
  });
});

describe('what the commands print', () => {
  it('has one row for each topology, whatever its name is', () => {
    const row = {
      name: hostile,
      status: 'ACTIVE',
      num_tasks: 1,
      num_workers: 1,
      uptime_secs: 1,
      id: hostile,
    };
    const lines = topologyTable([row as TopologySummary])
      .trimEnd()
      .split('\n');
    assert.equal(lines.length, 3);
    assert.ok(lines[2]!.startsWith(`${shown} ACTIVE`));
  });

  it('draws a topology without obeying its names and errors', () => {
    const component = {
      ...{ id: hostile, madeOf: hostile, tasks: 1, ports: [1], executed: 1, emitted: 1, acked: 1, failed: 1 },
      executors: [],
      inputs: [{ from: hostile, stream: hostile, grouping: 'shuffle' }],
    };
    const lines = drawFlow(
      {
        ...{ name: hostile, status: 'ACTIVE', uptimeSecs: 1, takenAtMs: 1, components: [component] },
        errors: new Map([[hostile, 'first\u001b[2J\nsecond']]),
      },
      undefined,
    );
    assert.doesNotMatch(lines.join(''), /\p{C}/u);
    assert.equal(lines.at(-1), `! ${shown}: first\\x1b[2J`);
  });

  it('says in one line why a command failed', () => {
    assert.equal(
      failureLine(Object.assign(new Error(`${hostile}\n is not alive`), { facts: {} })),
      'ctl \\x1b[31mred\\x9b\\u202e is not alive\n',
    );
  });
});
