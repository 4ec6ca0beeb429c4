package egret.shell;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.storm.multilang.BoltMsg;
import org.apache.storm.multilang.ISerializer;
import org.apache.storm.multilang.ShellMsg;
import org.apache.storm.multilang.SpoutMsg;
import org.apache.storm.task.TopologyContext;

/**
 * Multilang over JSON (multilang/schema), the serializer of children unless the topology names another: each
 * message is JSON and a line `end`. Reads block. One thread reads, and a thread that writes holds the child's
 * output lock.
 */
final class JsonPipe implements ISerializer {
    private static final long serialVersionUID = 1;
    private static final int BYTES_INITIAL = 1 << 16;
    /** Buffers above this are not kept once their message has been read. */
    private static final int BYTES_KEPT_MAX = 1 << 20;
    private static final int SHOWN_CHARS_MAX = 200;

    private final transient JsonReader reader = new JsonReader();
    /** Messages that came before the answer to the handshake. */
    private final transient ArrayDeque<ShellMsg> early = new ArrayDeque<>();
    private final int messageBytesMax;
    private transient PipeOut out;
    private transient JsonWriter writer;
    private transient InputStream in;
    private transient byte[] bytes = new byte[BYTES_INITIAL];
    /** What was read and not passed on: bytes[start, end); no end line begins before `searched`. */
    private int start;
    private int end;
    private int searched;
    /** The complete message at hand, bytes[start, messageEnd), and what follows it. */
    private int messageEnd = -1;
    private int next;
    private boolean hasSaidPid;

    JsonPipe(int messageBytesMax) {
        this.messageBytesMax = messageBytesMax;
    }

    @Override
    public void initialize(OutputStream processIn, InputStream processOut) {
        out = (PipeOut) processIn;
        writer = new JsonWriter(out);
        in = processOut;
    }

    @Override
    public Number connect(Map<String, Object> conf, TopologyContext context) throws IOException {
        out.ascii("{\"pidDir\":");
        writer.text(context.getPIDDir());
        out.ascii(",\"conf\":");
        writer.value(conf);
        out.ascii(",\"context\":");
        byte[] text = context.toJSONString().getBytes(StandardCharsets.UTF_8);
        out.write(text, 0, text.length);
        out.ascii("}\nend\n");
        out.push();
        while (true) {
            awaitMessage();
            Object json = json();
            Object pid = MessageReader.pid(json);
            if (pid != null) {
                takeMessage();
                hasSaidPid = true;
                return (Number) pid;
            }
            ShellMsg message = message(json);
            if (!MessageReader.isEarly(message)) {
                throw new ChildFault("expected {\"pid\": ...} as the answer to the handshake, got a message \""
                        + message.getCommand() + "\"");
            }
            takeMessage();
            early.add(message);
        }
    }

    @Override
    public ShellMsg readShellMsg() throws IOException {
        if (!early.isEmpty()) {
            return early.poll();
        }
        awaitMessage();
        Object json = json();
        Object pid = hasSaidPid ? MessageReader.pid(json) : null;
        if (pid != null) {
            throw new ChildFault("said its pid (" + pid + ") a second time");
        }
        ShellMsg message = message(json);
        takeMessage();
        return message;
    }

    /** Whether a message can be read without waiting for the child. */
    boolean hasMessage() {
        return !early.isEmpty() || findMessage();
    }

    /** The beginning of a message that was not finished, on one line; empty when there is none. */
    String unfinished() {
        return start == end ? "" : shown(start, end);
    }

    @Override
    public void writeBoltMsg(BoltMsg message) {
        out.ascii("{\"id\":\"");
        out.ascii(message.getId());
        out.ascii("\",\"comp\":");
        writer.value(message.getComp());
        out.ascii(",\"stream\":");
        writer.value(message.getStream());
        out.ascii(",\"task\":");
        out.ascii(Long.toString(message.getTask()));
        out.ascii(",\"tuple\":");
        writer.value(message.getTuple());
        out.ascii("}\nend\n");
    }

    @Override
    public void writeSpoutMsg(SpoutMsg message) {
        out.ascii("{\"command\":\"");
        out.ascii(message.getCommand());
        out.ascii("\",\"id\":");
        writer.value(message.getId());
        out.ascii("}\nend\n");
    }

    @Override
    public void writeTaskIds(List<Integer> taskIds) {
        out.write('[');
        for (int i = 0; i < taskIds.size(); i++) {
            if (i > 0) {
                out.write(',');
            }
            out.ascii(Integer.toString(taskIds.get(i)));
        }
        out.ascii("]\nend\n");
    }

    private Object json() throws ChildFault {
        try {
            return reader.read(bytes, start, messageEnd);
        } catch (JsonReader.SyntaxException e) {
            throw new ChildFault("wrote something that is not JSON: " + shown(start, messageEnd), e);
        }
    }

    private ShellMsg message(Object json) throws ChildFault {
        try {
            return MessageReader.message(json);
        } catch (MessageReader.Nonsense e) {
            throw new ChildFault("wrote " + e.getMessage() + ": " + shown(start, messageEnd));
        }
    }

    private void awaitMessage() throws IOException {
        while (!findMessage()) {
            makeRoom();
            int read = in.read(bytes, end, bytes.length - end);
            if (read < 0) {
                throw new EOFException("the child has closed its standard output");
            }
            end += read;
        }
    }

    /** Looks for the line that ends the message at hand, through each byte once. */
    private boolean findMessage() {
        if (messageEnd >= 0) {
            return true;
        }
        if (searched == start && isEndLine(start)) {
            messageEnd = start;
            return true;
        }
        for (int i = searched; i < end; i++) {
            if (bytes[i] == '\n' && isEndLine(i + 1)) {
                messageEnd = i;
                return true;
            }
        }
        // The last five bytes may be an incomplete end line: line feed, "end", carriage return.
        searched = Math.max(start, end - 5);
        return false;
    }

    /**
     * Whether the line that begins there is `end`; then `next` is the position after it. Lines may end in CR
     * LF.
     */
    private boolean isEndLine(int line) {
        if (end - line < 4 || bytes[line] != 'e' || bytes[line + 1] != 'n' || bytes[line + 2] != 'd') {
            return false;
        }
        if (bytes[line + 3] == '\n') {
            next = line + 4;
            return true;
        }
        next = line + 5;
        return bytes[line + 3] == '\r' && end - line > 4 && bytes[line + 4] == '\n';
    }

    private void takeMessage() {
        start = next;
        searched = next;
        messageEnd = -1;
    }

    private void makeRoom() throws ChildFault {
        if (start == end) {
            start = 0;
            end = 0;
            searched = 0;
            if (bytes.length > BYTES_KEPT_MAX) {
                bytes = new byte[BYTES_INITIAL];
            }
        }
        if (end < bytes.length) {
            return;
        }
        int held = end - start;
        if (held > messageBytesMax) {
            throw new ChildFault("wrote " + held + " bytes without an \"end\" line, at most " + messageBytesMax
                    + " make a message (egret.shell.message.max.bytes); they begin: " + shown(start, end));
        }
        byte[] roomier = held > bytes.length / 2 ? new byte[Math.multiplyExact(bytes.length, 2)] : bytes;
        System.arraycopy(bytes, start, roomier, 0, held);
        bytes = roomier;
        searched -= start;
        start = 0;
        end = held;
    }

    /** The beginning of a text on one line, for messages. */
    private String shown(int from, int to) {
        String text = new String(Arrays.copyOfRange(bytes, from, Math.min(to, from + 4 * SHOWN_CHARS_MAX)), StandardCharsets.UTF_8);
        String shownText = text.length() > SHOWN_CHARS_MAX ? text.substring(0, SHOWN_CHARS_MAX) : text;
        String quoted = JsonWriter.textOf(shownText);
        return shownText.length() < text.length() ? quoted + "... (" + (to - from) + " bytes)" : quoted;
    }
}
