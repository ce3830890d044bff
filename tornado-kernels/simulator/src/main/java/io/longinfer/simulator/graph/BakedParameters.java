package io.longinfer.simulator.graph;

import io.longinfer.simulator.Finding;
import io.longinfer.simulator.FindingKind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Notices tasks that are built again and again over the same arrays with other numbers.
 *
 * <p>Numbers are compiled in, so that such a program compiles a kernel at every step. Some rebuilding is fair, as in a test
 * over sizes. Thread-safe.
 */
final class BakedParameters {
    /** So many different lists of numbers are fair. */
    static final int FAIR = 8;

    private static final int TASKS = 1024;

    private static final Map<List<Object>, Set<List<Object>>> SEEN = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<List<Object>, Set<List<Object>>> eldest) {
            return size() > TASKS;
        }
    };

    private BakedParameters() {}

    static void check(TaskCall task) {
        List<Object> key = new ArrayList<>(List.of(task.name()));
        List<Object> numbers = new ArrayList<>();
        for (Object argument : task.arguments()) {
            if (argument instanceof TornadoNativeArray) {
                // Not the array itself, which would never be freed.
                key.add(System.identityHashCode(argument));
            } else if (argument instanceof Number) {
                numbers.add(argument);
            }
        }
        synchronized (SEEN) {
            Set<List<Object>> seen = SEEN.computeIfAbsent(key, _ -> new HashSet<>());
            if (key.size() > 1 && seen.add(numbers) && seen.size() > FAIR) {
                throw new Finding(
                        FindingKind.BAKED_PARAMETER,
                        "task " + task.name() + " was built over the same arrays with " + seen.size()
                                + " lists of numbers, now " + numbers
                                + ": numbers are compiled in, pass what varies in an IntArray");
            }
        }
    }
}
