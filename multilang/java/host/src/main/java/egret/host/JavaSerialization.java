package egret.host;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.OutputStream;
import org.apache.storm.tuple.TupleImpl;

/**
 * Java's own serialization, for objects of classes that are not registered with Kryo. Classes are loaded with
 * the class loader of the topology. A tuple inside a tuple (what `withLateTupleStream` emits) is sent as a
 * {@link TupleRecord}.
 */
final class JavaSerialization {
    private static final int BUFFER_BYTES_KEPT = 1 << 20;
    /**
     * An array longer than its bytes allow is refused before it is made. An element takes a byte or more; the
     * table of a hash map is up to eight times as long as the map has entries.
     */
    private static final long ARRAY_LENGTH_PER_BYTE = 8;
    private static final long ARRAY_SLACK = 1024;

    private final ObjectCodec codec;
    private Buffer buffer = new Buffer();

    JavaSerialization(ObjectCodec codec) {
        this.codec = codec;
    }

    /** True for what is not Serializable and can be written all the same. */
    static boolean replaces(Object value) {
        return value instanceof TupleImpl;
    }

    void write(Object value) throws IOException {
        if (buffer.size() > BUFFER_BYTES_KEPT) {
            buffer = new Buffer();
        }
        buffer.reset();
        try (Writer writer = new Writer(buffer)) {
            writer.writeObject(value);
        }
    }

    byte[] buffer() {
        return buffer.bytes();
    }

    int length() {
        return buffer.size();
    }

    Object read(byte[] bytes, int start, int length) throws IOException, ClassNotFoundException {
        ByteArrayInputStream source = new ByteArrayInputStream(bytes, start, length);
        try (Reader reader = new Reader(source)) {
            reader.setObjectInputFilter(info -> info.arrayLength() > ARRAY_SLACK + ARRAY_LENGTH_PER_BYTE * length
                    ? ObjectInputFilter.Status.REJECTED : ObjectInputFilter.Status.UNDECIDED);
            Object value = reader.readObject();
            if (source.available() > 0) {
                throw new IOException(source.available() + " bytes follow the object");
            }
            return value;
        } catch (StackOverflowError e) {
            throw new IOException("the object is nested too deeply", e);
        }
    }

    private static final class Buffer extends ByteArrayOutputStream {
        byte[] bytes() {
            return buf;
        }
    }

    private final class Writer extends ObjectOutputStream {
        Writer(OutputStream out) throws IOException {
            super(out);
            enableReplaceObject(true);
        }

        @Override
        protected Object replaceObject(Object object) {
            return object instanceof TupleImpl tuple ? TupleRecord.of(tuple, codec) : object;
        }
    }

    private final class Reader extends ObjectInputStream {
        Reader(ByteArrayInputStream in) throws IOException {
            super(in);
            enableResolveObject(true);
        }

        @Override
        protected Class<?> resolveClass(ObjectStreamClass description) throws IOException, ClassNotFoundException {
            ClassLoader loader = Thread.currentThread().getContextClassLoader();
            if (loader != null) {
                try {
                    return Class.forName(description.getName(), false, loader);
                } catch (ClassNotFoundException e) {
                    // primitive types, and threads without the topology's loader
                }
            }
            return super.resolveClass(description);
        }

        @Override
        protected Object resolveObject(Object object) {
            return object instanceof TupleRecord record ? record.toTuple(codec) : object;
        }
    }
}
