package egret.host;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Reads and writes little-endian numbers in byte arrays, as on the wire (docs/wire.md). Callers check ranges.
 */
final class Bytes {
    private static final VarHandle SHORT = handle(short[].class);
    private static final VarHandle INT = handle(int[].class);
    private static final VarHandle LONG = handle(long[].class);

    private Bytes() {
    }

    static int readUint16(byte[] bytes, int at) {
        return (short) SHORT.get(bytes, at) & 0xffff;
    }

    static int readInt(byte[] bytes, int at) {
        return (int) INT.get(bytes, at);
    }

    static long readLong(byte[] bytes, int at) {
        return (long) LONG.get(bytes, at);
    }

    static void putShort(byte[] bytes, int at, int value) {
        SHORT.set(bytes, at, (short) value);
    }

    static void putInt(byte[] bytes, int at, int value) {
        INT.set(bytes, at, value);
    }

    static void putLong(byte[] bytes, int at, long value) {
        LONG.set(bytes, at, value);
    }

    private static VarHandle handle(Class<?> arrayOfNumbers) {
        return MethodHandles.byteArrayViewVarHandle(arrayOfNumbers, ByteOrder.LITTLE_ENDIAN);
    }
}
