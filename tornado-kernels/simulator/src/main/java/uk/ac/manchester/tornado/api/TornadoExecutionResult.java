package uk.ac.manchester.tornado.api;

import io.longinfer.simulator.graph.PlanExecution;
import io.longinfer.simulator.graph.RecordedGraph;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** A finished execution, from which arrays that travel under demand are fetched. */
public class TornadoExecutionResult {
    private final PlanExecution plan;
    private final List<RecordedGraph> executed;

    TornadoExecutionResult(PlanExecution plan, List<RecordedGraph> executed) {
        this.plan = plan;
        this.executed = executed;
    }

    /** Copies whole arrays from the device. */
    public TornadoExecutionResult transferToHost(Object... objects) {
        for (Object object : objects) {
            TornadoNativeArray array = (TornadoNativeArray) object;
            plan.fetch(executed, array, TornadoNativeArray.ARRAY_HEADER, array.getNumBytesOfSegment());
        }
        return this;
    }

    /** Copies a part of an array from the device. */
    public TornadoExecutionResult transferToHost(DataRange dataRange) {
        dataRange.materialize();
        plan.fetch(executed, dataRange.getArray(), dataRange.getOffset(), dataRange.getPartialSize());
        return this;
    }

    /** True: an execution has ended when there is a result. */
    public boolean isReady() {
        return true;
    }
}
