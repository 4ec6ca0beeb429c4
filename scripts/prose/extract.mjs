/**
 * Finds the prose of a file: comments, doc strings, the texts of messages, and the paragraphs of Markdown. The result is
 * a list of passages. A passage is a list of lines, so that a phrase that a line break divides is still found, and each
 * word knows its line. `kind` is `comment`, `text` (a string) or `markdown`.
 */
import ts from 'typescript';

/** Strings that are no sentences (identifiers, paths, class names) are not prose. */
const looksLikeText = (text) => /\p{L} \p{L}/u.test(text);

const lineComments = { java: '//', cpp: '//', hpp: '//', c: '//', thrift: '//', py: '#', lua: '--', sh: '#' };

export function passagesOf(path, content) {
  const extension = path.slice(path.lastIndexOf('.') + 1);
  if (extension === 'md') return markdown(content);
  if (/^([cm]?[jt]s)$/.test(extension)) return script(path, content);
  if (extension in lineComments) return byLines(content, extension);
  return [];
}

// --- TypeScript and JavaScript: TypeScript's own parser says what is a comment and what a string

function script(path, content) {
  const source = ts.createSourceFile(path, content, ts.ScriptTarget.Latest, false);
  const lineAt = (position) => source.getLineAndCharacterOfPosition(position).line + 1;
  const comments = [];
  const passages = [];
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, false);
  const visit = (node) => {
    if (node.kind >= ts.SyntaxKind.FirstJSDocNode && node.kind <= ts.SyntaxKind.LastJSDocNode) return;
    const children = node.getChildren(source);
    if (children.length > 0) return children.forEach(visit);
    const start = node.getStart(source, false);
    scanner.setText(content, node.pos, start - node.pos);
    for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan())
      if (kind === ts.SyntaxKind.SingleLineCommentTrivia || kind === ts.SyntaxKind.MultiLineCommentTrivia)
        comments.push({ start: scanner.getTokenStart(), end: scanner.getTokenEnd() });
    if (isString(node) && looksLikeText(node.text ?? ''))
      passages.push({ kind: 'text', lines: [{ line: lineAt(start), text: node.text }] });
  };
  visit(source);
  const lines = content.split('\n');
  for (const { start, end } of comments) {
    const first = lineAt(start);
    const texts = content.slice(start, end).split('\n').map(bare);
    const own = lines[first - 1].trim().startsWith('/');
    const passage = passages.at(-1);
    const continues =
      own && passage?.kind === 'comment' && passage.own && passage.lines.at(-1).line === first - 1;
    const found = texts.map((text, index) => ({
      line: first + index,
      text,
      whole: lines[first - 1 + index],
    }));
    if (continues && content.startsWith('//', start)) passage.lines.push(...found);
    else passages.push({ kind: 'comment', own, lines: found });
  }
  return passages.concat(events(source, lineAt));
}

const isString = (node) =>
  ts.isStringLiteral(node) ||
  ts.isNoSubstitutionTemplateLiteral(node) ||
  node.kind === ts.SyntaxKind.TemplateHead ||
  node.kind === ts.SyntaxKind.TemplateMiddle ||
  node.kind === ts.SyntaxKind.TemplateTail;

/** The name of a log event is the string behind `event:`, or the strings of a conditional expression there. */
function events(source, lineAt) {
  const found = [];
  const collect = (node) => {
    if (ts.isStringLiteral(node))
      found.push({ kind: 'event', lines: [{ line: lineAt(node.end), text: node.text }] });
    else if (ts.isConditionalExpression(node)) [node.whenTrue, node.whenFalse].forEach(collect);
  };
  const visit = (node) => {
    if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name) && node.name.text === 'event')
      collect(node.initializer);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The text of a comment's line, without its marks. */
function bare(line) {
  return line
    .replace(/^\s*\/?\*+\/?/, '')
    .replace(/^\s*\/\/+/, '')
    .replace(/\*\/\s*$/, '')
    .trim();
}

// --- the other languages: a few rules over lines and quotes

function byLines(content, extension) {
  const passages = [];
  const mark = lineComments[extension];
  const blocks = mark === '//' ? { open: '/*', close: '*/' } : undefined;
  let block;
  let docQuote;
  content.split('\n').forEach((whole, index) => {
    const line = index + 1;
    if (block !== undefined) {
      block.lines.push({ line, text: bare(whole), whole });
      if (whole.includes(docQuote ?? blocks.close)) block = docQuote = undefined;
      return;
    }
    const { comment, strings, opened } = split(whole, mark, blocks, extension === 'py');
    for (const text of strings.filter(looksLikeText))
      passages.push({ kind: 'text', lines: [{ line, text }] });
    if (opened !== undefined) {
      docQuote = opened.quote;
      block = { kind: 'comment', own: true, lines: [{ line, text: bare(opened.text), whole }] };
      passages.push(block);
    } else if (comment !== undefined) {
      const own = whole.trim().startsWith(mark);
      const last = passages.at(-1);
      const entry = { line, text: comment, whole };
      if (own && last?.kind === 'comment' && last.own && last.lines.at(-1).line === line - 1)
        last.lines.push(entry);
      else passages.push({ kind: 'comment', own, lines: [entry] });
    }
  });
  return passages;
}

/** What one line holds: strings, and a comment or the beginning of a block. */
function split(whole, mark, blocks, isPython) {
  const strings = [];
  for (let at = 0; at < whole.length; ) {
    const rest = whole.slice(at);
    const triple = isPython ? /^("""|''')/.exec(rest)?.[0] : undefined;
    if (triple !== undefined) {
      const end = rest.indexOf(triple, 3);
      if (end < 0) return { strings, opened: { quote: triple, text: rest.slice(3) } };
      strings.push(rest.slice(3, end));
      at += end + 3;
    } else if (blocks !== undefined && rest.startsWith(blocks.open)) {
      const end = rest.indexOf(blocks.close, 2);
      if (end < 0) return { strings, opened: { text: rest } };
      return { strings, comment: bare(rest.slice(0, end + 2)) };
    } else if (rest.startsWith(mark))
      return {
        strings,
        comment: rest
          .slice(mark.length)
          .replace(/^[#/!]+/, '')
          .trim(),
      };
    else if (rest[0] === '"' || rest[0] === "'") {
      const end = closing(rest);
      strings.push(rest.slice(1, end));
      at += end + 1;
    } else at += 1;
  }
  return { strings };
}

function closing(rest) {
  for (let at = 1; at < rest.length; at += 1)
    if (rest[at] === '\\') at += 1;
    else if (rest[at] === rest[0]) return at;
  return rest.length;
}

// --- Markdown: paragraphs; code is not prose, and a table is as wide as it must be

function markdown(content) {
  const passages = [];
  let fence = false;
  let current;
  content.split('\n').forEach((whole, index) => {
    const isFence = /^\s*(```|~~~)/.test(whole);
    if (isFence) fence = !fence;
    const isTable = /^\s*\|/.test(whole);
    const isCode = fence || isFence || (/^ {4}/.test(whole) && current === undefined);
    if (isCode || whole.trim() === '') {
      current = undefined;
      return;
    }
    const starts = isTable || /^\s*([-*+#>]|\d+\.)\s/.test(whole) || current === undefined || current.isTable;
    if (starts) {
      current = { kind: 'markdown', own: true, isTable, lines: [] };
      passages.push(current);
    }
    const text = whole
      .replace(/`[^`]*`/g, (code) => '`'.repeat(code.length))
      .replace(/^\s*([-*+#>]+|\d+\.)\s/, '');
    current.lines.push({ line: index + 1, text, whole });
  });
  return passages;
}
