'use strict';

/**
 * JSON with exact whole numbers: those that a JavaScript number cannot hold are read as BigInt, and a BigInt is written as
 * a plain number. Messages without one take the engine's own parser and serialiser untouched.
 */

const { randomUUID } = require('node:crypto');

// Stands before the digits of a BigInt inside a string while it passes through JSON.parse or JSON.stringify.
const marker = `${randomUUID()}:`;
const mayHoldBigNumber = /[[:,]\s*-?\d{16}/;
const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const markedNumber = new RegExp(`"${marker}(-?\\d+)"`, 'g');

function parse(text) {
  if (!mayHoldBigNumber.test(text)) return JSON.parse(text);
  const marked = text.replace(stringOrNumber, (token) =>
    /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${marker}${token}"` : token,
  );
  return JSON.parse(marked, (_key, value) =>
    typeof value === 'string' && value.startsWith(marker) ? BigInt(value.slice(marker.length)) : value,
  );
}

function stringify(value) {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!holdsBigInt(value)) throw error;
  }
  const text = JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? marker + part : part));
  return text.replace(markedNumber, '$1');
}

function holdsBigInt(value, parents = []) {
  if (typeof value === 'bigint') return true;
  if (typeof value !== 'object' || value === null || parents.includes(value)) return false;
  return Object.values(value).some((part) => holdsBigInt(part, [...parents, value]));
}

module.exports = { parse, stringify };
