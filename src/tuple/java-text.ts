import { GatewayError } from '../base/index.ts';
import { type JavaValue, javaTypeName, type TypedJavaValue } from './values.ts';

/**
 * Object.toString of a value, as the JDK's classes define it. Maps and sets are written in the order they
 * came in. Throws `VALUE_UNSUPPORTED` for null, for a byte[] (its text is an address), for an object only
 * Java can read, and for a Date or Float, whose text depends on the JVM. A Double's is that of Java 19 and
 * later: always the shortest.
 */
export function javaToString(value: JavaValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (value === null || value instanceof Uint8Array) throw noText(value);
  return typedText(value);
}

function typedText(value: TypedJavaValue): string {
  switch (value.type) {
    case 'byte':
    case 'short':
    case 'int':
    case 'long':
    case 'bigInteger':
      return value.value.toString();
    case 'double':
      return doubleText(value.value);
    case 'char':
      return String.fromCharCode(value.code);
    case 'list':
    case 'set':
      return `[${value.items.map(elementText).join(', ')}]`;
    case 'map':
      return `{${value.entries.map(([k, v]) => `${elementText(k)}=${elementText(v)}`).join(', ')}}`;
    case 'bigDecimal':
      return decimalText(value.unscaled, value.scale);
    case 'uuid':
      return uuidText(value.mostSignificant, value.leastSignificant);
    case 'float':
    case 'date':
    case 'object':
      throw noText(value);
  }
}

function elementText(value: JavaValue): string {
  return value === null ? 'null' : javaToString(value);
}

function noText(value: JavaValue): GatewayError {
  return new GatewayError(
    'VALUE_UNSUPPORTED',
    `a value of type ${javaTypeName(value)} has no text outside Java`,
    {
      facts: { type: javaTypeName(value) },
    },
  );
}

/** Java writes 1.0 where JavaScript writes 1, and an exponent below 1e-3 and from 1e7 on. */
function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (value === 0) return `${sign}0.0`;
  const { digits, exponent } = decompose(value.toString());
  if (exponent >= -3 && exponent < 7) {
    const point = exponent + 1;
    if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
    const whole = digits.slice(0, point).padEnd(point, '0');
    return `${sign}${whole}.${digits.slice(point) || '0'}`;
  }
  return `${sign}${digits[0]!}.${digits.slice(1) || '0'}E${exponent}`;
}

/** Significant digits and the exponent of the first, of a JavaScript number's text. */
function decompose(text: string): { digits: string; exponent: number } {
  const [mantissa = '', exponentText = '0'] = text.replace(/^-/, '').split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const all = whole + fraction;
  const leadingZeros = /^0*/.exec(all)![0].length;
  const digits = all.slice(leadingZeros).replace(/(?<!0)0+$/, '');
  return { digits, exponent: whole.length - 1 - leadingZeros + Number(exponentText) };
}

/**
 * BigDecimal.toString: plain where the point lies within the digits or a few zeros before, else with an
 * exponent.
 */
export function decimalText(unscaled: bigint, scale: number): string {
  if (scale === 0) return unscaled.toString();
  const sign = unscaled < 0n ? '-' : '';
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString();
  const exponent = digits.length - 1 - scale;
  if (scale > 0 && exponent >= -6) {
    const padded = digits.padStart(scale + 1, '0');
    return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  }
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  const exponentText = exponent === 0 ? '' : `E${exponent > 0 ? '+' : ''}${exponent}`;
  return `${sign}${digits[0]!}${fraction}${exponentText}`;
}

export function uuidText(mostSignificant: bigint, leastSignificant: bigint): string {
  const hex = [mostSignificant, leastSignificant]
    .map((half) => BigInt.asUintN(64, half).toString(16).padStart(16, '0'))
    .join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
