package egret.oracle;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.storm.serialization.KryoValuesDeserializer;
import org.apache.storm.serialization.KryoValuesSerializer;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.utils.Utils;

/**
 * The values of docs/wire.md as a worker writes and reads them: through Storm's own Kryo set-up with our
 * serializer in it.
 *
 * <ul> <li>{@code {"samples": true}}: what {@link ValuesSamples} has, written: name, bytes (base64),
 * description</li> <li>{@code {"refused": true}}: by name, the error for what cannot be sent</li> <li>{@code
 * {"read": [base64, ...]}}: for each its description and the bytes written again, or the error</li>
 * <li>{@code {"fuzz": {"seed", "runs"}}}: damages samples and counts what came of reading them</li> </ul>
 */
public final class ValuesWire {
    private static final Base64.Encoder ENCODER = Base64.getEncoder();
    private static final Base64.Decoder DECODER = Base64.getDecoder();

    private final KryoValuesSerializer serializer;
    private final KryoValuesDeserializer deserializer;

    private ValuesWire() {
        Map<String, Object> conf = Utils.readDefaultConfig();
        conf.put("topology.tuple.serializer", "egret.host.ValuesSerializer");
        conf.put("topology.kryo.register", List.of(ValuesSamples.Registered.class.getName()));
        serializer = new KryoValuesSerializer(conf);
        deserializer = new KryoValuesDeserializer(conf);
    }

    public static void main(String[] args) throws Exception {
        Map<?, ?> question = (Map<?, ?>) JSONValue.parse(new String(System.in.readAllBytes(), StandardCharsets.UTF_8));
        ValuesWire wire = new ValuesWire();
        Thread.currentThread().setName("Thread-17-split-executor[3, 3]");
        Map<String, Object> answer = new LinkedHashMap<>();
        if (question.containsKey("samples")) {
            answer.put("samples", wire.samples());
        }
        if (question.containsKey("refused")) {
            answer.put("refused", wire.refused());
        }
        if (question.get("read") instanceof List<?> encodings) {
            answer.put("read", encodings.stream().map(each -> wire.read(DECODER.decode((String) each))).toList());
        }
        if (question.get("fuzz") instanceof Map<?, ?> fuzz) {
            answer.put("fuzz", wire.fuzz(((Number) fuzz.get("seed")).longValue(), ((Number) fuzz.get("runs")).intValue()));
        }
        System.out.println(JSONValue.toJSONString(answer));
    }

    private List<Object> samples() throws Exception {
        List<Object> samples = new ArrayList<>();
        for (Map.Entry<String, List<Object>> sample : ValuesSamples.sendable().entrySet()) {
            byte[] bytes = serializer.serialize(sample.getValue());
            Object back = ValuesDescription.of(deserializer.deserialize(bytes));
            samples.add(Map.of(
                    "name", sample.getKey(),
                    "bytes", ENCODER.encodeToString(bytes),
                    "written", ValuesDescription.of(sample.getValue()),
                    "read", back));
        }
        return samples;
    }

    private Map<String, String> refused() {
        Map<String, String> errors = new LinkedHashMap<>();
        ValuesSamples.unsendable().forEach((name, values) -> {
            try {
                serializer.serialize(values);
                errors.put(name, "");
            } catch (Exception e) {
                errors.put(name, String.valueOf(e.getMessage()));
            }
        });
        return errors;
    }

    private Map<String, Object> read(byte[] bytes) {
        try {
            List<Object> values = deserializer.deserialize(bytes);
            return Map.of(
                    "description", ValuesDescription.of(values),
                    "bytes", ENCODER.encodeToString(serializer.serialize(values)));
        } catch (Exception e) {
            return Map.of("error", e.getClass().getSimpleName() + ": " + e.getMessage());
        }
    }

    /** Whatever the bytes, reading ends in values or in the one exception that names the place. */
    private Map<String, Object> fuzz(long seed, int runs) throws Exception {
        List<byte[]> samples = new ArrayList<>();
        for (List<Object> sample : ValuesSamples.sendable().values()) {
            samples.add(serializer.serialize(sample));
        }
        Random random = new Random(seed);
        int read = 0;
        int corrupt = 0;
        List<String> faults = new ArrayList<>();
        for (int run = 0; run < runs && faults.size() < 10; run++) {
            byte[] damaged = damage(samples.get(random.nextInt(samples.size())), random);
            try {
                deserializer.deserialize(damaged);
                read++;
            } catch (Throwable e) {
                if (e.getClass().getSimpleName().equals("CorruptValuesException")) {
                    corrupt++;
                } else {
                    faults.add("run " + run + ": " + e + " at " + java.util.Arrays.stream(e.getStackTrace()).limit(4).toList() + " for "
                            + ENCODER.encodeToString(damaged));
                }
            }
        }
        return Map.of("read", read, "corrupt", corrupt, "faults", faults);
    }

    private static byte[] damage(byte[] sample, Random random) {
        int length = random.nextInt(4) == 0 ? random.nextInt(sample.length + 8) : sample.length;
        byte[] damaged = java.util.Arrays.copyOf(sample, length);
        for (int i = random.nextInt(4); i > 0 && length > 0; i--) {
            int at = random.nextInt(length);
            damaged[at] = random.nextBoolean() ? (byte) random.nextInt() : (byte) (damaged[at] ^ 1 << random.nextInt(8));
        }
        return damaged;
    }
}
