package egret.host;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import com.esotericsoftware.kryo.util.MapReferenceResolver;
import java.util.Map;
import org.apache.storm.utils.ListDelegate;

/**
 * What `topology.tuple.serializer` names in a hosted worker: writes the values of a tuple in the form of
 * docs/wire.md, which any language reads. Storm makes one for each of its Kryo instances
 * (SerializationFactory.getKryo 2.8).
 */
public final class ValuesSerializer extends Serializer<ListDelegate> {
    /** The largest frame, less room for the tuple's length and some thousand anchors. */
    static final int TUPLE_BYTES_MAX = Frame.BODY_BYTES_MAX - (128 << 10);

    private final ValueWriter writer;
    private final ValueReader reader;

    /** The constructor that Storm looks for first. */
    public ValuesSerializer(Kryo kryo, Class<?> type, Map<String, Object> conf) {
        this(kryo);
    }

    ValuesSerializer(Kryo kryo) {
        if (kryo.getReferences()) {
            // a topology.kryo.factory of the user's own: its references are kept, but none is put before our
            // bytes
            kryo.setReferenceResolver(new ReferencesWithoutTuples());
        }
        ObjectCodec objects = new ObjectCodec(kryo);
        writer = new ValueWriter(objects);
        reader = new ValueReader(objects);
    }

    @Override
    public void write(Kryo kryo, Output output, ListDelegate values) {
        writer.writeAll(values.getDelegate());
        if (writer.length() > TUPLE_BYTES_MAX) {
            throw new UnsendableValueException("a tuple of " + ObjectCodec.sender() + " has " + writer.length()
                    + " bytes, at most " + TUPLE_BYTES_MAX + " can be sent to a task outside this JVM");
        }
        output.writeBytes(writer.buffer(), 0, writer.length());
    }

    /** Everything that is left of the input must be values, as it is in a tuple's bytes. */
    @Override
    public ListDelegate read(Kryo kryo, Input input, Class<? extends ListDelegate> type) {
        if (input.getInputStream() != null) {
            throw new IllegalStateException("values can only be read from bytes in memory");
        }
        reader.open(input.getBuffer(), input.position(), input.limit());
        ListDelegate values = new ListDelegate();
        values.setDelegate(reader.readAll());
        input.setPosition(input.limit());
        return values;
    }

    private static final class ReferencesWithoutTuples extends MapReferenceResolver {
        @Override
        @SuppressWarnings("rawtypes")
        public boolean useReferences(Class type) {
            return type != ListDelegate.class && super.useReferences(type);
        }
    }
}
