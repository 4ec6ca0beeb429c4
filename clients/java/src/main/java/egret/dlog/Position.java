package egret.dlog;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Comparator;

/** The name of a record in its stream. Positions compare in the order of the stream. */
public record Position(long segment, long entry, long slot) implements Comparable<Position> {
    private static final Comparator<Position> ORDER =
        Comparator.comparingLong(Position::segment).thenComparingLong(Position::entry).thenComparingLong(Position::slot);
    private static final int WIRE_BYTES = 25;

    /** The inverse of {@link #toString}. */
    public static Position parse(String text) {
        String[] parts = text.split(":");
        if (parts.length != 3) throw new IllegalArgumentException(text + " is no position: segment:entry:slot is expected");
        return new Position(Long.parseLong(parts[0]), Long.parseLong(parts[1]), Long.parseLong(parts[2]));
    }

    /** The format of the service: a version byte and three big-endian 64-bit integers in base64. */
    String toWire() {
        ByteBuffer bytes = ByteBuffer.allocate(WIRE_BYTES).put((byte) 1).putLong(segment).putLong(entry).putLong(slot);
        return Base64.getEncoder().encodeToString(bytes.array());
    }

    static Position fromWire(String dlsn) {
        ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(dlsn)).position(1);
        return new Position(bytes.getLong(), bytes.getLong(), bytes.getLong());
    }

    @Override
    public int compareTo(Position other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return segment + ":" + entry + ":" + slot;
    }
}
