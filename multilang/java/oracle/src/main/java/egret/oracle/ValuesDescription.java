package egret.oracle;

import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Describes a value's exact class and content as text. The text is the same for the same value in another
 * language.
 */
final class ValuesDescription {
    private ValuesDescription() {
    }

    static String of(Object value) {
        if (value == null) {
            return "null";
        }
        if (value instanceof String text) {
            return "String " + units(text);
        }
        if (value instanceof Character unit) {
            return "Character " + (int) unit;
        }
        if (value instanceof Float number) {
            return "Float " + Integer.toHexString(Float.floatToIntBits(number));
        }
        if (value instanceof Double number) {
            return "Double " + Long.toHexString(Double.doubleToLongBits(number));
        }
        if (value instanceof Boolean || value instanceof Number && isSimple((Number) value)) {
            return value.getClass().getSimpleName() + " " + value;
        }
        if (value instanceof BigDecimal decimal) {
            return "BigDecimal " + decimal.unscaledValue() + " " + decimal.scale();
        }
        if (value instanceof Date date && date.getClass() == Date.class) {
            return "Date " + date.getTime();
        }
        if (value instanceof UUID id) {
            return "UUID " + id.getMostSignificantBits() + " " + id.getLeastSignificantBits();
        }
        return ofParts(value);
    }

    private static boolean isSimple(Number number) {
        return number instanceof Byte || number instanceof Short || number instanceof Integer || number instanceof Long
                || number instanceof BigInteger;
    }

    private static String ofParts(Object value) {
        String name = name(value.getClass());
        if (value instanceof List<?> list) {
            return name + " " + list.stream().map(ValuesDescription::of).toList();
        }
        if (value instanceof Set<?> set) {
            return name + " " + set.stream().map(ValuesDescription::of).sorted().toList();
        }
        if (value instanceof Map<?, ?> map) {
            return name + " " + map.entrySet().stream()
                    .map(entry -> of(entry.getKey()) + "=" + of(entry.getValue())).sorted().toList();
        }
        if (value.getClass().isArray()) {
            List<String> items = new ArrayList<>();
            for (int i = 0; i < Array.getLength(value); i++) {
                items.add(of(Array.get(value, i)));
            }
            return name + " " + items;
        }
        return name + " " + value;
    }

    /** The wire's names for collections, whichever class the JDK has for them. */
    private static String name(Class<?> type) {
        String name = type.getName();
        if (name.startsWith("java.util.ImmutableCollections$")) {
            return (List.class.isAssignableFrom(type) ? "List" : Set.class.isAssignableFrom(type) ? "Set" : "Map") + ".of";
        }
        return switch (name) {
            case "java.util.Arrays$ArrayList" -> "Arrays.asList";
            case "java.util.Collections$UnmodifiableRandomAccessList", "java.util.Collections$UnmodifiableList" ->
                "unmodifiableList";
            default -> type.isArray() ? name : type.getSimpleName();
        };
    }

    private static String units(String text) {
        StringBuilder hex = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            hex.append(String.format("%04x", (int) text.charAt(i)));
        }
        return hex.toString();
    }
}
