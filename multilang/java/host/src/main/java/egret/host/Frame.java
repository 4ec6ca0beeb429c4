package egret.host;

/** The layout of a frame: docs/wire.md, "Frame". */
final class Frame {
    static final int HEADER_BYTES = 16;
    static final int BODY_BYTES_MAX = 16 << 20;
    /** What a sender aims at. */
    static final int BYTES_TARGET = 64 << 10;
    static final int TYPE_DATA = 1;
    static final int TYPE_CONTROL = 2;
    private static final int LENGTH_FIELD_BYTES = 4;

    private Frame() {
    }

    static void putHeader(byte[] bytes, int at, int target, int stream, int source) {
        Bytes.putInt(bytes, at + 4, target);
        Bytes.putShort(bytes, at + 12, stream);
        Bytes.putShort(bytes, at + 14, source);
    }

    /** Writes what is known only when the frame is complete: its length, and how many tuples are in it. */
    static void close(byte[] bytes, int at, int end, int count, int type) {
        Bytes.putInt(bytes, at, end - at - LENGTH_FIELD_BYTES);
        Bytes.putInt(bytes, at + 8, count | type << 24);
    }

    /** Bytes of the whole frame. Throws {@link ProtocolException} when the length field cannot be right. */
    static int bytes(byte[] bytes, int at) throws ProtocolException {
        long length = Bytes.readInt(bytes, at) & 0xffff_ffffL;
        if (length < HEADER_BYTES - LENGTH_FIELD_BYTES || length > HEADER_BYTES - LENGTH_FIELD_BYTES + BODY_BYTES_MAX) {
            throw new ProtocolException("frame length " + length + ", expected "
                    + (HEADER_BYTES - LENGTH_FIELD_BYTES) + " to " + (HEADER_BYTES - LENGTH_FIELD_BYTES + BODY_BYTES_MAX));
        }
        return (int) length + LENGTH_FIELD_BYTES;
    }

    static int target(byte[] bytes, int at) {
        return Bytes.readInt(bytes, at + 4);
    }

    static int count(byte[] bytes, int at) {
        return Bytes.readInt(bytes, at + 8) & 0xff_ffff;
    }

    static int type(byte[] bytes, int at) {
        return bytes[at + 11];
    }

    static int stream(byte[] bytes, int at) {
        return Bytes.readUint16(bytes, at + 12);
    }

    static int source(byte[] bytes, int at) {
        return (short) Bytes.readUint16(bytes, at + 14);
    }
}
