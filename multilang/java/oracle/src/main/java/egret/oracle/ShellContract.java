package egret.oracle;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.ObjectStreamField;
import java.io.PrintStream;
import java.io.Serializable;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.spout.ShellSpout;
import org.apache.storm.task.ShellBolt;

/**
 * What users' classes are compiled and serialised against in ShellBolt and ShellSpout, as the class path has
 * them. Question: {read: {class name: base64 of a serialised instance}}. Answer, for each class: origin (its
 * jar), modifiers, parents, public and protected members, serialVersionUID, serialisable fields, a serialised
 * instance of a subclass, and for each instance of the question its command, environment and directory
 * choice.
 */
public final class ShellContract {
    private ShellContract() {
    }

    /** As users have them: a subclass with state of its own. */
    public static final class UsersBolt extends ShellBolt {
        private static final long serialVersionUID = 7;
        private final int own;

        UsersBolt(int own) {
            super("python3", "a script.py");
            this.own = own;
            setEnv(new HashMap<>(Map.of("USERS", "value")));
            changeChildCWD(false);
        }
    }

    /** The same as a spout. */
    public static final class UsersSpout extends ShellSpout {
        private static final long serialVersionUID = 8;
        private final int own;

        UsersSpout(int own) {
            super("python3", "a script.py");
            this.own = own;
            setEnv(new HashMap<>(Map.of("USERS", "value")));
            changeChildCWD(false);
        }
    }

    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        System.setOut(System.err);
        Map<?, ?> question = (Map<?, ?>) JSONValue.parse(new String(System.in.readAllBytes(), StandardCharsets.UTF_8));
        Map<?, ?> toRead = (Map<?, ?>) question.get("read");
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("ShellBolt", describe(ShellBolt.class, new UsersBolt(42), (String) toRead.get("ShellBolt")));
        answer.put("ShellSpout", describe(ShellSpout.class, new UsersSpout(42), (String) toRead.get("ShellSpout")));
        answers.println(JSONValue.toJSONString(answer));
    }

    private static Map<String, Object> describe(Class<?> type, Serializable users, String toRead) throws Exception {
        Map<String, Object> answer = new LinkedHashMap<>();
        String origin = type.getProtectionDomain().getCodeSource().getLocation().getPath();
        answer.put("origin", origin.substring(origin.lastIndexOf('/') + 1));
        answer.put("type", Modifier.toString(type.getModifiers()) + " " + type.getSuperclass() + " " + Arrays.toString(type.getInterfaces()));
        answer.put("members", members(type));
        ObjectStreamClass stream = ObjectStreamClass.lookup(type);
        answer.put("serialVersionUID", Long.toString(stream.getSerialVersionUID()));
        answer.put("fields", Arrays.stream(stream.getFields()).sorted(Comparator.comparing(ObjectStreamField::getName))
                .map(field -> field.getType().getName() + " " + field.getName()).toList());
        answer.put("serialised", Base64.getEncoder().encodeToString(write(users)));
        if (toRead != null) {
            answer.put("read", state(type, read(Base64.getDecoder().decode(toRead))));
        }
        return answer;
    }

    private static List<String> members(Class<?> type) {
        Stream<Member> all = Stream.of(type.getDeclaredConstructors(), type.getDeclaredMethods(), type.getDeclaredFields())
                .flatMap(Arrays::stream);
        return all.filter(member -> Modifier.isPublic(member.getModifiers()) || Modifier.isProtected(member.getModifiers()))
                .filter(member -> !member.isSynthetic()).map(ShellContract::describe).sorted().toList();
    }

    private static String describe(Member member) {
        if (member instanceof Field field) {
            return field.toGenericString() + " = " + constant(field);
        }
        return member instanceof Method method ? method.toGenericString() : ((Constructor<?>) member).toGenericString();
    }

    private static Object constant(Field field) {
        try {
            return field.getType() == String.class ? field.get(null) : field.getType();
        } catch (IllegalAccessException e) {
            return e;
        }
    }

    private static Map<String, Object> state(Class<?> type, Object instance) throws ReflectiveOperationException {
        Map<String, Object> state = new LinkedHashMap<>();
        for (String name : List.of("command", "env", "changeDirectory")) {
            Field field = type.getDeclaredField(name);
            field.setAccessible(true);
            Object value = field.get(instance);
            state.put(name, value instanceof String[] words ? List.of(words) : value);
        }
        Field own = instance.getClass().getDeclaredField("own");
        own.setAccessible(true);
        state.put("own", own.get(instance));
        return state;
    }

    private static byte[] write(Object object) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(object);
        }
        return bytes.toByteArray();
    }

    private static Object read(byte[] bytes) throws Exception {
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
            return in.readObject();
        }
    }
}
