package io.longinfer.model.weights;

import io.longinfer.kvcache.ByteSize;
import io.longinfer.kvcache.budget.Tier;
import io.longinfer.model.weights.WeightConfig.Budgets;
import io.longinfer.model.weights.WeightConfig.Percent;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Decides where each unit lies. Units that a step needs whole come first, to the device while it has room, then to the host;
 * tables of which it reads one row take what is left. Device, host and disk alternate along the layers, so that a slow tier
 * has the longest possible time for each of its units.
 */
final class WeightPlan {
    private static final int SLOTS = WeightStream.SLOTS;

    private final WeightLayout layout;
    private final Map<Tier, Long> bytes = new EnumMap<>(Tier.class);
    private final Map<Tier, Long> limits = new EnumMap<>(Tier.class);
    private boolean streams;
    private boolean readsRows;

    private WeightPlan(WeightLayout layout) {
        this.layout = layout;
        for (Tier tier : Tier.values()) {
            bytes.put(tier, 0L);
            limits.put(tier, ByteSize.UNLIMITED);
        }
    }

    /**
     * Places the units of a layout.
     *
     * @throws WeightPlanException if not even all on disk would leave enough of the device
     */
    static WeightPlan place(WeightLayout layout, WeightConfig.Limits limits) {
        WeightPlan plan = new WeightPlan(layout);
        switch (limits) {
            case Budgets budgets -> plan.fit(budgets);
            case Percent percent -> plan.share(percent);
        }
        return plan;
    }

    private void fit(Budgets budgets) {
        limits.put(Tier.DEVICE, budgets.deviceBytes());
        limits.put(Tier.HOST, budgets.hostBytes());
        long all = layout.vectorBytes();
        for (WeightUnit unit : units()) {
            all += unit.sizeBytes();
        }
        if (all <= budgets.deviceBytes()) {
            units().forEach(unit -> put(unit, Tier.DEVICE));
            return;
        }
        long least = layout.vectorBytes() + layout.rowBufferBytes();
        long whole =
                layout.streamable().stream().mapToLong(WeightUnit::sizeBytes).sum();
        if (whole > budgets.deviceBytes() - least) {
            least += SLOTS * slotBytes();
        }
        if (least > budgets.deviceBytes()) {
            throw new WeightPlanException(
                    least,
                    budgets.deviceBytes(),
                    SLOTS + " staging buffers of " + slotBytes() + " bytes, " + layout.rowBufferBytes()
                            + " bytes for a row of the embedding and " + layout.vectorBytes()
                            + " bytes of norms and biases");
        }
        long device = budgets.deviceBytes() - least;
        for (WeightUnit unit : units()) {
            if (bytes.get(Tier.DEVICE) + unit.sizeBytes() <= device) {
                put(unit, Tier.DEVICE);
            } else if (bytes.get(Tier.HOST) + unit.sizeBytes() <= budgets.hostBytes()) {
                put(unit, Tier.HOST);
            } else {
                put(unit, Tier.DISK);
            }
        }
    }

    /** Shares come as near to the percentages as whole units allow. */
    private void share(Percent percent) {
        long all = 0;
        for (WeightUnit unit : units()) {
            all += unit.sizeBytes();
        }
        Tier rest = percent.disk() > 0 ? Tier.DISK : percent.host() > 0 ? Tier.HOST : Tier.DEVICE;
        for (WeightUnit unit : units()) {
            if (bytes.get(Tier.DEVICE) + unit.sizeBytes() / 2 < all / 100.0 * percent.device()) {
                put(unit, Tier.DEVICE);
            } else if (bytes.get(Tier.HOST) + unit.sizeBytes() / 2 < all / 100.0 * percent.host()) {
                put(unit, Tier.HOST);
            } else {
                put(unit, rest);
            }
        }
        limits.put(Tier.DEVICE, bytes(Tier.DEVICE));
        limits.put(Tier.HOST, bytes(Tier.HOST));
    }

    private void put(WeightUnit unit, Tier tier) {
        unit.place(tier);
        bytes.merge(tier, unit.sizeBytes(), Long::sum);
        boolean whole = unit.index() < layout.streamable().size();
        boolean rows = !whole
                || (layout.output().rowsAreRead()
                        && unit.index() >= layout.layers().size());
        streams |= whole && tier != Tier.DEVICE;
        readsRows |= rows && tier == Tier.DISK;
    }

    /** The units in the order in which they choose a place: first those needed whole, any number of them spread evenly. */
    private List<WeightUnit> units() {
        List<WeightUnit> streamable = layout.streamable();
        List<WeightUnit> ordered = new ArrayList<>();
        int bits = 32 - Integer.numberOfLeadingZeros(Math.max(1, streamable.size() - 1));
        for (int i = 0; i < 1 << bits; i++) {
            int at = bits == 0 ? 0 : Integer.reverse(i) >>> (32 - bits);
            if (at < streamable.size()) {
                ordered.add(streamable.get(at));
            }
        }
        ordered.addAll(layout.rowsOnly());
        return ordered;
    }

    /** Bytes of a staging buffer. */
    long slotBytes() {
        return layout.streamable().stream()
                .mapToLong(WeightUnit::sizeBytes)
                .max()
                .orElse(0);
    }

    /** Bytes of all staging buffers, 0 if nothing is streamed. */
    long stagingBytes() {
        return streams ? SLOTS * slotBytes() : 0;
    }

    /** Bytes of the buffer for rows, 0 if none are read from disk. */
    long rowBufferBytes() {
        return readsRows ? layout.rowBufferBytes() : 0;
    }

    /** Bytes that the plan takes of a tier. */
    long bytes(Tier tier) {
        long units = bytes.get(tier);
        return tier == Tier.DEVICE ? units + layout.vectorBytes() + stagingBytes() + rowBufferBytes() : units;
    }

    /** Bytes that it may take. */
    long limitBytes(Tier tier) {
        return limits.get(tier);
    }
}
