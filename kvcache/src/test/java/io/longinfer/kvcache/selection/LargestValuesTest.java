package io.longinfer.kvcache.selection;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LargestValuesTest {
    @Test
    void isWhatSortingGives() {
        Random random = new Random(3);
        for (int n : new int[] {1, 2, 4, 13, 1021}) {
            for (int kinds : new int[] {1, 3, 1_000_000}) {
                float[] values = new float[n + 2];
                for (int i = 0; i < values.length; i++) {
                    values[i] = random.nextInt(kinds) - 5f;
                }
                float[] sorted = Arrays.copyOf(values, n);
                Arrays.sort(sorted);
                for (int count = 1; count <= n; count += 1 + n / 50) {
                    float[] scratch = new float[n + 1];
                    assertEquals(sorted[n - count], LargestValues.smallestOf(values, n, count, scratch));
                }
            }
        }
    }
}
