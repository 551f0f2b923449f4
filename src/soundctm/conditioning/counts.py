"""How many events a prompt asks for: "three slow knocks", "a dog barking twice"."""

import re

WORDS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMBERS = {name: n for n, word in enumerate(WORDS, 2) for name in (word, str(n))}
OFTEN = {"twice": 2, "thrice": 3}
OTHER_SOUNDS = re.compile(r"[,;:+&/]|\b(and|then|with|while|over|after|before|followed|during|against|plus|but|or)\b")
ENDS_NOUN = re.compile(r"\b(on|in|at|of|from|by|to|through|behind|under|inside|outside|near)\b")
UNITS = re.compile(r"\b(per|seconds?|minutes?|hours?|met(er|re)s|feet|miles|octaves|bars|dozen|hundred|thousand)\b")
GOES_ON = re.compile(r"\b(?!string|spring)\w{2,}ing\b")  # what somebody does all the time
PLURAL = re.compile(r"\b\w+([^su\W]s|sses)\b")


def said_count(prompt: str) -> int | None:
    """The number of events, 2 to 10, of a prompt that asks for one kind of sound so many times; None for any other.

    That is one number and a plural after it ("four distant door slams"), or how often ("knocking three times",
    "twice"). No count is said by a prompt of several sounds ("two knocks, then rain"), of numbers of other things
    ("five seconds of rain"), of things that go on ("two engines running"), or of one event or any number.
    """
    text = prompt.lower()
    words = re.findall(r"[\w'-]+", text)
    said = [word for word in words if word in NUMBERS or word in OFTEN]
    if OTHER_SOUNDS.search(text) or len(said) != 1:
        return None
    (number,) = said
    if number in OFTEN:
        return OFTEN[number]
    counted = ENDS_NOUN.split(" ".join(words[words.index(number) + 1 :]))[0]
    events = PLURAL.search(counted) and not GOES_ON.search(counted) and not UNITS.search(counted)
    return NUMBERS[number] if events else None
