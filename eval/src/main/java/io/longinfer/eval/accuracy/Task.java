package io.longinfer.eval.accuracy;

/** Questions of one kind, answered by generating greedily. The same index gives the same sample. */
public interface Task {
    /** Its name in options and tables, such as {@code niah_single_1}. */
    String name();

    /** How many samples there are. */
    int samples();

    /** The sample of an index below {@link #samples}. */
    Sample sample(int index);

    /** How answers are scored. */
    Metric metric();
}
