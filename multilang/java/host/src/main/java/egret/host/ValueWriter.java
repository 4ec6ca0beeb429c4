package egret.host;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Writes the values of a tuple as docs/wire.md says, into a buffer of its own that is reused. Not thread
 * safe. Classes without a tag go through the {@link ObjectCodec}.
 */
final class ValueWriter {
    private static final int ASCII_LENGTH_MAX = 0xffff;
    private static final int VALUES_MAX = 0xffff;
    /** A buffer above this is not kept for the next, smaller tuple. */
    private static final int BUFFER_BYTES_KEPT = 1 << 20;

    private final ObjectCodec objects;
    private byte[] buffer = new byte[1024];
    private int position;
    /** While a view is written: a value without a tag of its own ends the attempt. */
    private boolean isPortableOnly;

    ValueWriter(ObjectCodec objects) {
        this.objects = objects;
    }

    byte[] buffer() {
        return buffer;
    }

    int length() {
        return position;
    }

    /** Count and values; what was written before is gone. Throws {@link UnsendableValueException}. */
    void writeAll(List<?> values) {
        position = 0;
        if (buffer.length > BUFFER_BYTES_KEPT) {
            buffer = new byte[1024];
        }
        int count = values.size();
        if (count > VALUES_MAX) {
            throw new UnsendableValueException(
                    "a tuple of " + ObjectCodec.sender() + " has " + count + " values, at most " + VALUES_MAX + " can be sent");
        }
        putShort(count);
        for (int i = 0; i < count; i++) {
            write(values.get(i), 0);
        }
    }

    private void write(Object value, int depth) {
        if (value == null) {
            putByte(Tag.NULL);
            return;
        }
        Class<?> type = value.getClass();
        if (type == String.class) {
            writeString((String) value);
        } else if (type == Long.class) {
            int at = reserve(9);
            buffer[at] = Tag.LONG;
            Bytes.putLong(buffer, at + 1, (Long) value);
        } else if (type == Integer.class) {
            int at = reserve(5);
            buffer[at] = Tag.INTEGER;
            Bytes.putInt(buffer, at + 1, (Integer) value);
        } else if (type == Double.class) {
            int at = reserve(9);
            buffer[at] = Tag.DOUBLE;
            Bytes.putLong(buffer, at + 1, Double.doubleToRawLongBits((Double) value));
        } else if (type == Boolean.class) {
            putByte((Boolean) value ? Tag.TRUE : Tag.FALSE);
        } else if (type == byte[].class) {
            writeBytes(Tag.BYTES, (byte[]) value);
        } else if (!writeCollection(value, depth) && !writeRare(value, type)) {
            writeObject(value, depth + 1);
        }
    }

    private boolean writeCollection(Object value, int depth) {
        if (value instanceof List<?> list) {
            return writeItems(Tag.LIST, Flavours.of(list), list, depth + 1);
        }
        if (value instanceof Map<?, ?> map) {
            return writeEntries(Flavours.of(map), map, depth + 1);
        }
        if (value instanceof Set<?> set) {
            return writeItems(Tag.SET, Flavours.of(set), set, depth + 1);
        }
        return false;
    }

    private boolean writeItems(int tag, int flavour, Collection<?> items, int depth) {
        if (flavour == Flavours.NONE) {
            return false;
        }
        checkDepth(depth);
        int at = beginCollection(tag, flavour);
        int count = 0;
        for (Object item : items) {
            write(item, depth);
            count++;
        }
        // counted, not asked for: a concurrent collection may have changed meanwhile
        Bytes.putInt(buffer, at + 2, count);
        return true;
    }

    private boolean writeEntries(int flavour, Map<?, ?> map, int depth) {
        if (flavour == Flavours.NONE) {
            return false;
        }
        checkDepth(depth);
        int at = beginCollection(Tag.MAP, flavour);
        int count = 0;
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            write(entry.getKey(), depth);
            write(entry.getValue(), depth);
            count++;
        }
        Bytes.putInt(buffer, at + 2, count);
        return true;
    }

    private int beginCollection(int tag, int flavour) {
        int at = reserve(6);
        buffer[at] = (byte) tag;
        buffer[at + 1] = (byte) flavour;
        return at;
    }

    private boolean writeRare(Object value, Class<?> type) {
        if (type == Float.class) {
            putByte(Tag.FLOAT);
            putInt(Float.floatToRawIntBits((Float) value));
        } else if (type == Short.class) {
            putByte(Tag.SHORT);
            putShort((Short) value);
        } else if (type == Byte.class) {
            putByte(Tag.BYTE);
            putByte((Byte) value);
        } else if (type == Character.class) {
            putByte(Tag.CHARACTER);
            putShort((Character) value);
        } else if (type == BigInteger.class) {
            writeBytes(Tag.BIG_INTEGER, ((BigInteger) value).toByteArray());
        } else if (type == BigDecimal.class) {
            BigDecimal decimal = (BigDecimal) value;
            putByte(Tag.BIG_DECIMAL);
            putInt(decimal.scale());
            putLengthAndBytes(decimal.unscaledValue().toByteArray());
        } else if (type == Date.class) {
            putByte(Tag.DATE);
            putLong(((Date) value).getTime());
        } else if (type == UUID.class) {
            putByte(Tag.UUID);
            putLong(((UUID) value).getMostSignificantBits());
            putLong(((UUID) value).getLeastSignificantBits());
        } else {
            return false;
        }
        return true;
    }

    private void writeObject(Object value, int depth) {
        checkDepth(depth);
        if (isPortableOnly) {
            Object view = Views.of(value);
            if (view == null) {
                throw NotPortableException.INSTANCE;
            }
            write(view, depth - 1);
            return;
        }
        ObjectCodec.Encoded encoded = objects.encode(value);
        if (encoded == null) {
            // the codec has refused what has no equal; anything else comes back as a collection with a
            // flavour
            write(Flavours.nearest(value), depth - 1);
            return;
        }
        putByte(Tag.OBJECT);
        putByte(encoded.codec());
        putShort(encoded.className().length);
        putBytes(encoded.className(), 0, encoded.className().length);
        putInt(encoded.length());
        putBytes(encoded.bytes(), 0, encoded.length());
        writeView(value, depth);
    }

    private void writeView(Object value, int depth) {
        int at = position;
        isPortableOnly = true;
        try {
            Object view = Views.of(value);
            if (view != null) {
                putByte(1);
                write(view, depth);
                return;
            }
        } catch (RuntimeException e) {
            // a part that has no tag, or a collection of the user's that cannot be walked: then there is no
            // view
            position = at;
        } finally {
            isPortableOnly = false;
        }
        putByte(0);
    }

    private void writeString(String value) {
        int length = value.length();
        if (length <= ASCII_LENGTH_MAX) {
            int at = reserve(3 + length);
            byte[] bytes = buffer;
            int i = 0;
            for (int to = at + 3; i < length; i++, to++) {
                char c = value.charAt(i);
                if (c >= 0x80) {
                    break;
                }
                bytes[to] = (byte) c;
            }
            if (i == length) {
                bytes[at] = Tag.ASCII;
                Bytes.putShort(bytes, at + 1, length);
                return;
            }
            position = at;
        }
        writeLongString(value);
    }

    private void writeLongString(String value) {
        long utf8Bytes = Utf8.length(value);
        boolean isUtf8 = utf8Bytes >= 0;
        long bytes = isUtf8 ? utf8Bytes : 2L * value.length();
        if (bytes > Integer.MAX_VALUE - 64) {
            throw tooLarge(bytes);
        }
        int at = reserve(5 + (int) bytes);
        buffer[at] = (byte) (isUtf8 ? Tag.UTF8 : Tag.UTF16);
        Bytes.putInt(buffer, at + 1, (int) bytes);
        if (isUtf8) {
            Utf8.encode(value, buffer, at + 5);
            return;
        }
        for (int i = 0, to = at + 5; i < value.length(); i++, to += 2) {
            Bytes.putShort(buffer, to, value.charAt(i));
        }
    }

    private void writeBytes(int tag, byte[] bytes) {
        putByte(tag);
        putLengthAndBytes(bytes);
    }

    private void putLengthAndBytes(byte[] bytes) {
        putInt(bytes.length);
        putBytes(bytes, 0, bytes.length);
    }

    private void putByte(int value) {
        int at = reserve(1);
        buffer[at] = (byte) value;
    }

    private void putShort(int value) {
        int at = reserve(2);
        Bytes.putShort(buffer, at, value);
    }

    private void putInt(int value) {
        int at = reserve(4);
        Bytes.putInt(buffer, at, value);
    }

    private void putLong(long value) {
        int at = reserve(8);
        Bytes.putLong(buffer, at, value);
    }

    private void putBytes(byte[] bytes, int from, int length) {
        int at = reserve(length);
        System.arraycopy(bytes, from, buffer, at, length);
    }

    /** Makes room for so many bytes more and returns where they begin. */
    private int reserve(int bytes) {
        int at = position;
        int needed = at + bytes;
        if (needed > buffer.length || needed < 0) {
            grow(needed, bytes);
        }
        position = needed;
        return at;
    }

    private void grow(int needed, int bytes) {
        if (needed < 0) {
            throw tooLarge((long) position + bytes);
        }
        long doubled = Math.min(2L * buffer.length, Integer.MAX_VALUE - 64);
        byte[] grown = new byte[(int) Math.max(needed, doubled)];
        System.arraycopy(buffer, 0, grown, 0, position);
        buffer = grown;
    }

    private static void checkDepth(int depth) {
        if (depth > Tag.NESTING_MAX) {
            throw new UnsendableValueException("a value of " + ObjectCodec.sender() + " is nested deeper than "
                    + Tag.NESTING_MAX + " levels (or holds itself); send a flatter one");
        }
    }

    private static UnsendableValueException tooLarge(long bytes) {
        return new UnsendableValueException(
                "a tuple of " + ObjectCodec.sender() + " needs " + bytes + " bytes, more than can be sent");
    }
}
