package egret.dlog;

import java.nio.ByteBuffer;
import java.util.Map;
import org.apache.thrift.TApplicationException;
import org.apache.thrift.TConfiguration;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TField;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TMessageType;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.protocol.TStruct;
import org.apache.thrift.protocol.TType;
import org.apache.thrift.transport.TSocket;
import org.apache.thrift.transport.TTransport;
import org.apache.thrift.transport.layered.TFramedTransport;

/**
 * Framed binary Thrift to one gateway. Calls may be sent before earlier ones are answered; answers come in
 * the order of the calls.
 */
final class Connection implements AutoCloseable {
    private final TTransport transport;
    private final TProtocol protocol;
    private int sequence;

    Connection(String host, int port, int timeoutMs) throws TException {
        transport = new TFramedTransport(new TSocket(TConfiguration.DEFAULT, host, port, timeoutMs));
        transport.open();
        protocol = new TBinaryProtocol(transport);
    }

    /**
     * Sends a call. The arguments are a struct's fields by number: String, byte[], Integer, Long, Boolean, or
     * a Map for a nested struct.
     */
    void send(String method, Map<Integer, Object> arguments) throws TException {
        protocol.writeMessageBegin(new TMessage(method, TMessageType.CALL, ++sequence));
        struct(arguments);
        protocol.writeMessageEnd();
        transport.flush();
    }

    Answers.Answer receive(Answers.Shape shape) throws TException {
        TMessage message = protocol.readMessageBegin();
        if (message.type == TMessageType.EXCEPTION) {
            TApplicationException error = new TApplicationException();
            error.read(protocol);
            protocol.readMessageEnd();
            throw error;
        }
        Answers.Answer answer = Answers.read(protocol, shape);
        protocol.readMessageEnd();
        return answer;
    }

    @Override
    public void close() {
        transport.close();
    }

    private void struct(Map<Integer, Object> fields) throws TException {
        protocol.writeStructBegin(new TStruct(""));
        for (Map.Entry<Integer, Object> field : fields.entrySet()) field(field.getKey(), field.getValue());
        protocol.writeFieldStop();
        protocol.writeStructEnd();
    }

    @SuppressWarnings("unchecked")
    private void field(int id, Object value) throws TException {
        protocol.writeFieldBegin(new TField("", typeOf(value), (short) id));
        if (value instanceof String text) protocol.writeString(text);
        else if (value instanceof byte[] bytes) protocol.writeBinary(ByteBuffer.wrap(bytes));
        else if (value instanceof Integer number) protocol.writeI32(number);
        else if (value instanceof Long number) protocol.writeI64(number);
        else if (value instanceof Boolean flag) protocol.writeBool(flag);
        else struct((Map<Integer, Object>) value);
        protocol.writeFieldEnd();
    }

    private static byte typeOf(Object value) {
        if (value instanceof String || value instanceof byte[]) return TType.STRING;
        if (value instanceof Integer) return TType.I32;
        if (value instanceof Long) return TType.I64;
        return value instanceof Boolean ? TType.BOOL : TType.STRUCT;
    }
}
