package egret.host;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.storm.tuple.Values;

/**
 * The collection classes that the wire knows by number (docs/wire.md, "Flavours"). Only exact classes have
 * one: a subclass may hold more than its elements. A sorted collection has one only with natural order.
 */
final class Flavours {
    static final int NONE = -1;
    static final int ARRAY_LIST = 0;
    static final int HASH_MAP = 0;
    static final int LINKED_HASH_MAP = 1;
    static final int LINKED_HASH_SET = 1;

    private static final Map<Class<?>, Integer> LISTS = Map.of(
            ArrayList.class, ARRAY_LIST,
            LinkedList.class, 1,
            Arrays.asList().getClass(), 2,
            List.of().getClass(), 3,
            List.of(1).getClass(), 3,
            Collections.unmodifiableList(new ArrayList<>()).getClass(), 4,
            Collections.unmodifiableList(new LinkedList<>()).getClass(), 4,
            Values.class, 5);
    private static final Map<Class<?>, Integer> MAPS = Map.of(
            HashMap.class, HASH_MAP,
            LinkedHashMap.class, LINKED_HASH_MAP,
            TreeMap.class, 2,
            ConcurrentHashMap.class, 3,
            Map.of().getClass(), 4,
            Map.of(1, 1).getClass(), 4);
    private static final Map<Class<?>, Integer> SETS = Map.of(
            HashSet.class, 0,
            LinkedHashSet.class, LINKED_HASH_SET,
            TreeSet.class, 2,
            Set.of().getClass(), 3,
            Set.of(1).getClass(), 3);

    private Flavours() {
    }

    static int of(List<?> list) {
        return LISTS.getOrDefault(list.getClass(), NONE);
    }

    static int of(Map<?, ?> map) {
        boolean isOrderedByComparator = map instanceof SortedMap<?, ?> sorted && sorted.comparator() != null;
        return isOrderedByComparator ? NONE : MAPS.getOrDefault(map.getClass(), NONE);
    }

    static int of(Set<?> set) {
        boolean isOrderedByComparator = set instanceof SortedSet<?> sorted && sorted.comparator() != null;
        return isOrderedByComparator ? NONE : SETS.getOrDefault(set.getClass(), NONE);
    }

    /** Throws IllegalArgumentException for an unknown flavour. */
    static List<Object> list(int flavour, ArrayList<Object> items) {
        return switch (flavour) {
            case ARRAY_LIST -> items;
            case 1 -> new LinkedList<>(items);
            case 2 -> Arrays.asList(items.toArray());
            // Stream.toList() makes the class of List.of with nulls in it, which List.of refuses
            case 3 -> items.contains(null) ? Collections.unmodifiableList(items) : List.of(items.toArray());
            case 4 -> Collections.unmodifiableList(items);
            case 5 -> new Values(items.toArray());
            default -> throw new IllegalArgumentException("unknown list flavour " + flavour);
        };
    }

    /** A map to be filled; {@link #finished(int, Map)} gives it its class. */
    static Map<Object, Object> map(int flavour, int size) {
        return switch (flavour) {
            case HASH_MAP, 4 -> new HashMap<>(capacity(size));
            case LINKED_HASH_MAP -> new LinkedHashMap<>(capacity(size));
            case 2 -> new TreeMap<>();
            case 3 -> new ConcurrentHashMap<>(capacity(size));
            default -> throw new IllegalArgumentException("unknown map flavour " + flavour);
        };
    }

    static Map<Object, Object> finished(int flavour, Map<Object, Object> map) {
        return flavour == 4 ? Map.copyOf(map) : map;
    }

    static Set<Object> set(int flavour, int size) {
        return switch (flavour) {
            case 0, 3 -> new HashSet<>(capacity(size));
            case LINKED_HASH_SET -> new LinkedHashSet<>(capacity(size));
            case 2 -> new TreeSet<>();
            default -> throw new IllegalArgumentException("unknown set flavour " + flavour);
        };
    }

    static Set<Object> finished(int flavour, Set<Object> set) {
        return flavour == 3 ? Set.copyOf(set) : set;
    }

    /**
     * The nearest collection with a flavour that is equal to (or, where equality is identity, holds the same
     * as) one that nothing else can write: `subList`, `keySet`, `values` and the like. Null when it is no
     * collection.
     */
    static Object nearest(Object value) {
        if (value instanceof List<?> list) {
            return new ArrayList<>(list);
        }
        if (value instanceof Set<?> set) {
            return new LinkedHashSet<>(set);
        }
        if (value instanceof Collection<?> collection) {
            return new ArrayList<>(collection);
        }
        if (value instanceof Map<?, ?> map) {
            return new LinkedHashMap<>(map);
        }
        return null;
    }

    private static int capacity(int size) {
        return Math.max(16, (int) Math.min(1 << 20, size / 0.75 + 1));
    }
}
