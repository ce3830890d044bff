package io.longinfer.kvcache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BudgetSharesTest {
    private static KvConfig budgets(long device, long host, long disk) {
        return KvConfig.defaults().toBuilder().budgets(device, host, disk).build();
    }

    @Test
    void budgetsAreSharedByContext() {
        KvConfig whole = budgets(1001, 100, ByteSize.UNLIMITED);
        List<KvConfig> shares = BudgetShares.of(whole, new int[] {100, 300, 0});
        assertEquals(250, shares.get(0).deviceBudgetBytes());
        assertEquals(750, shares.get(1).deviceBudgetBytes());
        assertEquals(0, shares.get(2).deviceBudgetBytes());
        assertEquals(25, shares.get(0).hostBudgetBytes());
        assertEquals(ByteSize.UNLIMITED, shares.get(2).diskBudgetBytes());
    }

    @ParameterizedTest
    @CsvSource({"0, 1, 1, 1", "7, 3, 3, 3", "100, 1, 2, 4", "1000000007, 13, 1021, 4098", "5, 0, 0, 0"})
    void sharesTogetherAreNoMoreThanTheWhole(long budget, int first, int second, int third) {
        List<KvConfig> shares = BudgetShares.of(budgets(budget, budget, budget), new int[] {first, second, third});
        assertTrue(shares.stream().mapToLong(KvConfig::deviceBudgetBytes).sum() <= budget);
        assertTrue(shares.stream().mapToLong(KvConfig::hostBudgetBytes).sum() <= budget);
        assertTrue(shares.stream().mapToLong(KvConfig::diskBudgetBytes).sum() <= budget);
    }

    @Test
    void oneSequenceHasAll() {
        KvConfig whole = budgets(1001, 100, 10);
        assertSame(whole, BudgetShares.of(whole, new int[] {5}).get(0));
    }
}
