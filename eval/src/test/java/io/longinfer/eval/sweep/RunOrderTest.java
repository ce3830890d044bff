package io.longinfer.eval.sweep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longinfer.eval.comparison.Variant;
import io.longinfer.eval.sweep.RunOrder.BlockOfRuns;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RunOrderTest {
    private static List<Cell> cells() {
        List<Cell> cells = new ArrayList<>();
        for (int tokens : new int[] {1000, 2000, 4000}) {
            for (int batch : new int[] {1, 4}) {
                for (Variant variant : new Variant[] {Variant.FULL, Variant.QUEST, Variant.OURS}) {
                    for (int repetition = 0; repetition < 3; repetition++) {
                        Cell.Group group = new Cell.Group("needle", tokens, "");
                        cells.add(new Cell(group, batch, 0.1, 0.2, variant, Map.of("ratio", "0.1"), repetition));
                    }
                }
            }
        }
        return cells;
    }

    private static List<String> ids(List<BlockOfRuns> blocks) {
        return blocks.stream()
                .flatMap(block -> block.cells().stream())
                .map(Cell::id)
                .toList();
    }

    @Test
    void everyRunOnceInAnOrderThatTheSeedGives() {
        List<String> order = ids(RunOrder.of(cells(), 7, Set.of()));
        assertEquals(order, ids(RunOrder.of(cells(), 7, Set.of())));
        assertNotEquals(order, ids(RunOrder.of(cells(), 8, Set.of())));
        assertEquals(new HashSet<>(cells().stream().map(Cell::id).toList()), new HashSet<>(order));
        assertEquals(cells().size(), order.size());
    }

    @Test
    void runsBehindTheSamePromptsFollowEachOther() {
        List<BlockOfRuns> blocks = RunOrder.of(cells(), 7, Set.of());
        assertEquals(3, blocks.size());
        for (BlockOfRuns block : blocks) {
            assertEquals(4, block.sequences());
            assertTrue(block.cells().stream().allMatch(cell -> cell.group().equals(block.group())));
        }
    }

    @Test
    void whatIsDoneIsLeftOutAndTheRestKeepsItsOrder() {
        List<String> order = ids(RunOrder.of(cells(), 7, Set.of()));
        for (int done = 0; done <= order.size(); done++) {
            assertEquals(
                    order.subList(done, order.size()),
                    ids(RunOrder.of(cells(), 7, new HashSet<>(order.subList(0, done)))));
        }
    }
}
