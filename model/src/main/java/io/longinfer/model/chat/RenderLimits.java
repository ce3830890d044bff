package io.longinfer.model.chat;

import com.hubspot.jinjava.el.JinjavaNodePreProcessor;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.tree.Node;
import com.hubspot.jinjava.tree.TagNode;
import java.time.Duration;
import java.util.regex.Pattern;

/** Counts the steps of one rendering and looks at the clock, so that nested loops end; refuses what jinjava would misread. */
final class RenderLimits extends JinjavaNodePreProcessor {
    private static final long MOST_STEPS = 1_000_000;

    /** jinjava takes the condition of {@code for x in xs if c} for a choice between the list and nothing. */
    private static final Pattern CONDITION = Pattern.compile("\\sif\\s");

    private static final Pattern ALTERNATIVE = Pattern.compile("\\selse\\s");

    private final Duration mostTime;
    private final long deadlineNanos;
    private long steps;

    RenderLimits(Duration mostTime) {
        this.mostTime = mostTime;
        this.deadlineNanos = System.nanoTime() + mostTime.toNanos();
    }

    @Override
    public void accept(Node node, JinjavaInterpreter interpreter) {
        super.accept(node, interpreter);
        if (++steps > MOST_STEPS) {
            throw TemplateEngine.stop("it takes more than " + MOST_STEPS + " steps");
        }
        if (System.nanoTime() - deadlineNanos > 0) {
            throw TemplateEngine.stop("it takes longer than " + mostTime.toMillis() + " ms");
        }
        if (node instanceof TagNode tag && "for".equals(tag.getName())) {
            checkFor(tag);
        }
    }

    private static void checkFor(TagNode tag) {
        String helpers = tag.getHelpers();
        boolean filtered = CONDITION.matcher(helpers).find()
                && !ALTERNATIVE.matcher(helpers).find();
        if (filtered || helpers.endsWith(" recursive")) {
            throw TemplateEngine.stop(
                    "'for" + helpers + "': a condition or recursion in a loop's head is not supported");
        }
        for (Node child : tag.getChildren()) {
            if (child instanceof TagNode inner && "else".equals(inner.getName())) {
                throw TemplateEngine.stop("'for" + helpers + "': an 'else' of a loop is not supported");
            }
        }
    }
}
