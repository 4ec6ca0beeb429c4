package egret.oracle;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** Java values said in JSON as {@code {"t": type, "v": value}}; 64-bit numbers are strings. */
final class GroupingValues {
    private GroupingValues() {
    }

    static List<Object> readAll(Object said) {
        List<Object> values = new ArrayList<>();
        for (Object each : (List<?>) said) {
            values.add(read(each));
        }
        return values;
    }

    private static Object read(Object said) {
        Map<?, ?> tagged = (Map<?, ?>) said;
        Object v = tagged.get("v");
        return switch ((String) tagged.get("t")) {
            case "null" -> null;
            case "boolean" -> v;
            case "byte" -> ((Number) v).byteValue();
            case "short" -> ((Number) v).shortValue();
            case "int" -> ((Number) v).intValue();
            case "long" -> Long.valueOf((String) v);
            case "float" -> Float.intBitsToFloat(((Number) v).intValue());
            case "double" -> Double.longBitsToDouble(Long.parseLong((String) v));
            case "char" -> (char) ((Number) v).intValue();
            case "string" -> v;
            case "bytes" -> Base64.getDecoder().decode((String) v);
            case "bigInteger" -> new BigInteger((String) v);
            case "bigDecimal" -> new BigDecimal(new BigInteger((String) v), ((Number) tagged.get("scale")).intValue());
            case "date" -> new Date(Long.parseLong((String) v));
            case "uuid" -> new UUID(Long.parseLong((String) v), Long.parseLong((String) tagged.get("low")));
            case "list" -> list((String) tagged.get("flavour"), readAll(v));
            case "map" -> map((String) tagged.get("flavour"), (List<?>) v);
            case "set" -> set((String) tagged.get("flavour"), readAll(v));
            default -> throw new IllegalArgumentException("no type " + tagged.get("t"));
        };
    }

    private static List<Object> list(String flavour, List<Object> items) {
        return flavour.equals("LinkedList") ? new LinkedList<>(items) : items;
    }

    private static Set<Object> set(String flavour, List<Object> items) {
        return flavour.equals("HashSet") ? new HashSet<>(items) : new LinkedHashSet<>(items);
    }

    private static Map<Object, Object> map(String flavour, List<?> entries) {
        Map<Object, Object> map = flavour.equals("HashMap") ? new HashMap<>() : new LinkedHashMap<>();
        for (Object entry : entries) {
            List<Object> pair = readAll(entry);
            map.put(pair.get(0), pair.get(1));
        }
        return map;
    }
}
