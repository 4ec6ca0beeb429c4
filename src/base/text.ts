/**
 * The text, or its beginning and end with the number of characters left out between them, when it has more
 * than `charactersMax` characters. A sentence around a long name stays readable.
 */
export function shortened(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  const tail = Math.floor(charactersMax / 3);
  const left = text.length - charactersMax;
  const begin = text.slice(0, cutBefore(text, charactersMax - tail));
  const end = text.slice(cutBefore(text, text.length - tail));
  return `${begin}...(${left} characters left out)...${end}`;
}

/** `index`, or one less where it is within a surrogate pair. */
function cutBefore(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code >= 0xdc00 && code <= 0xdfff ? index - 1 : index;
}

const wordEnds = new Set([' ', '\n', '\r', '\t', '"', "'", '`', '<', '>']);

/**
 * The text with `***` in place of the password of every URL (`scheme://user:password@host`). Everything from
 * the first `:` to the last `@` of the word counts as the password, because passwords contain characters that
 * a URL should escape. Time is linear in the length of the text.
 */
export function withoutPasswords(text: string): string {
  let result = '';
  let from = 0;
  for (let scheme = text.indexOf('://'); scheme !== -1; scheme = text.indexOf('://', from)) {
    let colon = -1;
    let at = -1;
    let end = scheme + 3;
    for (; end < text.length && !wordEnds.has(text[end]!); end++) {
      if (text[end] === '@') at = end;
      else if (text[end] === ':' && colon === -1 && at === -1) colon = end;
    }
    const isPassword = colon !== -1 && at !== -1;
    result += isPassword ? `${text.slice(from, colon + 1)}***${text.slice(at, end)}` : text.slice(from, end);
    from = end;
  }
  return from === 0 ? text : result + text.slice(from);
}
