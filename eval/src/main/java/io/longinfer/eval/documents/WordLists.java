package io.longinfer.eval.documents;

import java.util.List;

/** Common English words, from which keys are made. */
public final class WordLists {
    /** Adjectives. */
    public static final List<String> ADJECTIVES = List.of(("amber ancient awkward bitter blunt bold brave breezy brief"
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

    /** Nouns. */
    public static final List<String> NOUNS = List.of(("acorn anchor apple arrow badger banner barrel basket beacon"
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

    private WordLists() {}
}
