package io.longinfer.eval.report.page;

import io.longinfer.eval.report.figure.Drawing;
import io.longinfer.eval.report.figure.Figure;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A report as one page that needs nothing else: no script, no network, no other file. */
public final class HtmlPage {
    private static final String NOTHING_FROM_OUTSIDE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

    private HtmlPage() {}

    /**
     * The page.
     *
     * @param origin what it was made from and by, a sentence
     */
    public static String of(List<Figure> figures, String origin) {
        Map<String, List<Figure>> sections = new LinkedHashMap<>();
        figures.forEach(figure -> sections.computeIfAbsent(figure.title(), title -> new ArrayList<>())
                .add(figure));
        Markup markup = new Markup();
        markup.open("html", "lang", "en").line();
        head(markup);
        markup.open("body").line().open("header");
        markup.element("h1", "LongInfer: results").element("p", origin).close().line();
        contents(markup, sections);
        markup.open("main").line();
        sections.forEach((title, some) -> section(markup, title, some));
        markup.close().close().close().line();
        return "<!DOCTYPE html>\n" + markup;
    }

    private static void head(Markup markup) {
        markup.open("head").open("meta", "charset", "utf-8").line();
        markup.open("meta", "name", "viewport", "content", "width=device-width, initial-scale=1")
                .line();
        markup.open("meta", "http-equiv", "Content-Security-Policy", "content", NOTHING_FROM_OUTSIDE)
                .line();
        markup.open("meta", "name", "color-scheme", "content", "light dark").line();
        markup.open("link", "rel", "icon", "href", "data:,").line();
        markup.element("title", "LongInfer: results").line();
        markup.style(css()).close().line();
    }

    private static String css() {
        try (InputStream resource = HtmlPage.class.getResourceAsStream("page.css")) {
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("the application's page.css cannot be read", e);
        }
    }

    private static void contents(Markup markup, Map<String, List<Figure>> sections) {
        markup.open("nav", "aria-label", "Figures").open("ul");
        sections.forEach((title, figures) -> markup.open("li")
                .element("a", title, "href", "#" + section(figures))
                .close());
        markup.close().close().line();
    }

    private static String section(List<Figure> figures) {
        return "section-" + figures.getFirst().id();
    }

    private static void section(Markup markup, String title, List<Figure> figures) {
        boolean alone = figures.size() == 1 && !(figures.getFirst().drawing() instanceof Drawing.Matrix);
        markup.open("section", "id", section(figures), "class", alone ? "alone" : "row")
                .element("h2", title);
        markup.element("p", figures.getFirst().note(), "class", "note").line();
        markup.open("div", "class", "figures").line();
        figures.forEach(figure -> figure(markup, figure));
        markup.close().close().line();
    }

    private static void figure(Markup markup, Figure figure) {
        boolean wide = figure.drawing() instanceof Drawing.Matrix;
        markup.open("figure", "id", figure.id(), "class", wide ? "wide" : "narrow");
        markup.open("figcaption").element("h3", figure.setting());
        figure.sources().warnings().forEach(warning -> markup.element("p", warning, "class", "warning"));
        markup.close().line();
        switch (figure.drawing()) {
            case Drawing.Lines lines -> LineDrawing.draw(markup, figure, lines);
            case Drawing.Bars bars -> BarDrawing.draw(markup, figure, bars);
            case Drawing.Heat heat -> HeatDrawing.draw(markup, figure, heat);
            case Drawing.Matrix matrix -> MatrixDrawing.draw(markup, figure, matrix);
        }
        markup.open("details").element("summary", "Data, command and machine").line();
        HtmlTable.ofFigure(markup, figure);
        HtmlTable.ofSources(markup, figure);
        markup.close().close().line();
    }
}
