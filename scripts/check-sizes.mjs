#!/usr/bin/env node
/**
 * Keeps files and functions small, so that no object ends up orchestrating everything: at most 350 lines a
 * file, 225 for nine files of ten and 95 for half of them; 60 lines a function, 4 parameters. Exceptions
 * stand in scripts/size-exceptions.json with a reason each; one that is no longer needed is a failure too.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const limits = { fileLines: 350, functionLines: 60, parameters: 4 };
/** The most lines that this share of the files may have. */
const shares = [
  { share: 0.5, lines: 95 },
  { share: 0.9, lines: 225 },
];
const root = fileURLToPath(new URL('..', import.meta.url));
const exceptions = JSON.parse(readFileSync(`${root}scripts/size-exceptions.json`, 'utf8'));
const used = new Set();
const faults = [];
const sizes = [];

for (const name of readdirSync(`${root}src`, { recursive: true }).sort()) {
  if (!/\.ts$/.test(name) || /\.test\.ts$|\.d\.ts$|(^|\/)gen\//.test(name)) continue;
  checkFile(`src/${name}`);
}
sizes.sort((one, other) => one - other);
const found = shares.map(({ share }) => sizes[Math.floor(sizes.length * share)]);
for (const [index, { share, lines }] of shares.entries())
  if (found[index] > lines)
    faults.push(
      `${Math.round((1 - share) * 100)} % of the files have ${found[index]} lines or more, at most ${lines}: split one`,
    );
for (const key of Object.keys(exceptions))
  if (!used.has(key)) faults.push(`scripts/size-exceptions.json: ${key} is not needed`);
for (const fault of faults) process.stderr.write(`${fault}\n`);
if (faults.length > 0) process.exit(1);
process.stdout.write(
  `sizes: ${sizes.length} files, median ${found[0]} lines, ninth tenth ${found[1]}, longest ${sizes.at(-1)}\n`,
);

function checkFile(path) {
  const source = ts.createSourceFile(
    path,
    readFileSync(`${root}${path}`, 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  const lineOf = (position) => source.getLineAndCharacterOfPosition(position).line;
  const fileLines = lineOf(source.end);
  sizes.push(fileLines);
  if (fileLines > limits.fileLines) fault(path, `${fileLines} lines, at most ${limits.fileLines}`);
  const visit = (node) => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const name = `${path}:${node.name?.getText(source) ?? `line ${lineOf(node.pos) + 1}`}`;
      const lines = lineOf(node.end) - lineOf(node.getStart(source)) + 1;
      if (lines > limits.functionLines) fault(name, `${lines} lines, at most ${limits.functionLines}`);
      if (node.parameters.length > limits.parameters)
        fault(name, `${node.parameters.length} parameters, at most ${limits.parameters}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
}

function fault(key, text) {
  if (key in exceptions) used.add(key);
  else faults.push(`${key}: ${text}`);
}
