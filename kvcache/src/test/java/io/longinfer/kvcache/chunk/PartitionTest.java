package io.longinfer.kvcache.chunk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PartitionTest {
    private static final PartitionOptions OPTIONS = new PartitionOptions(0.5, 3, 2, 0.5, 0.02);

    /** Of masses, {@code .} is low, {@code #} is not; of marks, {@code d} lies in a desert. */
    @ParameterizedTest
    @CsvSource({
        "#, -",
        "..., ddd",
        "..#.., -----",
        "...#.., ddd---",
        "#...#, -ddd-",
        "..#...., ---dddd",
        "##########, ----------"
    })
    void desertsAreLongRuns(String masses, String marks) {
        int leaves = masses.length();
        float[] values = new float[leaves + 1];
        for (int i = 0; i < leaves; i++) {
            values[i + 1] = masses.charAt(i) == '.' ? 0.49f / leaves : 0.51f / leaves;
        }
        boolean[] found = new boolean[leaves];
        Arrays.fill(found, true);
        int count = Deserts.mark(values, 1, leaves, OPTIONS, found);
        StringBuilder text = new StringBuilder();
        for (boolean mark : found) {
            text.append(mark ? 'd' : '-');
        }
        assertEquals(marks, text.toString());
        assertEquals(marks.chars().filter(c -> c == 'd').count(), count);
    }

    @Test
    void startsWithFullDesertsMerged() {
        Partition partition = new Partition(2, 4, OPTIONS);
        boolean[] deserts = new boolean[50];
        Arrays.fill(deserts, 16, 50, true);
        partition.start(1, deserts, 50);
        boolean[] merged = new boolean[4];
        for (int node = 0; node < 4; node++) {
            merged[node] = partition.merged(1, node);
            assertFalse(partition.merged(0, node));
        }
        assertArrayEquals(new boolean[] {false, true, true, false}, merged);
        assertEquals(2, partition.mergedNodes());
    }

    @Test
    void splitsWhatIsSelectedAndMergesWhatIsIdle() {
        Partition partition = new Partition(1, 2, OPTIONS);
        partition.nextStep();
        partition.selected(0, 0);
        partition.mergeIdle(0, 2);
        assertEquals(0, partition.mergedNodes());
        partition.nextStep();
        partition.mergeIdle(0, 2);
        assertTrue(partition.merged(0, 1) && !partition.merged(0, 0));
        partition.selected(0, 1);
        assertFalse(partition.merged(0, 1));
        assertEquals(1, partition.splits());
        assertEquals(1, partition.merges());
        // From now on being selected is not enough.
        partition.judgeByMass();
        partition.nextStep();
        partition.selected(0, 0);
        partition.selected(0, 1);
        partition.used(0, 1);
        partition.mergeIdle(0, 2);
        assertTrue(partition.merged(0, 0) && !partition.merged(0, 1));
    }

    @Test
    void slackIsAnExponentialMean() {
        Partition partition = new Partition(1, 1, OPTIONS);
        assertEquals(0, partition.slack(0, 0));
        partition.measure(0, 0, 4);
        assertEquals(4, partition.slack(0, 0));
        partition.measure(0, 0, 8);
        assertEquals(6, partition.slack(0, 0));
        partition.measure(0, 0, -1);
        assertEquals(3, partition.slack(0, 0));
    }

    @Test
    void optionsAreChecked() {
        assertThrows(IllegalArgumentException.class, () -> new PartitionOptions(-1, 1, 1, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new PartitionOptions(1, 0, 1, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new PartitionOptions(1, 1, 1, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> new PartitionOptions(1, 1, 1, 0, 2));
    }
}
