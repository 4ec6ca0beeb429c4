package egret.oracle;

import java.io.Serializable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DayOfWeek;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Date;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.tuple.Values;

/** Values that tuples of real topologies hold, and some that cannot be sent. */
final class ValuesSamples {
    private ValuesSamples() {
    }

    /** Registered with Kryo and not Serializable. */
    static final class Registered {
        private int number;
        private String text;

        Registered() {
        }

        Registered(int number, String text) {
            this.number = number;
            this.text = text;
        }

        @Override
        public String toString() {
            return number + "/" + text;
        }
    }

    /** Not registered, Serializable. */
    record Point(int x, int y) implements Serializable {
    }

    /** Neither. */
    static final class Bare {
    }

    /** Serializable by name only. */
    static final class Deceiver implements Serializable {
        private final Bare part = new Bare();
    }

    static Map<String, List<Object>> sendable() {
        Map<String, List<Object>> samples = new LinkedHashMap<>();
        samples.put("nothing", List.of());
        samples.put("null and booleans", Arrays.asList(null, true, false));
        samples.put("integers", List.of((byte) -7, (short) -300, Integer.MIN_VALUE, Long.MIN_VALUE, 1, 1L, -1L));
        samples.put("floating", List.of(1.5f, -0.0f, Float.NaN, Double.MIN_VALUE, -0.0, Double.NEGATIVE_INFINITY));
        samples.put("characters", List.of('a', '\u00e9', '\ud83e'));
        samples.put("strings", List.of("", "word", "caf\u00e9", "\u20ac", "\ud83e\udda9", "\ud83e alone", "\udda9", "a\u0000b"));
        samples.put("long strings", List.of("x".repeat(65_535), "x".repeat(65_536), "\u00e9".repeat(40_000)));
        samples.put("bytes", List.of(new byte[0], new byte[] {1, -2, 3}));
        samples.put("big numbers", List.of(BigInteger.ZERO, new BigInteger("-170141183460469231731687303715884105728"),
                new BigDecimal("1.50"), new BigDecimal("-1e30"), BigDecimal.ZERO));
        samples.put("date and id", List.of(new Date(-1), new Date(1_700_000_000_000L), new UUID(-1, 1)));
        addCollections(samples);
        addObjects(samples);
        return samples;
    }

    private static void addCollections(Map<String, List<Object>> samples) {
        samples.put("lists", List.of(new ArrayList<>(List.of(1, "a")), new LinkedList<>(List.of(2L)), Arrays.asList(1, null),
                List.of(), List.of(1), List.of(1, 2, 3), Collections.unmodifiableList(new ArrayList<>(List.of(1))),
                new Values("a", 1L), Stream.of("a", null).toList()));
        samples.put("maps", List.of(new HashMap<>(Map.of("a", 1)), new LinkedHashMap<>(Map.of(1L, "b")),
                new TreeMap<>(Map.of("k", List.of())), new ConcurrentHashMap<>(Map.of(1, 2)), Map.of(), Map.of(1, 2),
                Map.of("a", 1, "b", 2)));
        samples.put("sets", List.of(new HashSet<>(Set.of(1, "a")), new LinkedHashSet<>(List.of(3, 1)),
                new TreeSet<>(List.of("b", "a")), Set.of(), Set.of(1), Set.of(1, 2, 3)));
        samples.put("nested", List.of(nested(60)));
        TreeMap<String, Object> reversed = new TreeMap<>(Comparator.reverseOrder());
        reversed.put("a", 1);
        reversed.put("b", 2);
        samples.put("ordered by comparator", List.of(reversed));
        samples.put("parts of collections", List.of(
                new ArrayList<>(List.of(1, 2, 3)).subList(1, 3), new HashMap<>(Map.of("a", 1)).keySet(),
                new HashMap<>(Map.of("a", 1)).values(), List.of(1, 2, 3, 4).subList(1, 3)));
        samples.put("wrappers", List.of(Collections.emptyList(), Collections.singletonList("a"), Collections.emptyMap(),
                Collections.unmodifiableMap(new HashMap<>(Map.of("a", 1))), Collections.unmodifiableSet(new HashSet<>(Set.of(1))),
                Collections.synchronizedList(new ArrayList<>(List.of(1))), new ArrayDeque<>(List.of(1, 2))));
        samples.put("from JSON", List.of(JSONValue.parse("{\"a\": [1, 2.5, {\"b\": null}], \"c\": \"d\"}")));
    }

    private static void addObjects(Map<String, List<Object>> samples) {
        samples.put("arrays", List.of(new int[] {1, 2}, new String[] {"a", null}, new Object[] {1, new long[] {2}}, new double[0]));
        samples.put("enums", List.of(DayOfWeek.FRIDAY, TimeUnit.SECONDS));
        samples.put("enum map", List.of(new EnumMap<>(Map.of(DayOfWeek.MONDAY, 1))));
        samples.put("registered", List.of(new Registered(7, "seven")));
        samples.put("serializable", List.of(new Point(1, 2), Instant.ofEpochSecond(1), new java.sql.Timestamp(5)));
        samples.put("objects in collections", List.of(List.of(new Point(3, 4), "a"), Map.of("p", new Registered(1, "one")),
                new Point[] {new Point(5, 6)}));
    }

    static Map<String, List<Object>> unsendable() {
        Map<String, List<Object>> samples = new LinkedHashMap<>();
        samples.put("bare", List.of(new Bare()));
        samples.put("bare in a list", List.of(new ArrayList<>(List.of(1, new Bare()))));
        samples.put("bare inside", List.of(new Deceiver()));
        samples.put("optional", List.of(Optional.of(1)));
        samples.put("too deep", List.of(nested(65)));
        List<Object> endless = new ArrayList<>();
        endless.add(endless);
        samples.put("holds itself", List.of(endless));
        samples.put("too many", Collections.nCopies(65_536, null));
        samples.put("too large", List.of(new byte[17 << 20]));
        return samples;
    }

    private static Object nested(int levels) {
        Object value = "inside";
        for (int i = 0; i < levels; i++) {
            List<Object> list = new ArrayList<>();
            list.add(value);
            value = list;
        }
        return value;
    }
}
