package egret.host;

import java.nio.charset.StandardCharsets;

/**
 * UTF-8 without replacement characters: unpaired surrogates and malformed bytes are detected, not turned into
 * question marks.
 */
final class Utf8 {
    private Utf8() {
    }

    /** Bytes that the string takes, or -1 when a surrogate stands alone. */
    static long length(String value) {
        long bytes = 0;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < 0x80) {
                bytes++;
            } else if (c < 0x800) {
                bytes += 2;
            } else if (!Character.isSurrogate(c)) {
                bytes += 3;
            } else if (Character.isHighSurrogate(c) && i + 1 < value.length()
                    && Character.isLowSurrogate(value.charAt(i + 1))) {
                bytes += 4;
                i++;
            } else {
                return -1;
            }
        }
        return bytes;
    }

    /** Writes a string whose {@link #length} is not -1. */
    static void encode(String value, byte[] to, int start) {
        int at = start;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < 0x80) {
                to[at++] = (byte) c;
            } else if (c < 0x800) {
                to[at++] = (byte) (0xc0 | c >> 6);
                to[at++] = (byte) (0x80 | c & 0x3f);
            } else if (!Character.isSurrogate(c)) {
                to[at++] = (byte) (0xe0 | c >> 12);
                to[at++] = (byte) (0x80 | c >> 6 & 0x3f);
                to[at++] = (byte) (0x80 | c & 0x3f);
            } else {
                int point = Character.toCodePoint(c, value.charAt(++i));
                to[at++] = (byte) (0xf0 | point >> 18);
                to[at++] = (byte) (0x80 | point >> 12 & 0x3f);
                to[at++] = (byte) (0x80 | point >> 6 & 0x3f);
                to[at++] = (byte) (0x80 | point & 0x3f);
            }
        }
    }

    /** Null when the bytes are not UTF-8. */
    static String decode(byte[] bytes, int start, int length) {
        String value = new String(bytes, start, length, StandardCharsets.UTF_8);
        // the decoder marks what is malformed with U+FFFD, which may also have been sent
        return value.indexOf('\ufffd') < 0 || isEncodingOf(value, bytes, start, length) ? value : null;
    }

    private static boolean isEncodingOf(String value, byte[] bytes, int start, int length) {
        byte[] again = value.getBytes(StandardCharsets.UTF_8);
        return java.util.Arrays.equals(again, 0, again.length, bytes, start, start + length);
    }
}
