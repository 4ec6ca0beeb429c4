package egret.dlog;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The settings of a new stream (StreamSettings in thrift/dlog.thrift); the gateway's defaults apply to the
 * others.
 */
public final class Settings {
    final Map<Integer, Object> fields = new LinkedHashMap<>();

    /** What an acknowledgement means: fsync (the default), os, memory. */
    public Settings durability(String durability) {
        return set(1, durability);
    }

    /** none (the default) or snappy. */
    public Settings compression(String compression) {
        return set(2, compression);
    }

    public Settings segmentBytes(long bytes) {
        return set(3, bytes);
    }

    public Settings segmentAgeMs(long ms) {
        return set(4, ms);
    }

    /** Whole segments that were sealed longer ago are deleted. */
    public Settings retentionMs(long ms) {
        return set(5, ms);
    }

    public Settings retentionBytes(long bytes) {
        return set(6, bytes);
    }

    private Settings set(int field, Object value) {
        fields.put(field, value);
        return this;
    }
}
