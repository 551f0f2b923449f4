"""How many events a prompt asks for: "three slow knocks", "a dog barking twice"."""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORDS = (
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
NUMBERS = {name: n for n, word in enumerate(WORDS, 2) for name in (word, str(n))}
OFTEN = {"twice": 2, "thrice": 3}
DOZENS = ((re.compile(r"\bhalf a dozen\b"), "6"), (re.compile(r"\b(?:a|one) dozen\b"), "12"))
# What begins and ends again, as one says it of many. Numbers of other things are no numbers of events.
EVENTS = _words(
    """
    bangs barks beats beeps bells bings bleeps blips blows boings bonks booms boops bounces bumps bursts buzzes caws
    chimes chirps chops clacks clangs clanks claps clashes clatters clicks clinks clonks clops clucks clunks collapses
    coughs cracks crashes creaks croaks crunches detonations dings dongs drips drops explosions fanfares flaps footfalls
    footsteps gasps gongs growls grunts gulps gunshots heartbeats hiccups hits honks hoots howls impacts jabs jingles
    jumps kicks knocks landings lasers meows moos neighs notes oinks pats peeps pings plinks plops plucks plunks pokes
    pops pulses punches quacks raps ribbits rings roars screams screeches shots shouts shrieks slams slaps slashes
    slices smacks smashes snaps snares sneezes sniffs snores snorts splashes splats squawks squeaks squeals stabs steps
    stomps strikes strokes strums swings swipes swishes swooshes taps thuds thumps thunderclaps thwacks ticks times
    tocks tolls tones toots tweets twangs wails whacks whips whistles whoops whooshes woofs yaps yelps zaps
    """
)
# Beside one of these a number is part of another.
FURTHER = _words("fifty forty eighty hundred million ninety one seventy sixty than thirty thousand")
# A number of these is a length, a time, a size or a name, whatever comes after it.
UNITS = _words(
    """
    a.m am amp amps bar bars bit bits bpm caliber calibre century cylinder day days db degree degrees dozen feet
    floor floors foot ft gauge gear half hertz hour hours hundred hz inch inches kg khz kilohertz lb legged m meter
    meters metre metres midnight mile miles million minute minutes mm ms noon o'clock octave octaves p.m percent pm
    point pound pounds s sec second seconds speed strings stroke th thousand ton tone tons v volt volts w watt watts
    way ways wheeled wheeler year years
    """
)
NO_NUMBER_AFTER = _words("act apollo chapter high level no nr number part past phase scene stage take to track version")
ENDS_NOUN = _words("above against at behind below by from in inside near of on outside through to under with")
OTHER_SOUNDS = re.compile(r"[;:+&/]|\b(and|then|while|over|after|before|followed|during|plus|but|or)\b")
# Said after a comma, these are no further sounds.
SURROUNDINGS = _words(
    """
    a an at away bathroom big cave church clean close concrete corridor desk distance distant door dry echo echoing
    exterior far fast field floor forest from glass hall hard heavy in indoor indoors inside interior isolated kitchen
    large light loud metal metallic mic miked muffled near nearby of on outdoor outdoors outside plastic quiet reverb
    room slow small soft stone street table the very wall wet window wood wooden
    """
)


def said_count(prompt: str) -> int | None:
    """The number of events, 2 to 20, of a prompt that asks for one kind of sound so many times; None for any other.

    That is one number before the plural of something that begins and ends again ("four distant door slams", "3 taps,
    wooden table"), or how often ("knocking three times", "beeps x3", "twice"). No count is said by a prompt of several
    sounds ("two knocks, then rain"), of numbers of other things ("five seconds of rain", "two dogs barking", "five
    o'clock bells"), or of one event or any number.
    """
    text = prompt.lower()
    for dozen, number in DOZENS:
        text = dozen.sub(number, text)
    text = re.sub(r"\b(\d+)x\b", r"\1 ", re.sub(r"\bx ?(\d+)\b", r"\1 times", text))
    head, *rest = text.split(",")
    words, after = (re.findall(r"[\w'-]+(?:\.\w+)*", part) for part in (head, " ".join(rest)))
    further = [word for word in after if word not in SURROUNDINGS and not word.endswith("ly")]
    places = [i for i, word in enumerate(words) if word in NUMBERS or word in OFTEN]
    if OTHER_SOUNDS.search(text) or len(places) != 1 or further:
        return None
    (at,) = places
    before, next_words = words[at - 1 : at], words[at + 1 :]
    if FURTHER & set(before + next_words[:1]):
        return None
    if words[at] in OFTEN:
        return None if next_words[:1] and next_words[0] in ("as", "a", "an", "per", "the") else OFTEN[words[at]]
    counted = _noun_phrase(next_words)
    if NO_NUMBER_AFTER & set(before) or UNITS & set(counted) or not EVENTS & set(counted):
        return None
    return None if "times" in counted and counted[-1] != "times" else NUMBERS[words[at]]


def _noun_phrase(words: list[str]) -> list[str]:
    """What is counted: up to a preposition."""
    end = next((i for i, word in enumerate(words) if word in ENDS_NOUN), len(words))
    return words[:end]
