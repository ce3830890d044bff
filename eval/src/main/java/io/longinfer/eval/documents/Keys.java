package io.longinfer.eval.documents;

import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Draws the keys and values of one document: no key twice, and no value twice nor inside another's digits, so that an
 * answer never occurs where it was not put. Not thread-safe.
 */
final class Keys {
    private static final List<String> ADJECTIVES = List.of(("amber ancient awkward bitter blunt bold brave breezy brief"
                    + " bright brisk broad calm careful chilly clever clumsy coarse common cosy crisp crooked curious"
                    + " daring dim distant dusty eager early elegant empty faint famous fancy fearless fierce flat"
                    + " fragile frank fresh frosty gentle giant gifted glad gloomy golden graceful grand grumpy hasty"
                    + " heavy hidden hollow honest humble icy idle jolly keen kind large lazy lively lonely loud loyal"
                    + " lucky mellow merry mild misty modest muddy narrow neat noble odd pale patient plain playful"
                    + " polite proud quaint quick quiet rapid rare restless ripe rough round rusty salty secret sharp"
                    + " shiny silent silver simple slender sleepy slow smooth soft solid sour spare steady steep stern"
                    + " sturdy sudden sunny swift tall tame tender thirsty tidy tiny vast velvet vivid warm weary wild"
                    + " wise witty woolly yellow young zealous")
            .split(" "));
    private static final List<String> NOUNS = List.of(("acorn anchor apple arrow badger banner barrel basket beacon"
                    + " beetle bishop blanket bottle bracket branch brush bucket button cabin candle canyon carpet"
                    + " castle cedar chimney circle cliff clover cobbler comet copper cradle crane cricket crown"
                    + " cupboard dagger desert dolphin donkey drawer drum eagle engine falcon feather fiddle finger"
                    + " flute forest fountain garden glacier glove goblet hammer harbor harvest hedge heron hinge"
                    + " island jacket jewel kettle kitten ladder lantern lemon letter lizard locket magnet mantle"
                    + " marble meadow mirror mitten monkey mountain needle nutmeg oak ocean otter oyster paddle palace"
                    + " parcel parrot pebble pencil pepper pigeon pillow planet plough pocket pond prairie puzzle"
                    + " quarry quilt rabbit ribbon river rocket saddle sandal scarf shadow shovel signal sparrow"
                    + " spoon statue summit table teapot temple thimble thistle ticket timber trumpet tulip turnip"
                    + " valley vessel violin wagon walnut whistle willow window wizard wrench zipper")
            .split(" "));
    private static final int[] LENGTHS = {4, 5, 7};
    private static final int SHORTEST = 4;

    private final Random random;
    private final Set<String> pairs = new HashSet<>();
    private final Set<String> values = new HashSet<>();
    private final Set<String> parts = new HashSet<>();

    Keys(Random random) {
        this.random = random;
    }

    /** How many keys there are. */
    static int capacity() {
        return ADJECTIVES.size() * NOUNS.size();
    }

    /** Adjective, space or hyphen, noun; the same pair never comes twice, whatever joins it. */
    String nextKey() {
        if (pairs.size() >= capacity() / 2) {
            throw new IllegalStateException("no more than " + capacity() / 2 + " facts in one document");
        }
        while (true) {
            String adjective = ADJECTIVES.get(random.nextInt(ADJECTIVES.size()));
            String noun = NOUNS.get(random.nextInt(NOUNS.size()));
            String joint = random.nextBoolean() ? " " : "-";
            if (pairs.add(adjective + ' ' + noun)) {
                return adjective + joint + noun;
            }
        }
    }

    /** 4, 5 or 7 digits, the first not 0. */
    String nextValue() {
        while (true) {
            int length = LENGTHS[random.nextInt(LENGTHS.length)];
            String value = digits(length);
            if (!parts.contains(value) && !holdsAnother(value)) {
                values.add(value);
                forEachPart(value, parts::add);
                return value;
            }
        }
    }

    private String digits(int length) {
        StringBuilder digits = new StringBuilder(length);
        digits.append((char) ('1' + random.nextInt(9)));
        while (digits.length() < length) {
            digits.append((char) ('0' + random.nextInt(10)));
        }
        return digits.toString();
    }

    private boolean holdsAnother(String value) {
        boolean[] found = {false};
        forEachPart(value, part -> found[0] |= values.contains(part));
        return found[0];
    }

    private static void forEachPart(String value, Consumer<String> action) {
        for (int from = 0; from < value.length(); from++) {
            for (int to = from + SHORTEST; to <= value.length(); to++) {
                action.accept(value.substring(from, to));
            }
        }
    }
}
