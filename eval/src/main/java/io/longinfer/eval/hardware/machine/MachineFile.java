package io.longinfer.eval.hardware.machine;

import io.longinfer.kvcache.ByteSize;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * A machine as YAML: mappings {@code device}, {@code link}, {@code host} and {@code disk}, and a {@code name}. Sizes are written
 * {@code 24GB}, rates {@code 7GB/s}, times {@code 80us}, operations {@code 165T}.
 */
public final class MachineFile {
    /** Machines that are built in. */
    public static final List<String> NAMES = List.of("rtx4090", "laptop8gb");

    private static final Map<String, Set<String>> KEYS = Map.of(
            "device",
                    Set.of(
                            "memory",
                            "bandwidth",
                            "flops",
                            "attention",
                            "scoring",
                            "decode",
                            "layer-overhead",
                            "step-overhead",
                            "is-host"),
            "link", Set.of("bandwidth", "latency"),
            "host", Set.of("memory", "bandwidth", "scoring"),
            "disk", Set.of("bandwidth", "write-bandwidth", "latency", "depth", "block"));

    private final String source;
    private final Map<?, ?> root;

    private MachineFile(String source, Map<?, ?> root) {
        this.source = source;
        this.root = root;
    }

    /**
     * Reads a machine by its name or from a file.
     *
     * @throws MachineException if there is none of that name, or the file describes none
     */
    public static Machine read(String nameOrFile) throws IOException {
        if (NAMES.contains(nameOrFile)) {
            try (InputStream in = MachineFile.class.getResourceAsStream(nameOrFile + ".yaml")) {
                if (in == null) {
                    throw new IOException("the resource " + nameOrFile + ".yaml is missing from the application");
                }
                return read(nameOrFile, new InputStreamReader(in, StandardCharsets.UTF_8));
            }
        }
        Path file = Path.of(nameOrFile);
        if (!Files.isRegularFile(file)) {
            throw new MachineException(
                    nameOrFile, "no such machine: one of " + String.join(", ", NAMES) + " or a YAML file expected");
        }
        try (Reader in = Files.newBufferedReader(file)) {
            return read(nameOrFile, in);
        }
    }

    private static Machine read(String source, Reader in) {
        try {
            Object root = new Load(LoadSettings.builder().setLabel(source).build()).loadFromReader(in);
            if (!(root instanceof Map<?, ?> map)) {
                throw new MachineException(source, "a mapping of name, device, link, host and disk expected");
            }
            return new MachineFile(source, map).machine();
        } catch (YamlEngineException e) {
            throw new MachineException(source, "no YAML: " + e.getMessage().replaceAll("\\s+", " "));
        }
    }

    private Machine machine() {
        for (Object key : root.keySet()) {
            if (!key.equals("name") && !KEYS.containsKey(String.valueOf(key))) {
                throw new MachineException(
                        source, "key '" + key + "' found, one of name, device, link, host, disk expected");
            }
        }
        double bandwidth = rate("device", "bandwidth", Double.NaN);
        double hostBandwidth = rate("host", "bandwidth", Double.NaN);
        double read = rate("disk", "bandwidth", Double.NaN);
        return new Machine(
                root.containsKey("name") ? String.valueOf(root.get("name")) : source,
                new Machine.Device(
                        size("device", "memory"),
                        bandwidth,
                        plain("device", "flops", Double.NaN),
                        rate("device", "attention", bandwidth),
                        rate("device", "scoring", bandwidth),
                        rate("device", "decode", bandwidth),
                        time("device", "layer-overhead"),
                        time("device", "step-overhead"),
                        Boolean.parseBoolean(text("device", "is-host", "false"))),
                new Machine.Link(rate("link", "bandwidth", Double.POSITIVE_INFINITY), time("link", "latency")),
                new Machine.Host(size("host", "memory"), hostBandwidth, scoring(hostBandwidth)),
                new Machine.Disk(
                        read,
                        rate("disk", "write-bandwidth", read),
                        time("disk", "latency"),
                        (int) plain("disk", "depth", 64),
                        blockBytes()));
    }

    private Map<String, Double> scoring(double usual) {
        Object value = section("host").get("scoring");
        if (!(value instanceof Map<?, ?> variants)) {
            return Map.of(Machine.Host.ANY, rate("host", "scoring", usual));
        }
        Map<String, Double> rates = new LinkedHashMap<>();
        variants.forEach((variant, rate) ->
                rates.put(String.valueOf(variant), parseRate("host.scoring." + variant, String.valueOf(rate))));
        return rates;
    }

    private Map<?, ?> section(String name) {
        Object section = root.containsKey(name) ? root.get(name) : Map.of();
        if (!(section instanceof Map<?, ?> map)) {
            throw wrong(name, section, "a mapping of " + String.join(", ", new java.util.TreeSet<>(KEYS.get(name))));
        }
        for (Object key : map.keySet()) {
            if (!KEYS.get(name).contains(String.valueOf(key))) {
                throw wrong(name, key, "one of " + String.join(", ", new java.util.TreeSet<>(KEYS.get(name))));
            }
        }
        return map;
    }

    private String text(String section, String key, String usual) {
        Object value = section(section).get(key);
        return value == null ? usual : String.valueOf(value);
    }

    private int blockBytes() {
        double bytes = size("disk", "block");
        if (Double.isFinite(bytes) && (bytes < 512 || bytes > 1 << 20)) {
            throw wrong("disk.block", bytes, "512B to 1MiB");
        }
        return Double.isFinite(bytes) ? (int) bytes : 0;
    }

    private double size(String section, String key) {
        String value = text(section, key, "unlimited");
        try {
            long bytes = ByteSize.parse(value);
            return bytes == ByteSize.UNLIMITED ? Double.POSITIVE_INFINITY : bytes;
        } catch (IllegalArgumentException e) {
            throw wrong(section + "." + key, value, "a size such as 24GB");
        }
    }

    private double rate(String section, String key, double usual) {
        String value = text(section, key, "");
        if (value.isEmpty()) {
            return present(section, key, usual);
        }
        return parseRate(section + "." + key, value);
    }

    private double parseRate(String what, String value) {
        try {
            if (value.endsWith("/s")) {
                long rate = ByteSize.parse(value.substring(0, value.length() - 2));
                if (rate > 0) {
                    return rate == ByteSize.UNLIMITED ? Double.POSITIVE_INFINITY : rate;
                }
            }
        } catch (IllegalArgumentException e) {
            // said below
        }
        throw wrong(what, value, "a rate such as 7GB/s");
    }

    private double time(String section, String key) {
        String value = text(section, key, "0ns");
        for (String unit : List.of("ns", "us", "ms")) {
            if (value.endsWith(unit)) {
                double factor = unit.equals("ns") ? 1 : unit.equals("us") ? 1e3 : 1e6;
                return factor * number(section + "." + key, value, value.substring(0, value.length() - 2));
            }
        }
        throw wrong(section + "." + key, value, "a time such as 80us");
    }

    private double plain(String section, String key, double usual) {
        String value = text(section, key, "");
        if (value.isEmpty()) {
            return present(section, key, usual);
        }
        double factor = value.endsWith("T") ? 1e12 : value.endsWith("G") ? 1e9 : 1;
        double number = factor
                * number(section + "." + key, value, factor == 1 ? value : value.substring(0, value.length() - 1));
        if (number <= 0) {
            throw wrong(section + "." + key, value, "a number above 0");
        }
        return number;
    }

    private double number(String what, String value, String digits) {
        try {
            double number = Double.parseDouble(digits);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw wrong(what, value, "a number of at least 0");
    }

    private double present(String section, String key, double usual) {
        if (Double.isNaN(usual)) {
            throw new MachineException(source, "'" + section + "." + key + "' is missing");
        }
        return usual;
    }

    private MachineException wrong(String what, Object value, String expected) {
        return new MachineException(source, "'" + what + "' is '" + value + "', " + expected + " expected");
    }
}
