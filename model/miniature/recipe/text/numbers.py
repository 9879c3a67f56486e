"""Numbers, dates, times, money and measures, as one writes them and in several ways in which one says them.

This file owns the English number words. Everything is made in the notation of the corpus, `{written|spoken}`.
"""

from __future__ import annotations

from random import Random

from model.miniature.recipe.text.letters import DIGITS, pair, said

_ONES = (*DIGITS, "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
         "nineteen")  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
             "twelve": "twelfth"}  # fmt: skip
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip


def cardinal(number: int, joint: str = " ") -> str:
    """The words of a number from 0 to below a thousand million.

    Args:
        joint: Between hundreds and the rest: a space, or ` and ` as the British say it.
    """
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _TENS[number // 10] + (f" {_ONES[number % 10]}" if number % 10 else "")
    for size, name in ((1_000_000, "million"), (1000, "thousand"), (100, "hundred")):
        if number >= size:
            high, low = divmod(number, size)
            link = joint if low < 100 else " "
            return f"{cardinal(high, joint)} {name}" + (link + cardinal(low, joint) if low else "")
    raise ValueError(f"no words for {number}")


def ordinal(number: int) -> str:
    """`twenty first`."""
    head, _, last = cardinal(number).rpartition(" ")
    last = _ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return f"{head} {last}".strip()


def suffixed(number: int) -> str:
    """`21st`."""
    return f"{number}{'th' if 10 <= number % 100 <= 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def year_words(year: int, rng: Random) -> str:
    """`nineteen eighty four`, `two thousand and six`."""
    if 2000 <= year <= 2009:
        rest = rng.choice((" ", " and ")) + _ONES[year - 2000] if year > 2000 else ""
        return "two thousand" + rest
    if year >= 2010 and rng.random() < 0.2:
        return f"two thousand{_joint(rng)}{cardinal(year - 2000)}"
    high, low = divmod(year, 100)
    return f"{cardinal(high)} " + ("hundred" if not low else f"oh {_ONES[low]}" if low < 10 else cardinal(low))


def _joint(rng: Random) -> str:
    return rng.choice((" ", " and "))


def _grouped(number: int, rng: Random) -> str:
    return f"{number:,}" if number >= 10_000 or (number >= 1000 and rng.random() < 0.6) else str(number)


def number(rng: Random) -> str:
    """A count of any size: `{1,204|one thousand two hundred and four}`."""
    value = rng.choice((rng.randint(10, 99), rng.randint(10, 99), rng.randint(100, 999),
                        rng.randint(1, 20) * 50, rng.randint(1000, 9999), rng.randint(10, 999) * 1000,
                        rng.randint(10_000, 999_999)))  # fmt: skip
    return pair(_grouped(value, rng), cardinal(value, _joint(rng)))


def small(rng: Random) -> str:
    """A count up to sixty: words up to nine, digits from ten."""
    value = rng.choice((rng.randint(2, 9), rng.randint(10, 20), rng.choice((10, 12, 15, 20, 25, 30, 40, 45, 50, 60))))
    return _ONES[value] if value < 10 else pair(str(value), cardinal(value))


def large(rng: Random) -> str:
    """`{3.5|three point five} million`."""
    unit = rng.choice(("million", "million", "billion", "thousand"))
    if unit == "thousand" or rng.random() < 0.5:
        value = rng.choice((rng.randint(2, 40), rng.randint(1, 9) * 100, rng.randint(10, 99)))
        return f"{pair(str(value), cardinal(value))} {unit}"
    return f"{decimal(rng, 1)} {unit}"


def decimal(rng: Random, places: int = 0) -> str:
    """`{3.75|three point seven five}`."""
    whole, places = rng.choice((rng.randint(0, 9), rng.randint(0, 99))), places or rng.choice((1, 1, 2, 2, 3))
    rest = "".join(str(rng.randrange(10)) for _ in range(places - 1)) + str(rng.randint(1, 9))
    start = rng.choice(("zero", "nought", "zero")) if whole == 0 else cardinal(whole)
    return pair(f"{whole}.{rest}", f"{start} point {said(rest)}")


def percent(rng: Random) -> str:
    """`{12.5%|twelve point five percent}`."""
    value = rng.choice((rng.randint(1, 100), rng.randint(1, 20) * 5, rng.randint(1, 12)))
    if rng.random() < 0.3 and value < 100:
        tenth = rng.randint(1, 9)
        return pair(f"{value}.{tenth}%", f"{cardinal(value)} point {_ONES[tenth]} percent")
    if rng.random() < 0.25:
        return f"{pair(str(value), cardinal(value))} percent"
    return pair(f"{value}%", f"{cardinal(value)} percent")


def fraction(rng: Random) -> str:
    """A fraction in words."""
    return rng.choice(("half", "a third", "two thirds", "a quarter", "three quarters", "a fifth",
                       "two fifths", "three fifths", "four fifths", "a tenth", "nine tenths",
                       "seven eighths", "one in ten", "one in five", "nearly half", "more than half",
                       "about a third", "almost two thirds"))  # fmt: skip


def nth(rng: Random) -> str:
    """`{21st|twenty first}`, or a small one in words."""
    value = rng.choice((rng.randint(1, 12), rng.randint(2, 31), rng.randint(2, 99)))
    return ordinal(value) if value < 10 and rng.random() < 0.5 else pair(suffixed(value), ordinal(value))


def year(rng: Random) -> str:
    """`{1984|nineteen eighty four}`."""
    value = rng.choice((rng.randint(1950, 2029), rng.randint(2005, 2032), rng.randint(1700, 1999)))
    return pair(str(value), year_words(value, rng))


def decade(rng: Random) -> str:
    """`the {1990s|nineteen nineties}`."""
    century, tens = rng.choice((18, 19)), rng.randint(2, 9)
    return "the " + pair(f"{century}{tens}0s", f"{cardinal(century)} {_TENS[tens][:-1]}ies")


def date(rng: Random) -> str:
    """A day of the year, sometimes with its year: `March {5th|fifth}`, `{5|the fifth} {March|of march}`."""
    day, month = rng.randint(1, 31), rng.choice(MONTHS)
    words = ordinal(day)
    shape = rng.random()
    if shape < 0.3:
        text = f"{month} " + pair(str(day), rng.choice((words, words, cardinal(day), "the " + words)))
    elif shape < 0.5:
        text = f"{month} " + pair(suffixed(day), rng.choice((words, "the " + words)))
    elif shape < 0.75:
        text = pair(str(day), rng.choice(("the " + words, words))) + " " + pair(month, "of " + month.lower())
    else:
        text = "the " + pair(suffixed(day), words) + f" of {month}"
    if rng.random() < 0.3:
        value = rng.randint(1960, 2032)
        comma = "," if text.endswith("}") and text.startswith(month) else ""
        text += comma + " " + pair(str(value), year_words(value, rng))
    return text


def time(rng: Random) -> str:
    """A time of day: `{5:30|five thirty} {PM|pee em}`, `half past five`, `{17:45|seventeen forty five}`."""
    hour = rng.randint(1, 12)
    shape = rng.random()
    if shape < 0.2:
        return rng.choice(("half past", "a quarter past", "a quarter to", "ten past", "twenty to", "five to", "ten to",
                           "twenty past")) + " " + _ONES[hour]  # fmt: skip
    if shape < 0.35:
        return f"{_hour(hour)} o'clock"
    if shape < 0.45:
        hour, minute = rng.randint(13, 23), rng.choice((0, 15, 20, 30, 45, rng.randint(1, 59)))
        spoken = "hundred" if not minute else f"oh {_ONES[minute]}" if minute < 10 else cardinal(minute)
        return pair(f"{hour}:{minute:02d}", f"{cardinal(hour)} {spoken}")
    if shape < 0.65:
        return f"{pair(str(hour), _ONES[hour])} {_noon(rng)}"
    minute = rng.choice((0, 5, 10, 15, 20, 30, 30, 40, 45, 50, rng.randint(1, 59)))
    if not minute:
        return pair(f"{hour}:00", f"{_ONES[hour]} o'clock")
    spoken = f"{_ONES[hour]} oh {_ONES[minute]}" if minute < 10 else f"{_ONES[hour]} {cardinal(minute)}"
    text = pair(f"{hour}:{minute:02d}", spoken)
    return f"{text} {_noon(rng)}" if rng.random() < 0.5 else text


def _hour(hour: int) -> str:
    return _ONES[hour] if hour < 10 else pair(str(hour), _ONES[hour])


def _noon(rng: Random) -> str:
    return rng.choice(("{AM|ay em}", "{PM|pee em}", "{PM|pee em}", "{a.m.|ay em}", "{p.m.|pee em}", "in the morning",
                       "in the afternoon", "tonight", "in the evening"))  # fmt: skip


_COINS = {"$": ("dollar", "dollars", "cent", "cents"), "£": ("pound", "pounds", "penny", "pence"),
          "€": ("euro", "euros", "cent", "cents")}  # fmt: skip


def money(rng: Random) -> str:
    """`{$19.99|nineteen dollars and ninety nine cents}`, `{£5|five} {million|million pounds}`."""
    sign = rng.choice("$$$$££€")
    one, many, _, parts = _COINS[sign]
    shape = rng.random()
    if shape < 0.12:
        value = rng.randint(2, 90)
        unit = rng.choice(("million", "million", "billion"))
        return f"{pair(f'{sign}{value}', cardinal(value))} {pair(unit, f'{unit} {many}')}"
    if shape < 0.45:
        value = rng.choice((rng.randint(1, 20), rng.randint(2, 99)))
        rest = rng.choice((50, 99, 95, 25, rng.randint(2, 98)))
        unit = one if value == 1 else many
        words = f"{cardinal(value)} {unit} and {cardinal(rest)} {parts}"
        brief = f"{cardinal(value)} {unit} {cardinal(rest)}" if rest > 9 else words
        bare = f"{cardinal(value)} {cardinal(rest)}" if rest > 9 else words
        return pair(f"{sign}{value}.{rest:02d}", rng.choice((words, words, brief, bare)))
    value = rng.choice((rng.randint(2, 99), rng.randint(1, 20) * 100, rng.randint(1, 99) * 1000, rng.randint(100, 999),
                        rng.randint(1, 19) * 5))  # fmt: skip
    if sign == "$" and rng.random() < 0.15:
        return f"{pair(str(value), cardinal(value))} dollars"
    return pair(f"{sign}{_grouped(value, rng)}", f"{cardinal(value, _joint(rng))} {many}")


_UNITS = {
    "length": (("km", "kilometers"), ("km", "kilometres"), ("mm", "millimeters"), ("cm", "centimeters"),
    ("m", "meters")), "weight": (("kg", "kilos"), ("kg", "kilograms"), ("g", "grams"), ("mg",
    "milligrams")), "other": (("ml", "milliliters"), ("GB", "gigabytes"), ("MB", "megabytes"), ("TB",
    "terabytes"), ("kHz", "kilohertz"), ("GHz", "gigahertz"), ("ms", "milliseconds"), ("kW",
    "kilowatts"), ("°C", "degrees celsius"), ("°F", "degrees fahrenheit")),
}  # fmt: skip
"""Written and spoken."""
_NAMED = {
    "length": ("miles", "feet", "inches", "meters", "kilometers", "yards"),
    "weight": ("pounds", "ounces", "tons", "kilos", "grams"),
    "other": ("liters", "degrees", "gallons", "volts", "watts", "calories", "pixels", "acres"),
}


def measure(rng: Random, kind: str = "other") -> str:
    """A number with a unit: `{12|twelve} {km|kilometers}`, `{2.5|two point five} miles`.

    Args:
        kind: length, weight or other.
    """
    value = rng.choice((rng.randint(2, 20), rng.randint(2, 99), rng.randint(1, 20) * 50))
    whole, joint = rng.random() < 0.75, _joint(rng)
    written, spoken = (str(value), cardinal(value, joint)) if whole else _two_parts(decimal(rng, 1))
    if rng.random() < 0.5:
        return f"{pair(written, spoken)} {rng.choice(_NAMED[kind])}"
    unit, unit_spoken = rng.choice(_UNITS[kind])
    if unit.startswith("°"):
        return pair(written + unit, f"{spoken} {unit_spoken}")
    return f"{pair(written, spoken)} {pair(unit, unit_spoken)}"


def _two_parts(marked: str) -> tuple[str, str]:
    written, _, spoken = marked.strip("{}").partition("|")
    return written, spoken


def length(rng: Random) -> str:
    """`{12|twelve} miles`."""
    return measure(rng, "length")


def weight(rng: Random) -> str:
    """`{2.5|two point five} {kg|kilos}`."""
    return measure(rng, "weight")


def calculation(rng: Random) -> str:
    """A calculation that is right: `seven plus {12|twelve} is {19|nineteen}`."""
    first, second = rng.randint(2, 20), rng.randint(2, 90)
    word, result = rng.choice((("plus", first + second), ("times", first * second), ("and", first + second)))
    if rng.random() < 0.3:
        first, word, result = first + second, "minus", first
    terms = [_ONES[one] if one < 10 else pair(str(one), cardinal(one)) for one in (first, second, result)]
    return f"{terms[0]} {word} {terms[1]} {rng.choice(('is', 'equals', 'makes'))} {terms[2]}"


def room(rng: Random) -> str:
    """A number of a room, house, flight or page: `{214|two fourteen}`."""
    value = rng.choice((rng.randint(1, 40), rng.randint(100, 999), rng.randint(2, 99)))
    low = value % 100
    if value >= 100 and low >= 10 and rng.random() < 0.5:
        return pair(str(value), f"{cardinal(value // 100)} {cardinal(low)}")
    if value >= 100 and 0 < low < 10 and rng.random() < 0.5:
        return pair(str(value), f"{cardinal(value // 100)} oh {cardinal(low)}")
    return pair(str(value), cardinal(value, _joint(rng)))
