package io.longinfer.eval.hardware.trace;

import java.util.Arrays;

/** Lists of numbers by KV head as text: heads apart by {@code ;}, numbers by commas, runs of ascending ones as {@code first-last}. */
final class ChunkText {
    private ChunkText() {}

    /** Writes lists of ascending numbers. */
    static String ofAscending(int[][] lists) {
        StringBuilder text = new StringBuilder();
        for (int head = 0; head < lists.length; head++) {
            text.append(head == 0 ? "" : ";");
            int[] list = lists[head];
            for (int i = 0; i < list.length; ) {
                int end = i + 1;
                while (end < list.length && list[end] == list[end - 1] + 1) {
                    end++;
                }
                text.append(i == 0 ? "" : ",").append(list[i]);
                if (end > i + 1) {
                    text.append('-').append(list[end - 1]);
                }
                i = end;
            }
        }
        return text.toString();
    }

    /** Writes lists of any numbers from 0 on. */
    static String of(int[][] lists) {
        StringBuilder text = new StringBuilder();
        for (int head = 0; head < lists.length; head++) {
            text.append(head == 0 ? "" : ";");
            for (int i = 0; i < lists[head].length; i++) {
                text.append(i == 0 ? "" : ",").append(lists[head][i]);
            }
        }
        return text.toString();
    }

    /**
     * Reads what either wrote.
     *
     * @throws IllegalArgumentException if it is something else
     */
    static int[][] parse(String text, int kvHeads) {
        String[] heads = text.split(";", -1);
        if (heads.length != kvHeads) {
            throw new IllegalArgumentException(
                    heads.length + " lists found, one of each of " + kvHeads + " KV heads expected");
        }
        int[][] lists = new int[kvHeads][];
        for (int head = 0; head < kvHeads; head++) {
            lists[head] = heads[head].isEmpty() ? new int[0] : list(heads[head]);
        }
        return lists;
    }

    private static int[] list(String text) {
        int[] list = new int[16];
        int size = 0;
        for (String part : text.split(",", -1)) {
            int dash = part.indexOf('-');
            int first = Integer.parseInt(dash < 0 ? part : part.substring(0, dash));
            int last = dash < 0 ? first : Integer.parseInt(part.substring(dash + 1));
            if (last < first || last - first > 1 << 24) {
                throw new IllegalArgumentException(
                        "'" + part + "' found, a number or a run of ascending ones expected");
            }
            for (int number = first; number <= last; number++) {
                if (size == list.length) {
                    list = Arrays.copyOf(list, 2 * size);
                }
                list[size++] = number;
            }
        }
        return Arrays.copyOf(list, size);
    }
}
