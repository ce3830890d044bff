package io.longinfer.model.chat;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.el.JinjavaProcessors;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.InterpretException;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import com.hubspot.jinjava.objects.date.FixedDateTimeProvider;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Renders foreign Jinja templates with jinjava, set up as Hugging Face sets Jinja up, and shut off: no Java object, no file, no
 * class path, and limits on everything that could grow. Stateless, safe for any thread.
 */
final class TemplateEngine {
    /** What a template may add to the conversation, in characters. */
    private static final long MOST_ADDED_CHARACTERS = 4_000_000;

    /** How often a template may repeat the conversation. */
    private static final long MOST_REPETITIONS = 8;

    private static final Duration MOST_TIME = Duration.ofSeconds(10);
    private static final int LONGEST_RANGE = 10_000;
    private static final int MOST_ELEMENTS = 100_000;
    private static final int DEEPEST_NESTING = 50;

    /** Tags that read other templates. */
    private static final Set<String> DISABLED_TAGS = Set.of("include", "import", "from", "extends", "block", "cycle");

    /** Filters that Jinja does not have and that reach beyond the conversation. */
    private static final Set<String> DISABLED_FILTERS =
            Set.of("render", "log", "fromjson", "fromyaml", "toyaml", "datetimeformat", "random", "shuffle", "pprint");

    private static final LegacyOverrides AS_IN_PYTHON = LegacyOverrides.newBuilder()
            .withEvaluateMapKeys(true)
            .withIterateOverMapKeys(true)
            .withUsePyishObjectMapper(true)
            .withUseNaturalOperatorPrecedence(true)
            .withParseWhitespaceControlStrictly(true)
            .withAllowAdjacentTextNodes(true)
            .withUseTrimmingForNotesAndExpressions(true)
            .withKeepNullableLoopValues(true)
            .build();

    private static final Jinjava JINJAVA = engine();

    private TemplateEngine() {}

    /**
     * The output of a template.
     *
     * @throws ChatTemplateException if it refuses its input or cannot be rendered
     */
    static String render(String template, Map<String, Object> variables, Clock clock) {
        return render(template, variables, clock, MOST_TIME);
    }

    /** As {@link #render(String, Map, Clock)}, within another time. */
    static String render(String template, Map<String, Object> variables, Clock clock, Duration mostTime) {
        long inputCharacters =
                Math.addExact(template.length(), variables.toString().length());
        Map<String, Object> bindings = new HashMap<>(variables);
        TemplateFunctions.NAMES.forEach(name -> bindings.put(name, true)); // templates ask whether they are defined
        RenderResult result;
        try {
            result = JINJAVA.renderForResult(
                    TemplateSource.prepare(template), bindings, config(clock, inputCharacters, mostTime));
        } catch (ChatTemplateException e) {
            throw e;
        } catch (StackOverflowError e) {
            throw ChatTemplateException.failure("it is nested too deeply");
        } catch (RuntimeException e) {
            throw failure(e, e.getMessage(), 0);
        }
        for (TemplateError error : result.getErrors()) {
            throw failure(error.getException(), error.getMessage(), error.getLineno());
        }
        return result.getOutput();
    }

    private static ChatTemplateException failure(Throwable cause, String message, int line) {
        for (Throwable e = cause; e != null; e = e.getCause()) {
            if (e instanceof ChatTemplateException own) {
                return own;
            }
        }
        return ChatTemplateException.failure(line > 0 ? message + " (line " + line + ")" : message);
    }

    private static Jinjava engine() {
        Jinjava jinjava = new Jinjava(JinjavaConfig.newBuilder().build());
        jinjava.setResourceLocator((name, charset, interpreter) -> {
            throw new IOException("a chat template reads no other file, not " + name);
        });
        for (String name : TemplateFunctions.NAMES) {
            jinjava.registerFunction(new ELFunctionDefinition("", name, TemplateFunctions.class, name, String.class));
        }
        jinjava.registerFilter(new PythonFilters.ToJson());
        jinjava.registerFilter(new PythonFilters.Trim());
        jinjava.registerFilter(new PythonFilters.Items());
        jinjava.registerFilter(new PythonFilters.Printed());
        jinjava.registerFilter(new PythonFilters.Truth());
        jinjava.registerExpTest(new PythonFilters.IsIterable());
        jinjava.registerTag(new GenerationTag());
        return jinjava;
    }

    private static JinjavaConfig config(Clock clock, long inputCharacters, Duration mostTime) {
        long mostCharacters = MOST_ADDED_CHARACTERS + MOST_REPETITIONS * inputCharacters;
        return JinjavaConfig.newBuilder()
                .withTrimBlocks(false)
                .withLstripBlocks(false)
                .withNestedInterpretationEnabled(false) // what users write is never a template
                .withLegacyOverrides(AS_IN_PYTHON)
                .withElResolver(new PythonResolver())
                .withDisabled(Map.of(Context.Library.TAG, DISABLED_TAGS, Context.Library.FILTER, DISABLED_FILTERS))
                .withMaxOutputSize(mostCharacters)
                .withMaxStringLength(mostCharacters)
                .withMaxListSize(MOST_ELEMENTS)
                .withMaxMapSize(MOST_ELEMENTS)
                .withRangeLimit(LONGEST_RANGE)
                .withMaxRenderDepth(DEEPEST_NESTING)
                .withEnableRecursiveMacroCalls(true)
                .withMaxMacroRecursionDepth(DEEPEST_NESTING)
                .withTimeZone(clock.getZone())
                .withDateTimeProvider(new FixedDateTimeProvider(clock.millis()))
                .withProcessors(JinjavaProcessors.newBuilder()
                        .withNodePreProcessor(new RenderLimits(mostTime))
                        .build())
                .build();
    }

    /** Whether there is a filter of that name: jinjava takes an unknown one for nothing. */
    static boolean hasFilter(String name) {
        return !DISABLED_FILTERS.contains(name) && JINJAVA.getGlobalContext().getFilter(name) != null;
    }

    /** Whether there is a test of that name. */
    static boolean hasTest(String name) {
        return JINJAVA.getGlobalContext().getExpTest(name) != null;
    }

    /** An error that stops the rendering. */
    static InterpretException stop(String message) {
        return new InterpretException(message, ChatTemplateException.failure(message), 0);
    }
}
