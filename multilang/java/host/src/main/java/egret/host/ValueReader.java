package egret.host;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Reads values as docs/wire.md says, in place. Every length is checked against what is left before anything
 * is allocated; faults are {@link CorruptValuesException}s with the place relative to the start. Not thread
 * safe.
 */
final class ValueReader {
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;

    private final ObjectCodec objects;
    private byte[] buffer;
    private int start;
    private int position;
    private int end;

    ValueReader(ObjectCodec objects) {
        this.objects = objects;
    }

    void open(byte[] bytes, int from, int to) {
        buffer = bytes;
        start = from;
        position = from;
        end = to;
    }

    /** Count and values, and nothing behind them. */
    ArrayList<Object> readAll() {
        int count = Bytes.readUint16(buffer, take(2));
        if (count > end - position) {
            throw corrupt(count + " values cannot be in the " + (end - position) + " bytes left");
        }
        ArrayList<Object> values = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            values.add(read(0));
        }
        if (position != end) {
            throw corrupt((end - position) + " bytes follow the last value");
        }
        return values;
    }

    private Object read(int depth) {
        int tag = buffer[take(1)];
        switch (tag) {
            case Tag.NULL:
                return null;
            case Tag.FALSE:
                return Boolean.FALSE;
            case Tag.TRUE:
                return Boolean.TRUE;
            case Tag.INTEGER:
                return Bytes.readInt(buffer, take(4));
            case Tag.LONG:
                return Bytes.readLong(buffer, take(8));
            case Tag.DOUBLE:
                return Double.longBitsToDouble(Bytes.readLong(buffer, take(8)));
            case Tag.ASCII:
                return ascii();
            case Tag.UTF8:
                return utf8(length(), "string");
            case Tag.LIST:
                return list(depth + 1);
            case Tag.MAP:
                return map(depth + 1);
            case Tag.SET:
                return set(depth + 1);
            case Tag.OBJECT:
                return object(depth + 1);
            default:
                return readRare(tag);
        }
    }

    private Object readRare(int tag) {
        switch (tag) {
            case Tag.BYTE:
                return buffer[take(1)];
            case Tag.SHORT:
                return (short) Bytes.readUint16(buffer, take(2));
            case Tag.CHARACTER:
                return (char) Bytes.readUint16(buffer, take(2));
            case Tag.FLOAT:
                return Float.intBitsToFloat(Bytes.readInt(buffer, take(4)));
            case Tag.UTF16:
                return utf16();
            case Tag.BYTES:
                return bytes(length());
            case Tag.BIG_INTEGER:
                return bigInteger();
            case Tag.BIG_DECIMAL:
                int scale = Bytes.readInt(buffer, take(4));
                return new BigDecimal(bigInteger(), scale);
            case Tag.DATE:
                return new Date(Bytes.readLong(buffer, take(8)));
            case Tag.UUID:
                long mostSignificant = Bytes.readLong(buffer, take(8));
                return new UUID(mostSignificant, Bytes.readLong(buffer, take(8)));
            default:
                throw corrupt("unknown value tag " + (tag & 0xff));
        }
    }

    private List<Object> list(int depth) {
        int flavour = buffer[take(1)];
        int count = count(depth, 1);
        ArrayList<Object> items = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            items.add(read(depth));
        }
        try {
            return Flavours.list(flavour, items);
        } catch (IllegalArgumentException e) {
            throw corrupt(e.getMessage());
        }
    }

    private Map<Object, Object> map(int depth) {
        int flavour = buffer[take(1)];
        int count = count(depth, 2);
        try {
            Map<Object, Object> map = Flavours.map(flavour, count);
            for (int i = 0; i < count; i++) {
                Object key = read(depth);
                map.put(key, read(depth));
            }
            return Flavours.finished(flavour, map);
        } catch (IllegalArgumentException | NullPointerException | ClassCastException e) {
            throw corrupt("the map rejects these keys or values: " + e.getMessage());
        }
    }

    private Set<Object> set(int depth) {
        int flavour = buffer[take(1)];
        int count = count(depth, 1);
        try {
            Set<Object> set = Flavours.set(flavour, count);
            for (int i = 0; i < count; i++) {
                set.add(read(depth));
            }
            return Flavours.finished(flavour, set);
        } catch (IllegalArgumentException | NullPointerException | ClassCastException e) {
            throw corrupt("the set rejects these elements: " + e.getMessage());
        }
    }

    private Object object(int depth) {
        checkDepth(depth);
        int codec = buffer[take(1)];
        if (codec < Tag.CODEC_KRYO || codec > Tag.CODEC_PARTS) {
            throw corrupt("unknown object codec " + (codec & 0xff));
        }
        String className = utf8(Bytes.readUint16(buffer, take(2)), "class name");
        int length = length();
        int at = take(length);
        int hasView = buffer[take(1)];
        if (hasView != 0 && hasView != 1) {
            throw corrupt((hasView & 0xff) + " where 0 or 1 says whether object " + className + " has a view");
        }
        if (hasView == 1) {
            // for hosts that are not Java; walked only to find its end
            skip(depth);
        }
        try {
            return objects.decode(codec, className, buffer, at, length);
        } catch (CorruptValuesException e) {
            throw new CorruptValuesException("values, byte " + (at - start) + ": " + e.getMessage(), e.getCause());
        }
    }

    private void skip(int depth) {
        int tag = buffer[take(1)];
        switch (tag) {
            case Tag.NULL, Tag.FALSE, Tag.TRUE -> {
            }
            case Tag.BYTE -> take(1);
            case Tag.SHORT, Tag.CHARACTER -> take(2);
            case Tag.INTEGER, Tag.FLOAT -> take(4);
            case Tag.LONG, Tag.DOUBLE, Tag.DATE -> take(8);
            case Tag.UUID -> take(16);
            case Tag.ASCII -> take(Bytes.readUint16(buffer, take(2)));
            case Tag.UTF8, Tag.UTF16, Tag.BYTES, Tag.BIG_INTEGER -> take(length());
            case Tag.BIG_DECIMAL -> {
                take(4);
                take(length());
            }
            case Tag.LIST, Tag.SET, Tag.MAP -> {
                take(1);
                int each = tag == Tag.MAP ? 2 : 1;
                long values = (long) count(depth + 1, each) * each;
                for (long i = 0; i < values; i++) {
                    skip(depth + 1);
                }
            }
            default -> throw corrupt("tag " + (tag & 0xff) + " in a view");
        }
    }

    private int count(int depth, int bytesEach) {
        checkDepth(depth);
        long count = Bytes.readInt(buffer, take(4)) & 0xffff_ffffL;
        if (count * bytesEach > end - position) {
            throw corrupt(count + " elements cannot be in the " + (end - position) + " bytes left");
        }
        return (int) count;
    }

    private void checkDepth(int depth) {
        if (depth > Tag.NESTING_MAX) {
            throw corrupt("values are nested deeper than " + Tag.NESTING_MAX + " levels");
        }
    }

    private String ascii() {
        int length = Bytes.readUint16(buffer, take(2));
        int at = take(length);
        long seen = 0;
        int i = at;
        for (int last = at + length - 8; i <= last; i += 8) {
            seen |= Bytes.readLong(buffer, i);
        }
        for (int to = at + length; i < to; i++) {
            seen |= buffer[i];
        }
        if ((seen & HIGH_BITS) != 0) {
            throw corrupt("an ASCII string has a byte above 0x7f");
        }
        return new String(buffer, at, length, StandardCharsets.ISO_8859_1);
    }

    private String utf8(int length, String what) {
        int at = take(length);
        String value = Utf8.decode(buffer, at, length);
        if (value == null) {
            throw corrupt("a " + what + " is not UTF-8");
        }
        return value;
    }

    private String utf16() {
        int length = length();
        if (length % 2 != 0) {
            throw corrupt("a UTF-16 string has an odd number of bytes (" + length + ")");
        }
        int at = take(length);
        char[] chars = new char[length / 2];
        for (int i = 0; i < chars.length; i++) {
            chars[i] = (char) Bytes.readUint16(buffer, at + 2 * i);
        }
        return new String(chars);
    }

    private byte[] bytes(int length) {
        int at = take(length);
        return Arrays.copyOfRange(buffer, at, at + length);
    }

    private BigInteger bigInteger() {
        int length = length();
        if (length == 0) {
            throw corrupt("a BigInteger has no bytes");
        }
        return new BigInteger(buffer, take(length), length);
    }

    /** A u32 that must fit what is left. */
    private int length() {
        long length = Bytes.readInt(buffer, take(4)) & 0xffff_ffffL;
        if (length > end - position) {
            throw corrupt(length + " bytes are needed, " + (end - position) + " are left");
        }
        return (int) length;
    }

    /** Moves past so many bytes and returns where they begin. */
    private int take(int bytes) {
        int at = position;
        if (bytes > end - at) {
            throw corrupt(bytes + " bytes are needed, " + (end - at) + " are left");
        }
        position = at + bytes;
        return at;
    }

    private CorruptValuesException corrupt(String what) {
        return new CorruptValuesException("values, byte " + (position - start) + ": " + what);
    }
}
