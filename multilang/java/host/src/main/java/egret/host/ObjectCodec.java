package egret.host;

import com.esotericsoftware.kryo.ClassResolver;
import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Registration;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import com.esotericsoftware.kryo.util.DefaultClassResolver;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Objects without a tag of their own (docs/wire.md, tag 21). Kryo writes what the topology has registered
 * with it, Java serialisation the rest; so what a Storm worker passes by reference between its own tasks also
 * works between workers, where Storm's own serializer refuses it ("Class is not registered"). Not thread
 * safe, as Kryo is not.
 */
final class ObjectCodec {
    private static final List<String> READERS = List.of("Kryo", "Java serialisation", "its parts");
    private static final int OUTPUT_BYTES_MAX = Integer.MAX_VALUE - 64;

    private final Kryo kryo;
    private final Output output = new Output(256, OUTPUT_BYTES_MAX);
    private final Input input = new Input();
    private final JavaSerialization javaSerialization = new JavaSerialization(this);
    private final Map<Class<?>, byte[]> classNames = new HashMap<>();
    private final Encoded encoded = new Encoded();
    private final ValueWriter partsWriter = new ValueWriter(this);
    private boolean isInParts;

    ObjectCodec(Kryo kryo) {
        this.kryo = kryo;
    }

    /** The result of the last {@link #encode}; valid until the next. */
    static final class Encoded {
        private int codec;
        private byte[] className;
        private byte[] bytes;
        private int length;

        int codec() {
            return codec;
        }

        byte[] className() {
            return className;
        }

        byte[] bytes() {
            return bytes;
        }

        int length() {
            return length;
        }
    }

    /**
     * Null when neither Kryo nor Java serialisation takes it but it is a collection, whose elements can be
     * sent alone. Throws {@link UnsendableValueException} when it cannot be sent at all.
     */
    Encoded encode(Object value) {
        if (!isInParts && ObjectParts.has(value)) {
            return encodeParts(value);
        }
        encoded.className = classNames.computeIfAbsent(declaredClass(value), ObjectCodec::nameBytes);
        Exception refusedByKryo = null;
        if (isRegistered(value)) {
            refusedByKryo = tryKryo(value);
            if (refusedByKryo == null) {
                return encoded;
            }
        }
        Exception refusedByJava = tryJava(value);
        if (refusedByJava == null) {
            return encoded;
        }
        if (!kryo.isRegistrationRequired() && tryKryo(value) == null) {
            return encoded;
        }
        if (value instanceof Collection || value instanceof Map) {
            return null;
        }
        throw refused(value, refusedByKryo, refusedByJava);
    }

    /** Throws {@link CorruptValuesException} when the bytes are no such object, or its class is not there. */
    Object decode(int codec, String className, byte[] bytes, int start, int length) {
        try {
            if (codec == Tag.CODEC_JAVA) {
                return javaSerialization.read(bytes, start, length);
            }
            if (codec == Tag.CODEC_PARTS) {
                return ofParts(className, bytes, start, length);
            }
            input.setBuffer(bytes, start, length);
            Object value = kryo.readClassAndObject(input);
            if (input.position() != start + length) {
                throw new CorruptValuesException("Kryo left " + (start + length - input.position()) + " bytes unread");
            }
            return value;
        } catch (IOException | ClassNotFoundException | RuntimeException | LinkageError | OutOfMemoryError e) {
            // out of memory: a damaged length asked for an array that cannot be
            throw new CorruptValuesException("an object of class " + className + " cannot be read by "
                    + READERS.get(codec) + ": " + e, e);
        }
    }

    private Encoded encodeParts(Object value) {
        isInParts = true;
        try {
            partsWriter.writeAll(ObjectParts.of(value)); // may come back to encode, for one of the parts
        } finally {
            isInParts = false;
        }
        encoded.className = classNames.computeIfAbsent(value.getClass(), ObjectCodec::nameBytes);
        encoded.codec = Tag.CODEC_PARTS;
        encoded.bytes = partsWriter.buffer();
        encoded.length = partsWriter.length();
        return encoded;
    }

    /** A reader of its own: the one that calls stands in the middle of a tuple. */
    private Object ofParts(String className, byte[] bytes, int start, int length) {
        if (isInParts) {
            throw new CorruptValuesException("parts lie within parts");
        }
        isInParts = true;
        try {
            ValueReader reader = new ValueReader(this);
            reader.open(bytes, start, start + length);
            return ObjectParts.make(className, reader.readAll());
        } finally {
            isInParts = false;
        }
    }

    /**
     * The component whose task sends, for messages. Storm names an executor's thread after it
     * ("Thread-17-split-executor[3, 3]", Utils.asyncLoop and Executor.getName in 2.8).
     */
    static String sender() {
        String thread = Thread.currentThread().getName();
        int end = thread.lastIndexOf("-executor");
        int start = thread.indexOf('-', thread.indexOf('-') + 1) + 1;
        return end > start && start > 0 ? "component " + thread.substring(start, end) : "thread " + thread;
    }

    Kryo kryo() {
        return kryo;
    }

    private boolean isRegistered(Object value) {
        ClassResolver resolver = kryo.getClassResolver();
        Registration registration = resolver.getRegistration(declaredClass(value));
        return registration != null && registration.getId() != DefaultClassResolver.NAME;
    }

    private Exception tryKryo(Object value) {
        try {
            output.reset();
            kryo.writeClassAndObject(output, value);
            encoded.codec = Tag.CODEC_KRYO;
            encoded.bytes = output.getBuffer();
            encoded.length = output.position();
            return null;
        } catch (RuntimeException e) {
            return e;
        }
    }

    private Exception tryJava(Object value) {
        if (!(value instanceof Serializable) && !JavaSerialization.replaces(value)) {
            return new NotSerializableException(value.getClass().getName());
        }
        try {
            javaSerialization.write(value);
            encoded.codec = Tag.CODEC_JAVA;
            encoded.bytes = javaSerialization.buffer();
            encoded.length = javaSerialization.length();
            return null;
        } catch (IOException | RuntimeException e) {
            return e;
        } catch (StackOverflowError e) {
            return new IOException("nested too deeply for Java serialisation", e);
        }
    }

    private static UnsendableValueException refused(Object value, Exception byKryo, Exception byJava) {
        String name = value.getClass().getName();
        String part = byJava instanceof NotSerializableException && !name.equals(byJava.getMessage())
                ? " (because of " + byJava.getMessage() + " in it)" : "";
        UnsendableValueException refusal = new UnsendableValueException("a value of class " + name + " of " + sender()
                + " cannot be sent to a task outside this JVM: it is not registered with Kryo and not java.io.Serializable"
                + part + "; register it with topology.kryo.register (Config.registerSerialization), or make it Serializable");
        refusal.addSuppressed(byJava);
        if (byKryo != null) {
            refusal.addSuppressed(byKryo);
        }
        return refusal;
    }

    /** A constant with a body has a class of its own; this returns the class of its enum. */
    private static Class<?> declaredClass(Object value) {
        return value instanceof Enum<?> constant ? constant.getDeclaringClass() : value.getClass();
    }

    private static byte[] nameBytes(Class<?> type) {
        byte[] name = type.getName().getBytes(StandardCharsets.UTF_8);
        return name.length <= 0xffff ? name : Arrays.copyOf(name, 0xffff);
    }
}
