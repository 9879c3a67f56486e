"""Mandarin numerals: how they are written with Arabic digits, and how they are said.

This file owns the marked words `{written|spoken}` of numbers, dates, times, money and the like. One sound has one way
of being written: small counts of things are ideographs (and stand in the grammar), everything made here has digits.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

_DIGITS = "零一二三四五六七八九"
_PHONE = "零幺二三四五六七八九"
"""In numbers of telephones and rooms one says yāo, since yī sounds like qī."""
_UNITS = ((10_000, "万"), (1000, "千"), (100, "百"), (10, "十"))


def cardinal(number: int) -> str:
    """A whole number below 100 million as it is said: 105 is 一百零五, 12 is 十二.

    Raises:
        ValueError: below 0, or 100 million and more.
    """
    if not 0 <= number < 10**8:
        raise ValueError(f"no numeral for {number}")
    said = _cardinal(number)
    return said[1:] if said.startswith("一十") else said


def _cardinal(number: int) -> str:
    if number < 10:
        return _DIGITS[number]
    size, unit = next((size, unit) for size, unit in _UNITS if number >= size)
    high, rest = divmod(number, size)
    said = (cardinal(high) if size == 10_000 else _DIGITS[high]) + unit
    if not rest:
        return said
    return said + ("零" if rest < size // 10 else "") + _cardinal(rest)


def digits(number: str, names: str = _DIGITS) -> str:
    """Digits one by one."""
    return "".join(names[int(digit)] for digit in number)


def decimal(number: str) -> str:
    """A number with or without a decimal point: 3.5 is 三点五."""
    whole, point, rest = number.partition(".")
    return cardinal(int(whole)) + ("点" + digits(rest) if point else "")


def counted(number: int) -> str:
    """The number before a measure word: two of a thing are 两."""
    return "两" if number == 2 else cardinal(number)


def marked(written: str, spoken: str) -> str:
    """A word of the corpus that is said otherwise than it is written."""
    return f"{{{written}|{spoken}}}"


def _integer(random: Random, low: int, high: int) -> str:
    number = random.randint(low, high)
    return marked(str(number), counted(number))


def _year(random: Random) -> str:
    year = str(random.choice((random.randint(1900, 2035), random.randint(1980, 2030))))
    return marked(year, digits(year)) + "年"


def _day(random: Random) -> str:
    month, day = random.randint(1, 12), random.randint(1, 31)
    return f"{marked(str(month), cardinal(month))}月{marked(str(day), cardinal(day))}{random.choice('日日号')}"


def _clock(random: Random) -> str:
    hour = _integer(random, 1, 12)
    minute = random.randint(1, 59)
    spoken = ("零" if minute < 10 else "") + cardinal(minute)
    rest = random.choice(("", "", "半", "一刻", marked(f"{minute:02}", spoken) + "分"))
    return f"{hour}点{rest}"


def _round(random: Random) -> str:
    """A number as large as those of everyday life, the larger the rounder."""
    number = random.choice(
        (
            random.randint(11, 99),
            random.randint(101, 999),
            random.randint(11, 99) * 10,
            random.randint(1, 9) * 100,
            random.randint(1001, 9999),
            random.randint(1, 9) * 1000,
            random.randint(11, 99) * 100,
        )
    )
    return marked(str(number), cardinal(number))


def _decimal(random: Random) -> str:
    number = (
        f"{random.randint(0, 99)}.{random.choice((random.randint(1, 9), random.randint(1, 9), random.randint(10, 99)))}"
    )
    return marked(number, decimal(number))


def _percent(random: Random) -> str:
    number = random.choice((str(random.randint(1, 100)), f"{random.randint(0, 99)}.{random.randint(1, 9)}"))
    return marked(number + "%", "百分之" + decimal(number))


def _money(random: Random) -> str:
    return random.choice((_round, _round, _decimal, lambda r: _integer(r, 1, 99)))(random) + random.choice("元元块")


def _phone(random: Random) -> str:
    number = random.choice(("13", "15", "18")) + "".join(random.choices("0123456789", k=9))
    short = random.choice(("110", "120", "119", "".join(random.choices("123456789", k=8))))
    chosen = random.choice((number, number, short))
    return marked(chosen, digits(chosen, _PHONE))


def _room(random: Random) -> str:
    number = f"{random.randint(1, 29)}{random.randint(0, 2)}{random.randint(1, 9)}"
    return marked(number, digits(number, _PHONE))


def _degrees(random: Random) -> str:
    number = random.randint(1, 40)
    below = random.random() < 0.15
    return marked(f"{number}", cardinal(number)).replace("{", "零下{" if below else "{") + "度"


def _many(random: Random) -> str:
    number = random.randint(1, 9999) if random.random() < 0.5 else random.randint(1, 99)
    return marked(str(number), counted(number)) + "万"


def _sum(random: Random) -> str:
    first, second = random.randint(11, 89), random.randint(11, 99)
    if random.random() < 0.5:
        first, second, sign = max(first, second), min(first, second), "减"
        result = first - second
    else:
        sign, result = "加", first + second
    return "".join(marked(str(n), cardinal(n)) + mark for n, mark in ((first, sign), (second, "等于"), (result, "")))


MAKERS: dict[str, Callable[[Random], str]] = {
    "year": _year,
    "date": _day,
    "clock": _clock,
    "round": _round,
    "count": lambda random: _integer(random, 11, 99),
    "decimal": _decimal,
    "percent": _percent,
    "money": _money,
    "phone": _phone,
    "room": _room,
    "degrees": _degrees,
    "many": _many,
    "sum": _sum,
    "hour": lambda random: _integer(random, 1, 12) + "点",
    "fever": lambda random: marked(number := f"{random.choice((38, 39))}.{random.randint(1, 9)}", decimal(number)),
    "age": lambda random: marked(str(number := random.randint(11, 99)), cardinal(number)) + "岁",
}
"""Slot of the grammar -> what fills it."""
