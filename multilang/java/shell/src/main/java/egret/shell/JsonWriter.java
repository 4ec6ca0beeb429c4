package egret.shell;

import java.io.OutputStream;
import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.Map;
import java.util.UUID;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.tuple.ITuple;

/**
 * JSON of Java values, as Storm's multilang writes it (JsonSerializer of storm-client 2.8): NaN is the word
 * NaN, which Python reads, an infinity is null. Where Storm fails or writes something of no use: byte[] is
 * base64, a Date is ISO 8601 in UTC, Character, UUID and enums are strings, other arrays are lists.
 */
final class JsonWriter {
    /** As deep as values may be nested on the wire. */
    static final int NESTING_MAX = 64;
    private static final char[] HEX = "0123456789abcdef".toCharArray();

    private final PipeOut out;

    JsonWriter(PipeOut out) {
        this.out = out;
    }

    /** The JSON of a value as text. */
    static String textOf(Object value) {
        PipeOut json = new PipeOut(OutputStream.nullOutputStream(), new Signs());
        new JsonWriter(json).value(value);
        return json.gatheredText();
    }

    /** Throws {@link UnsayableValueException}; part of the value may have been written by then. */
    void value(Object value) {
        value(value, 0);
    }

    private void value(Object value, int depth) {
        if (depth > NESTING_MAX) {
            throw new UnsayableValueException("a value nested deeper than " + NESTING_MAX + " levels", null);
        }
        if (value == null) {
            out.ascii("null");
        } else if (value instanceof String text) {
            text(text);
        } else if (value instanceof Number number) {
            number(number);
        } else if (value instanceof Boolean flag) {
            out.ascii(flag ? "true" : "false");
        } else if (value instanceof Iterable<?> items) {
            items(items, depth);
        } else if (value instanceof Map<?, ?> map) {
            map(map, depth);
        } else {
            object(value, depth);
        }
    }

    void text(String text) {
        out.write('"');
        int plain = 0;
        int length = text.length();
        while (plain < length && isPlain(text.charAt(plain))) {
            plain++;
        }
        if (plain == length) {
            out.ascii(text);
        } else {
            escaped(text);
        }
        out.write('"');
    }

    private static boolean isPlain(char c) {
        return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
    }

    private void escaped(String text) {
        StringBuilder escaped = new StringBuilder(text.length() + 16);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> escaped.append("\\\"");
                case '\\' -> escaped.append("\\\\");
                case '\n' -> escaped.append("\\n");
                case '\r' -> escaped.append("\\r");
                case '\t' -> escaped.append("\\t");
                default -> {
                    if (c < ' ' || c == 0x7f || isLoneSurrogate(text, i)) {
                        escaped.append("\\u").append(HEX[c >> 12]).append(HEX[c >> 8 & 15]).append(HEX[c >> 4 & 15]).append(HEX[c & 15]);
                    } else {
                        escaped.append(c);
                    }
                }
            }
        }
        byte[] bytes = escaped.toString().getBytes(StandardCharsets.UTF_8);
        out.write(bytes, 0, bytes.length);
    }

    private static boolean isLoneSurrogate(String text, int at) {
        char c = text.charAt(at);
        if (Character.isHighSurrogate(c)) {
            return at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1));
        }
        return Character.isLowSurrogate(c) && (at == 0 || !Character.isHighSurrogate(text.charAt(at - 1)));
    }

    private void number(Number value) {
        if (value instanceof Double || value instanceof Float) {
            double number = value.doubleValue();
            out.ascii(Double.isNaN(number) ? "NaN" : Double.isInfinite(number) ? "null" : value.toString());
        } else if (value instanceof Integer || value instanceof Long || value instanceof Short || value instanceof Byte
                || value instanceof BigInteger || value instanceof BigDecimal) {
            out.ascii(value.toString());
        } else {
            other(value); // an AtomicLong, or a number of the user's own
        }
    }

    private void items(Iterable<?> items, int depth) {
        out.write('[');
        boolean isFirst = true;
        for (Object item : items) {
            if (!isFirst) {
                out.write(',');
            }
            isFirst = false;
            value(item, depth + 1);
        }
        out.write(']');
    }

    private void map(Map<?, ?> map, int depth) {
        out.write('{');
        boolean isFirst = true;
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            if (!isFirst) {
                out.write(',');
            }
            isFirst = false;
            text(String.valueOf(entry.getKey()));
            out.write(':');
            value(entry.getValue(), depth + 1);
        }
        out.write('}');
    }

    private void object(Object value, int depth) {
        if (value instanceof byte[] bytes) {
            out.write('"');
            byte[] base64 = Base64.getEncoder().encode(bytes);
            out.write(base64, 0, base64.length);
            out.write('"');
        } else if (value.getClass().isArray()) {
            out.write('[');
            for (int i = 0; i < Array.getLength(value); i++) {
                if (i > 0) {
                    out.write(',');
                }
                value(Array.get(value, i), depth + 1);
            }
            out.write(']');
        } else if (value instanceof Date date) {
            text(Instant.ofEpochMilli(date.getTime()).toString());
        } else if (value instanceof Character || value instanceof UUID) {
            text(value.toString());
        } else if (value instanceof Enum<?> constant) {
            text(constant.name());
        } else if (value instanceof ITuple tuple) {
            items(tuple.getValues(), depth);
        } else {
            other(value);
        }
    }

    /** Beans, and what knows its own JSON: as Storm's own writer has them. */
    private void other(Object value) {
        String json;
        try {
            json = JSONValue.toJSONString(value);
        } catch (RuntimeException | StackOverflowError e) {
            throw new UnsayableValueException("a value of class " + value.getClass().getName() + ", which only Java can read", e);
        }
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        out.write(bytes, 0, bytes.length);
    }
}
