import assert from 'node:assert/strict';
import type { Job } from './jobs.ts';
import { type Exit, judge, slowest, type TestLine } from './results.ts';

const suite: Job = { check: 'unit', title: 'unit 1', command: [], files: ['a.test.ts'], isAlone: false };
const check: Job = { ...suite, check: 'types', title: 'types', files: [] };
const ended = (code: number): Exit => ({ code, signal: null, isOverLimit: false });
const line = (what: 'hook' | 'passed' | 'failed' | 'skipped', title: string, ms = 1): TestLine => ({
  ...{ what, title, ms },
  file: 'a.test.ts',
});
const end: TestLine = { what: 'end' };
const failuresOf = (job: Job, exit: Exit, lines: readonly TestLine[]): readonly string[] =>
  judge(job, exit, lines, 5).failures;

describe('the result of a process', () => {
  it('counts the tests of a suite', () => {
    const lines = [line('hook', 'h'), line('passed', 'p'), line('skipped', 's'), line('failed', 'f'), end];
    const { passed, failed, skipped, failures } = judge(suite, ended(1), lines, 5);
    assert.deepEqual([passed, failed, skipped, failures], [1, 1, 1, ['a.test.ts: f']]);
  });

  it('is one pass or one failure of a check', () => {
    assert.deepEqual([judge(check, ended(0), [], 5).passed, failuresOf(check, ended(0), [])], [1, []]);
    assert.deepEqual(failuresOf(check, ended(2), []), ['types: the process ended with 2']);
    assert.equal(judge(check, ended(2), [], 5).passed, 0);
  });

  it('fails a process that crashes, although all of its tests passed', () => {
    const passed = [line('passed', 'p')];
    assert.deepEqual(failuresOf(suite, ended(7), [...passed, end]), ['unit 1: the process ended with 7']);
    assert.deepEqual(failuresOf(suite, ended(0), passed), ['unit 1: the process ended before its last test']);
    assert.deepEqual(failuresOf(suite, { ...ended(0), code: null, signal: 'SIGSEGV' }, [...passed, end]), [
      'unit 1: the process was ended by SIGSEGV',
    ]);
    assert.deepEqual(failuresOf(suite, { ...ended(0), isOverLimit: true }, [...passed, end]), [
      'unit 1: the process did not end within its limit',
    ]);
  });

  it('fails a process that crashes after a failing test', () => {
    const lines = [line('failed', 'f')];
    assert.deepEqual(failuresOf(suite, ended(7), lines), [
      'a.test.ts: f',
      'unit 1: the process ended before its last test',
    ]);
  });

  it('fails a process that runs no test, or whose files do not load', () => {
    assert.deepEqual(failuresOf(suite, ended(0), [end]), ['unit 1: the process ran no test']);
    assert.deepEqual(failuresOf(suite, ended(1), []), ['unit 1: the process ended with 1']);
  });

  it('passes a process whose tests are all skipped', () => {
    assert.deepEqual(failuresOf(suite, ended(0), [line('skipped', 's'), end]), []);
  });

  it('lists the slowest tests and hooks of all processes', () => {
    const results = [
      judge(suite, ended(0), [line('passed', 'a', 5), line('passed', 'b', 50)], 60),
      judge(suite, ended(0), [line('hook', 'c', 20)], 20),
    ];
    assert.deepEqual(
      slowest(results, 2).map(({ title }) => title),
      ['b', 'c'],
    );
  });
});
