package egret.host;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.storm.tuple.ITuple;

/** What an object that only Java can read says to hosts that are not Java: docs/wire.md, tag 21. */
final class Views {
    private Views() {
    }

    /** A collection of tagged values, an enum's name, or null when there is nothing to say. */
    static Object of(Object value) {
        if (value instanceof Enum<?> constant) {
            return constant.name();
        }
        if (value.getClass().isArray()) {
            return ofArray(value, 0);
        }
        if (value instanceof ITuple tuple) {
            return new ArrayList<>(tuple.getValues());
        }
        if (value instanceof Map<?, ?> map) {
            return new LinkedHashMap<>(map);
        }
        if (value instanceof Set<?> set) {
            return new LinkedHashSet<>(set);
        }
        if (value instanceof Collection<?> collection) {
            return new ArrayList<>(collection);
        }
        return null;
    }

    /** Arrays inside arrays become lists inside lists. */
    private static List<Object> ofArray(Object array, int depth) {
        if (depth > Tag.NESTING_MAX) {
            throw NotPortableException.INSTANCE;
        }
        int length = Array.getLength(array);
        List<Object> items = new ArrayList<>(length);
        for (int i = 0; i < length; i++) {
            Object item = Array.get(array, i);
            boolean isInnerArray = item != null && item.getClass().isArray() && item.getClass() != byte[].class;
            items.add(isInnerArray ? ofArray(item, depth + 1) : item);
        }
        return items;
    }
}
