package io.longinfer.model.chat;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.exptest.ExpTest;
import com.hubspot.jinjava.lib.filter.AdvancedFilter;
import com.hubspot.jinjava.util.ObjectTruthValue;
import java.util.List;
import java.util.Map;

/** Filters that jinjava has, but not as Python has them. Stateless. */
final class PythonFilters {
    private PythonFilters() {}

    /** {@code tojson} as Hugging Face defines it: Python's {@code json.dumps} without escaping what is not ASCII. */
    static final class ToJson implements AdvancedFilter {
        @Override
        public String getName() {
            return "tojson";
        }

        @Override
        public Object filter(
                Object value, JinjavaInterpreter interpreter, Object[] arguments, Map<String, Object> named) {
            Object indent = named.getOrDefault("indent", arguments.length > 0 ? arguments[0] : null);
            return PythonJson.write(value, indent instanceof Number number ? number.intValue() : -1);
        }
    }

    /** {@code trim}: takes white space, or the given characters, from both ends. */
    static final class Trim implements AdvancedFilter {
        @Override
        public String getName() {
            return "trim";
        }

        @Override
        public Object filter(
                Object value, JinjavaInterpreter interpreter, Object[] arguments, Map<String, Object> named) {
            Object characters = named.getOrDefault("chars", arguments.length > 0 ? arguments[0] : null);
            return PythonText.strip(value == null ? "" : value.toString(), characters, true, true);
        }
    }

    /** {@code is iterable}: holds of texts too. */
    static final class IsIterable implements ExpTest {
        @Override
        public String getName() {
            return "iterable";
        }

        @Override
        public boolean evaluate(Object value, JinjavaInterpreter interpreter, Object... arguments) {
            return value instanceof String
                    || value instanceof Iterable
                    || value instanceof Map
                    || value instanceof Object[];
        }
    }

    /** {@code items}: the pairs of a map. */
    static final class Items implements AdvancedFilter {
        @Override
        public String getName() {
            return "items";
        }

        @Override
        public Object filter(
                Object value, JinjavaInterpreter interpreter, Object[] arguments, Map<String, Object> named) {
            return value instanceof Map<?, ?> map ? PythonResolver.items(map) : List.of();
        }
    }

    /** How Python prints a value: truth values differ. Put around every printed expression. */
    static final class Printed implements AdvancedFilter {
        static final String NAME = "longinfer_printed";

        @Override
        public String getName() {
            return NAME;
        }

        @Override
        public Object filter(
                Object value, JinjavaInterpreter interpreter, Object[] arguments, Map<String, Object> named) {
            return value instanceof Boolean flag ? (flag ? "True" : "False") : value;
        }
    }

    /** Whether Python takes a value for true: the text {@code false} is. Put around every condition. */
    static final class Truth implements AdvancedFilter {
        static final String NAME = "longinfer_truth";

        @Override
        public String getName() {
            return NAME;
        }

        @Override
        public Object filter(
                Object value, JinjavaInterpreter interpreter, Object[] arguments, Map<String, Object> named) {
            return value instanceof String text ? !text.isEmpty() : ObjectTruthValue.evaluate(value);
        }
    }
}
