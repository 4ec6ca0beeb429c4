package egret.dlog;

import java.util.ArrayList;
import java.util.List;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TField;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.protocol.TProtocolUtil;
import org.apache.thrift.protocol.TType;

/**
 * The answers of the service, as far as this client needs them. They are decoded by hand from the structs of
 * thrift/dlog.thrift; unknown fields are skipped.
 */
final class Answers {
    static final int SUCCESS = 200;
    private static final List<Integer> PASSING = List.of(302, 503, 504, 517, 518, 524);

    private Answers() {}

    record Header(int code, String message, String location, boolean isUnknown) {
        boolean isPassing() {
            return PASSING.contains(code) && !isUnknown;
        }

        DlogException failure(String stream) {
            var fate = isUnknown ? DlogException.Fate.UNKNOWN : DlogException.Fate.REFUSED;
            return new DlogException(fate, code, stream + ": " + message + " [" + code + "]", null);
        }
    }

    /** The answer of any call; what a method does not return is null, empty or false. */
    record Answer(Header header, String dlsn, List<Record> records, List<String> names, boolean isMoved, boolean isEnd) {}

    /** The struct to read: their second fields differ. */
    enum Shape { WRITE, READ, NAMES }

    private interface FieldReader {
        /** Returns false if it did not read the field. */
        boolean read(TField field) throws TException;
    }

    /** The result of a call: a struct whose field 0 is the answer. */
    static Answer read(TProtocol in, Shape shape) throws TException {
        Answer[] found = new Answer[1];
        struct(in, field -> {
            if (field.id != 0) return false;
            found[0] = answer(in, shape);
            return true;
        });
        if (found[0] == null) throw new TException("an answer without a result");
        return found[0];
    }

    private static Answer answer(TProtocol in, Shape shape) throws TException {
        var header = new Header[1];
        var dlsn = new String[1];
        var flags = new boolean[2];
        List<Record> records = new ArrayList<>();
        List<String> names = new ArrayList<>();
        struct(in, field -> {
            switch (field.id) {
                case 1 -> header[0] = header(in);
                case 2 -> {
                    if (shape == Shape.WRITE) dlsn[0] = in.readString();
                    else list(in, () -> {
                        if (shape == Shape.READ) records.add(record(in));
                        else names.add(in.readString());
                    });
                }
                case 3 -> dlsn[0] = in.readString();
                case 4, 5 -> flags[field.id - 4] = in.readBool();
                default -> {
                    return false;
                }
            }
            return true;
        });
        return new Answer(header[0], dlsn[0], records, names, flags[0], flags[1]);
    }

    private static Header header(TProtocol in) throws TException {
        var code = new int[1];
        var texts = new String[] {"refused", null};
        var isUnknown = new boolean[1];
        struct(in, field -> {
            switch (field.id) {
                case 1 -> code[0] = in.readI32();
                case 2, 3 -> texts[field.id - 2] = in.readString();
                case 16 -> isUnknown[0] = in.readBool();
                default -> {
                    return false;
                }
            }
            return true;
        });
        return new Header(code[0], texts[0], texts[1], isUnknown[0]);
    }

    private static Record record(TProtocol in) throws TException {
        var dlsn = new String[1];
        var ids = new long[2];
        var payload = new byte[1][];
        struct(in, field -> {
            switch (field.id) {
                case 1 -> dlsn[0] = in.readString();
                case 2, 3 -> ids[field.id - 2] = in.readI64();
                case 4 -> {
                    var bytes = in.readBinary();
                    payload[0] = new byte[bytes.remaining()];
                    bytes.get(payload[0]);
                }
                default -> {
                    return false;
                }
            }
            return true;
        });
        return new Record(Position.fromWire(dlsn[0]), ids[0], ids[1], payload[0]);
    }

    private static void struct(TProtocol in, FieldReader reader) throws TException {
        in.readStructBegin();
        for (TField field = in.readFieldBegin(); field.type != TType.STOP; field = in.readFieldBegin()) {
            if (!reader.read(field)) TProtocolUtil.skip(in, field.type);
            in.readFieldEnd();
        }
        in.readStructEnd();
    }

    private interface ElementReader {
        void read() throws TException;
    }

    private static void list(TProtocol in, ElementReader reader) throws TException {
        int size = in.readListBegin().size;
        for (int index = 0; index < size; index++) reader.read();
        in.readListEnd();
    }
}
