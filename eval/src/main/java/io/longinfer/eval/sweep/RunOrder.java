package io.longinfer.eval.sweep;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * The order in which runs happen: blocks of runs behind the same prompts in random order, the runs of a block in random order,
 * so that neither warming up nor a neighbour's load favours a variant.
 */
public final class RunOrder {
    private RunOrder() {}

    /** A prompt's runs, in the order to run them. */
    public record BlockOfRuns(Cell.Group group, List<Cell> cells) {
        public BlockOfRuns {
            cells = List.copyOf(cells);
        }

        /** Most sequences that one of them needs. */
        public int sequences() {
            return cells.stream().mapToInt(Cell::batch).max().orElse(0);
        }
    }

    /** The blocks in order, without the runs that are done; the same for the same seed, whatever is done. */
    public static List<BlockOfRuns> of(Collection<Cell> cells, long seed, Set<String> done) {
        Map<Cell.Group, List<Cell>> groups = new LinkedHashMap<>();
        for (Cell cell : cells) {
            groups.computeIfAbsent(cell.group(), group -> new ArrayList<>()).add(cell);
        }
        Random random = new Random(seed);
        List<Cell.Group> order = new ArrayList<>(groups.keySet());
        Collections.shuffle(order, random);
        List<BlockOfRuns> blocks = new ArrayList<>();
        for (Cell.Group group : order) {
            List<Cell> runs = groups.get(group);
            Collections.shuffle(runs, random);
            List<Cell> left =
                    runs.stream().filter(cell -> !done.contains(cell.id())).toList();
            if (!left.isEmpty()) {
                blocks.add(new BlockOfRuns(group, left));
            }
        }
        return blocks;
    }
}
