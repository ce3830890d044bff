package io.longinfer.kvcache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "4096, 4096",
        "64MiB, 67108864",
        "1.5GiB, 1610612736",
        "500MB, 500000000",
        "64 mib, 67108864",
        "1KiB, 1024",
        "2TiB, 2199023255552",
        "0.3B, 1",
        "unlimited, 9223372036854775807"
    })
    void readsWhatPeopleWrite(String text, long bytes) {
        assertEquals(bytes, ByteSize.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "MiB", "64MiBs", "1,5GiB", "1e3", "much"})
    void refusesWhatIsNoSize(String text) {
        String message = assertThrows(IllegalArgumentException.class, () -> ByteSize.parse(text))
                .getMessage();
        assertTrue(message.contains("'" + text + "'") && message.contains("1.5GiB"), message);
    }

    @Test
    void refusesMoreThanALong() {
        assertThrows(IllegalArgumentException.class, () -> ByteSize.parse("9999999999TiB"));
    }

    @ParameterizedTest
    @CsvSource({"0, 0B", "1023, 1023B", "1610612736, 1.5GiB", "67108864, 64MiB", "9223372036854775807, unlimited"})
    void writesForPeople(long bytes, String text) {
        assertEquals(text, ByteSize.format(bytes));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 1023, 1024, 1025, 1314816, 67108864, 1610612737, Long.MAX_VALUE})
    void exactComesBack(long bytes) {
        assertEquals(bytes, ByteSize.parse(ByteSize.exact(bytes)));
    }
}
