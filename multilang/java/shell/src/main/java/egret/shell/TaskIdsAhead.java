package egret.shell;

import java.lang.reflect.Field;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import org.apache.storm.daemon.Task;
import org.apache.storm.generated.GlobalStreamId;
import org.apache.storm.generated.Grouping;
import org.apache.storm.grouping.LoadAwareCustomStreamGrouping;
import org.apache.storm.grouping.LoadMapping;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.task.WorkerTopologyContext;
import org.apache.storm.tuple.Tuple;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends task ids to the child before the emits that they answer. Storm's stock adapters wait for the task ids
 * after each emit, although hardly any component uses them; a list that has already arrived costs no wait.
 * The lists are true, because the tasks are chosen ahead of the emit, which then goes where its list said.
 * This works only where the tasks do not depend on the values (shuffle, none, all, global, a single task, no
 * consumer), where the child has one stream to emit on, and for adapters that are known to queue such lists
 * ({@link StockAdapter}).
 *
 * Used by one thread at a time: the one that emits.
 */
final class TaskIdsAhead {
    private static final Logger LOG = LoggerFactory.getLogger(TaskIdsAhead.class);
    /** Emits that a child can do before it has to wait for us. */
    private static final int LISTS = 128;

    private final int taskId;
    private final List<Drawing> drawings;
    private boolean isDrawnMeant;

    private TaskIdsAhead(int taskId, int size) {
        this.taskId = taskId;
        this.drawings = new ArrayList<>(size);
    }

    /** Null where it is not to be. */
    static TaskIdsAhead find(ChildSpec spec, Settings settings, Object collector) {
        TopologyContext context = spec.context();
        Set<String> streams = context.getThisStreams();
        if (!settings.areTaskIdsSentAhead() || streams.size() != 1) {
            return null;
        }
        String stream = streams.iterator().next();
        Map<String, Grouping> targets = context.getThisTargets().getOrDefault(stream, Map.of());
        for (Map.Entry<String, Grouping> target : targets.entrySet()) {
            if (!isFreeOfValues(target.getValue(), context.getComponentTasks(target.getKey()).size())) {
                return null;
            }
        }
        if (!StockAdapter.queuesTaskIds(spec)) {
            return null;
        }
        if (targets.isEmpty()) {
            return new TaskIdsAhead(context.getThisTaskId(), 0);
        }
        try {
            return take(context, stream, collector);
        } catch (ReflectiveOperationException | RuntimeException e) {
            LOG.debug("The groupings of {} cannot be drawn ahead", spec.who(), e);
            return null;
        }
    }

    private static boolean isFreeOfValues(Grouping grouping, int tasks) {
        return switch (grouping.getSetField()) {
            case SHUFFLE, LOCAL_OR_SHUFFLE, NONE, ALL -> true;
            case FIELDS -> grouping.get_fields().isEmpty() || tasks == 1; // no field: Storm's global grouping
            default -> false;
        };
    }

    /** Puts drawings in the place of the groupings of the task (storm-client 2.8, Task.streamToGroupers). */
    private static TaskIdsAhead take(TopologyContext context, String stream, Object collector) throws ReflectiveOperationException {
        Task task = (Task) valueOf(valueOf(collector, "delegate"), Task.class);
        Map<?, ?> byStream = (Map<?, ?>) valueOf(task, "streamToGroupers");
        Map<?, ?> byComponent = (Map<?, ?>) ((Map<?, ?>) valueOf(task, "streamComponentToGrouper")).get(stream);
        @SuppressWarnings("unchecked")
        List<LoadAwareCustomStreamGrouping> groupings = (List<LoadAwareCustomStreamGrouping>) byStream.get(stream);
        int size = groupings == null ? 0 : groupings.size();
        TaskIdsAhead ahead = new TaskIdsAhead(context.getThisTaskId(), size);
        Map<Object, String> componentOf = new HashMap<>();
        if (byComponent != null) {
            byComponent.forEach((component, grouping) -> componentOf.put(grouping, (String) component));
        }
        for (int i = 0; i < size; i++) {
            List<Integer> tasks = context.getComponentTasks(componentOf.get(groupings.get(i)));
            ahead.drawings.add(ahead.new Drawing(groupings.get(i), tasks.size() == 1 ? List.copyOf(tasks) : null));
        }
        for (int i = 0; i < size; i++) {
            groupings.set(i, ahead.drawings.get(i));
        }
        return ahead;
    }

    private static Object valueOf(Object owner, String name) throws ReflectiveOperationException {
        for (Class<?> type = owner.getClass(); type != null; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (field.getName().equals(name)) {
                    field.setAccessible(true);
                    return field.get(owner);
                }
            }
        }
        throw new NoSuchFieldException(owner.getClass() + " " + name);
    }

    private static Object valueOf(Object owner, Class<?> wanted) throws ReflectiveOperationException {
        for (Field field : owner.getClass().getDeclaredFields()) {
            if (field.getType() == wanted) {
                field.setAccessible(true);
                return field.get(owner);
            }
        }
        throw new NoSuchFieldException(owner.getClass() + " " + wanted);
    }

    /** Sends as many lists as a child may have, when the child begins. */
    void begin(Queue<List<Integer>> told) {
        for (Drawing drawing : drawings) {
            drawing.drawn.clear();
        }
        renew(LISTS, told);
    }

    /** Tells as many lists again as were used. */
    void renew(int used, Queue<List<Integer>> told) {
        for (int i = 0; i < used; i++) {
            told.add(draw());
        }
    }

    private List<Integer> draw() {
        if (drawings.size() == 1) {
            return drawings.get(0).draw();
        }
        List<Integer> all = new ArrayList<>(drawings.size());
        for (Drawing drawing : drawings) {
            all.addAll(drawing.draw());
        }
        return all;
    }

    /**
     * Emits to the tasks that were drawn first: the child has received their ids as the answer to this emit.
     */
    List<Integer> emit(OutputCollector collector, String stream, Collection<Tuple> anchors, List<Object> values) {
        isDrawnMeant = true;
        try {
            return collector.emit(stream, anchors, values);
        } finally {
            isDrawnMeant = false;
        }
    }

    /** The same of a spout. */
    List<Integer> emit(SpoutOutputCollector collector, String stream, List<Object> values, Object id) {
        isDrawnMeant = true;
        try {
            return collector.emit(stream, values, id);
        } finally {
            isDrawnMeant = false;
        }
    }

    /** In the place of a grouping: the tasks drawn ahead when they are meant, else as the grouping says. */
    private final class Drawing implements LoadAwareCustomStreamGrouping {
        private static final long serialVersionUID = 1;

        private final LoadAwareCustomStreamGrouping grouping;
        /** The tasks, when they are always the same. */
        private final List<Integer> only;
        private final transient ArrayDeque<List<Integer>> drawn = new ArrayDeque<>();

        private Drawing(LoadAwareCustomStreamGrouping grouping, List<Integer> only) {
            this.grouping = grouping;
            this.only = only;
        }

        private List<Integer> draw() {
            if (only != null) {
                return only;
            }
            List<Integer> tasks = List.copyOf(grouping.chooseTasks(taskId, List.of()));
            drawn.addLast(tasks);
            return tasks;
        }

        @Override
        public List<Integer> chooseTasks(int source, List<Object> values) {
            if (only != null) {
                return only;
            }
            List<Integer> tasks = isDrawnMeant ? drawn.pollFirst() : null;
            return tasks == null ? grouping.chooseTasks(source, values) : tasks;
        }

        @Override
        public void prepare(WorkerTopologyContext context, GlobalStreamId stream, List<Integer> targets) {
            grouping.prepare(context, stream, targets);
        }

        @Override
        public void refreshLoad(LoadMapping loads) {
            grouping.refreshLoad(loads);
        }
    }
}
