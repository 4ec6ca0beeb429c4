package egret.host;

/** Tags of values (docs/wire.md, "Values"). */
final class Tag {
    static final int NULL = 0;
    static final int FALSE = 1;
    static final int TRUE = 2;
    static final int BYTE = 3;
    static final int SHORT = 4;
    static final int INTEGER = 5;
    static final int LONG = 6;
    static final int FLOAT = 7;
    static final int DOUBLE = 8;
    static final int CHARACTER = 9;
    static final int ASCII = 10;
    static final int UTF8 = 11;
    static final int UTF16 = 12;
    static final int BYTES = 13;
    static final int LIST = 14;
    static final int MAP = 15;
    static final int SET = 16;
    static final int BIG_INTEGER = 17;
    static final int BIG_DECIMAL = 18;
    static final int DATE = 19;
    static final int UUID = 20;
    static final int OBJECT = 21;

    static final int CODEC_KRYO = 0;
    static final int CODEC_JAVA = 1;
    static final int CODEC_PARTS = 2;

    /** How many lists, maps, sets and objects may lie in one another. */
    static final int NESTING_MAX = 64;

    private Tag() {
    }
}
