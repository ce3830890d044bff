package io.longinfer.eval.report;

import io.longinfer.kvcache.KvMetrics;
import io.longinfer.kvcache.KvMetrics.LinkMetrics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What travelled over the links in prefill and in decoding.
 *
 * @param afterPrefill the metrics when the prompt had been read
 * @param afterDecode the metrics at the end
 */
public record PhaseTraffic(KvMetrics afterPrefill, KvMetrics afterDecode) {
    /** Links in prefill. */
    public List<LinkMetrics> prefill() {
        return afterPrefill.links();
    }

    /** Links behind it. */
    public List<LinkMetrics> decode() {
        List<LinkMetrics> links = new ArrayList<>();
        for (LinkMetrics total : afterDecode.links()) {
            LinkMetrics before = afterPrefill.link(total.link());
            links.add(new LinkMetrics(
                    total.link(),
                    total.bytes() - before.bytes(),
                    total.operations() - before.operations(),
                    total.stallNanos() - before.stallNanos()));
        }
        return links;
    }

    /** Links as a tree by their labels. */
    static Map<String, Object> toTree(List<LinkMetrics> links) {
        Map<String, Object> tree = new LinkedHashMap<>();
        for (LinkMetrics link : links) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("bytes", link.bytes());
            entry.put("operations", link.operations());
            entry.put("stallMillis", link.stallNanos() / 1e6);
            tree.put(link.link().label(), entry);
        }
        return tree;
    }
}
