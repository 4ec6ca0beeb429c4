package egret.shell;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON of a child as Java values. Whole numbers are Integer, Long or BigInteger by size, as Storm's multilang
 * has them (JsonSerializer of storm-client 2.8). Three things differ, because Storm's own choice breaks
 * topologies:
 * - arrays and objects are ArrayList and HashMap, not parser classes that cannot leave the worker;
 * - a number with a fraction is a Double even when its text is longer than 18 characters, if a double holds
 *   all of it (Storm makes a BigDecimal of it, so that Python's 0.30000000000000004 and 0.3 differ in type);
 * - NaN and Infinity are Doubles, not a Float and a String.
 */
final class JsonReader {
    /** Digits of a whole number that are an int without a closer look, and those that are a long. */
    private static final int INT_DIGITS = 9;
    private static final int LONG_DIGITS = 18;
    /**
     * Digits and point of a decimal number that is a Double without a closer check; the sign does not count.
     */
    private static final int PLAIN_DECIMAL_CHARS_MAX = 19;

    private byte[] bytes;
    private int at;
    private int end;

    /** Says what is wrong with a text, but not where: the error shows the text instead. */
    static final class SyntaxException extends RuntimeException {
        private static final long serialVersionUID = 1;

        SyntaxException(String message) {
            super(message, null, false, false);
        }
    }

    /** Throws {@link SyntaxException} for what is no JSON. */
    Object read(byte[] source, int from, int to) {
        bytes = source;
        at = from;
        end = to;
        Object value = value(0);
        if (peek() != -1) {
            throw new SyntaxException("more than one value");
        }
        return value;
    }

    private Object value(int depth) {
        int c = peek();
        switch (c) {
            case '"':
                return text();
            case '[':
                return list(depth);
            case '{':
                return map(depth);
            case 't':
                word("true");
                return true;
            case 'f':
                word("false");
                return false;
            case 'n':
                word("null");
                return null;
            case 'N':
                word("NaN");
                return Double.NaN;
            case 'I':
                word("Infinity");
                return Double.POSITIVE_INFINITY;
            default:
                return number(c);
        }
    }

    private List<Object> list(int depth) {
        deeper(depth);
        List<Object> items = new ArrayList<>();
        at++;
        if (peek() == ']') {
            at++;
            return items;
        }
        while (true) {
            items.add(value(depth + 1));
            int c = peek();
            at++;
            if (c == ']') {
                return items;
            }
            expect(c == ',');
        }
    }

    private Map<String, Object> map(int depth) {
        deeper(depth);
        Map<String, Object> entries = new HashMap<>();
        at++;
        if (peek() == '}') {
            at++;
            return entries;
        }
        while (true) {
            expect(peek() == '"');
            String key = text();
            expect(peek() == ':');
            at++;
            entries.put(key, value(depth + 1));
            int c = peek();
            at++;
            if (c == '}') {
                return entries;
            }
            expect(c == ',');
        }
    }

    private static void deeper(int depth) {
        if (depth >= JsonWriter.NESTING_MAX) {
            throw new SyntaxException("values nested deeper than " + JsonWriter.NESTING_MAX + " levels");
        }
    }

    /** The next byte that is no white space; -1 at the end. */
    private int peek() {
        while (at < end) {
            byte c = bytes[at];
            if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
                return c & 0xff;
            }
            at++;
        }
        return -1;
    }

    private static void expect(boolean isSo) {
        if (!isSo) {
            throw new SyntaxException("something unexpected");
        }
    }

    private void word(String word) {
        expect(end - at >= word.length());
        for (int i = 0; i < word.length(); i++) {
            expect(bytes[at + i] == word.charAt(i));
        }
        at += word.length();
    }

    @SuppressWarnings("deprecation") // the constructor that takes bytes for characters: no decoding
    private String text() {
        int start = ++at;
        int all = 0;
        while (at < end) {
            byte c = bytes[at];
            if (c == '"') {
                int length = at++ - start;
                return all >= 0 ? new String(bytes, 0, start, length) : new String(bytes, start, length, StandardCharsets.UTF_8);
            }
            if (c == '\\') {
                return escapedText(start);
            }
            expect(c < 0 || c >= ' ');
            all |= c;
            at++;
        }
        throw new SyntaxException("a text without an end");
    }

    private String escapedText(int start) {
        StringBuilder text = new StringBuilder(at - start + 32);
        int from = start;
        while (at < end) {
            byte c = bytes[at];
            if (c == '"' || c == '\\') {
                text.append(new String(bytes, from, at - from, StandardCharsets.UTF_8));
                at++;
                if (c == '"') {
                    return text.toString();
                }
                escape(text);
                from = at;
            } else {
                expect(c < 0 || c >= ' ');
                at++;
            }
        }
        throw new SyntaxException("a text without an end");
    }

    private void escape(StringBuilder text) {
        expect(at < end);
        byte c = bytes[at++];
        switch (c) {
            case '"', '\\', '/' -> text.append((char) c);
            case 'n' -> text.append('\n');
            case 't' -> text.append('\t');
            case 'r' -> text.append('\r');
            case 'b' -> text.append('\b');
            case 'f' -> text.append('\f');
            case 'u' -> {
                expect(end - at >= 4);
                int code = 0;
                for (int i = 0; i < 4; i++) {
                    int digit = Character.digit(bytes[at++], 16);
                    expect(digit >= 0);
                    code = code << 4 | digit;
                }
                text.append((char) code);
            }
            default -> expect(false);
        }
    }

    private Object number(int first) {
        int start = at;
        boolean isNegative = first == '-';
        if (isNegative) {
            at++;
            if (at < end && bytes[at] == 'I') {
                word("Infinity");
                return Double.NEGATIVE_INFINITY;
            }
        }
        int digitsStart = at;
        long small = 0;
        while (at < end && bytes[at] >= '0' && bytes[at] <= '9') {
            small = small * 10 + bytes[at++] - '0'; // of use only while there are few digits
        }
        int digits = at - digitsStart;
        expect(digits > 0 && (digits == 1 || bytes[digitsStart] != '0'));
        if (at < end && (bytes[at] == '.' || bytes[at] == 'e' || bytes[at] == 'E')) {
            return fraction(start, digitsStart);
        }
        return digits <= LONG_DIGITS ? whole(isNegative ? -small : small, digits)
                : big(new BigInteger(new String(bytes, start, at - start, StandardCharsets.ISO_8859_1)));
    }

    private static Object whole(long value, int digits) {
        return digits <= INT_DIGITS || value == (int) value ? (Object) (int) value : (Object) value;
    }

    private static Object big(BigInteger value) {
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
    }

    private Object fraction(int start, int digitsStart) {
        if (bytes[at] == '.') {
            at++;
            digits();
        }
        if (at < end && (bytes[at] == 'e' || bytes[at] == 'E')) {
            at++;
            if (at < end && (bytes[at] == '+' || bytes[at] == '-')) {
                at++;
            }
            digits();
        }
        String text = new String(bytes, start, at - start, StandardCharsets.ISO_8859_1);
        return at - digitsStart <= PLAIN_DECIMAL_CHARS_MAX ? (Object) Double.valueOf(text) : longFraction(text);
    }

    private void digits() {
        int start = at;
        while (at < end && bytes[at] >= '0' && bytes[at] <= '9') {
            at++;
        }
        expect(at > start);
    }

    /** A Double when its shortest text says the same number. */
    private static Object longFraction(String text) {
        try {
            BigDecimal decimal = new BigDecimal(text);
            double number = decimal.doubleValue();
            boolean isAll = !Double.isInfinite(number) && new BigDecimal(Double.toString(number)).compareTo(decimal) == 0;
            return isAll ? (Object) number : decimal;
        } catch (NumberFormatException e) {
            throw new SyntaxException("the number " + text.substring(0, Math.min(80, text.length())) + ", which is beyond any Java number");
        }
    }
}
