"""Letters and digits said one by one: spelled words, acronyms, codes, addresses of mail and web, telephone numbers.

This file owns the names of the letters, chosen so that all synthesisers say them alike. Everything is made in the
notation of the corpus, `{written|spoken}`.
"""

from __future__ import annotations

from random import Random

LETTERS = {
    "a": "ay", "b": "bee", "c": "see", "d": "dee", "e": "ee", "f": "ef", "g": "jee", "h": "aitch", "i": "eye",
    "j": "jay", "k": "kay", "l": "el", "m": "em", "n": "en", "o": "oh", "p": "pee", "q": "queue", "r": "are",
    "s": "ess", "t": "tee", "u": "you", "v": "vee", "w": "double you", "x": "ex", "y": "why", "z": "zee",
}  # fmt: skip
"""How each letter is told to a synthesiser."""

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

ACRONYMS = ("API", "URL", "HTML", "CSS", "SQL", "XML", "JSON", "CPU", "GPU", "RAM", "SSD", "USB", "PDF",
            "DNS", "VPN", "SSH", "TCP", "UDP", "HTTP", "HTTPS", "FTP", "TLS", "CLI", "IDE", "SDK",
            "ORM", "CRM", "ERP", "CEO", "CFO", "CTO", "COO", "HR", "IT", "PR", "QA", "FAQ", "ETA",
            "FYI", "ASAP", "RSVP", "DIY", "PTA", "MRI", "ECG", "CT", "DNA", "RNA", "HIV", "IVF", "GP",
            "ICU", "ER", "VAT", "GDP", "IPO", "ROI", "KPI", "OKR", "NDA", "LLC", "PLC", "USA", "UK",
            "EU", "UN", "US", "WHO", "BBC", "CNN", "NBC", "FBI", "CIA", "NHS", "MIT", "UCLA", "IBM",
            "BMW", "AWS", "ATM", "PIN", "ID", "TV", "DVD", "CD", "DJ", "MC", "LED", "LCD", "GPS", "SUV",
            "HDMI", "BIOS", "NGO", "MP", "MBA", "PhD", "BSc", "UPS", "DHL", "KLM", "MVP", "NBA", "NFL",
            "FIFA", "UEFA", "IOC", "AC", "DC", "BC", "AD", "AM", "FM", "IP", "MAC", "LAN", "WLAN",
            "SIM", "SMS", "MMS", "RGB", "SVG", "PNG", "CSV", "YAML", "TOML", "CI", "CD", "PR", "OS",
            "UI", "UX", "AI", "ML", "NLP", "ASR", "TTS", "OCR", "IRC", "RSS")  # fmt: skip
"""Said by their letters, but for those in `_AS_WORD`."""

_AS_WORD = {
    "ASAP": "ay sap", "RAM": "ram", "JSON": "jason", "FIFA": "feefa", "UEFA": "you ayfa", "PIN": "pin",
    "BIOS": "by oss", "MAC": "mack", "LAN": "lan", "SIM": "sim", "YAML": "yammel", "TOML": "tommel",
    "SQL": "sequel", "NASA": "nassa", "NATO": "nayto", "OPEC": "oh peck", "UNESCO": "you nesko",
    "LASER": "laser", "PhD": "pee aitch dee", "BSc": "bee ess see", "ASCII": "askey", "GUI": "gooey",
    "SaaS": "sass",
}  # fmt: skip


def pair(written: str, spoken: str) -> str:
    """A word of the corpus that is not said as it is written."""
    return "{" + written + "|" + spoken + "}"


def said(text: str) -> str:
    """The names of letters and digits, one after the other; other characters are silent."""
    names = (LETTERS.get(one) or (DIGITS[int(one)] if one.isdigit() else "") for one in text.lower())
    return " ".join(name for name in names if name)


def acronym(rng: Random) -> str:
    """`{API|ay pee eye}`; now and then one that nobody knows."""
    word = rng.choice(ACRONYMS)
    if rng.random() < 0.25:
        word = "".join(rng.choices("ABCDEFGHIJKLMNOPRSTVWXZ", k=rng.choice((3, 3, 3, 4))))
    if word in ("SQL", "ASAP", "MAC") and rng.random() < 0.4:
        return pair(word, said(word))
    return pair(word, _AS_WORD.get(word) or said(word))


def word_acronym(rng: Random) -> str:
    """An acronym that is said as a word: `{NASA|nassa}`."""
    word = rng.choice(("NASA", "NATO", "OPEC", "UNESCO", "FIFA", "UEFA"))
    return pair(word, _AS_WORD[word])


def code(rng: Random) -> str:
    """Letters and digits: `{KX4|kay ex four}`."""
    shape = rng.choice(("LLD", "LDD", "LLDD", "LDL", "LLDDD", "LDDD", "LLLDD", "DDL", "LL-DD", "L-DDD", "LLDL"))
    text = "".join(_character(rng, kind) for kind in shape)
    spoken = said(text)
    return pair(text, spoken.replace("zero", "oh") if rng.random() < 0.3 else spoken)


def letter(rng: Random) -> str:
    """One capital letter."""
    one = rng.choice("ABCDEFGHJKLMNPQRSTVWXYZ")
    return pair(one, LETTERS[one.lower()])


def spelled(rng: Random, word: str) -> str:
    """A word by its letters, as one writes it: `{K|kay} {E|ee} {T|tee} {H|aitch}` or `{K-E-T-H|kay ee tee aitch}`."""
    capitals = [one for one in word.upper() if one.isalpha()]
    if rng.random() < 0.4:
        return pair("-".join(capitals), " ".join(LETTERS[one.lower()] for one in capitals))
    return " ".join(pair(one, LETTERS[one.lower()]) for one in capitals)


def _character(rng: Random, kind: str) -> str:
    return {"L": rng.choice("ABCDEFGHJKLMNPRSTVWXZ"), "D": str(rng.randrange(10))}.get(kind, kind)


_HOSTS = ("example", "mail", "office", "home", "school", "studio", "garden", "bakery", "clinic",
          "library", "museum", "hotel", "travel", "music", "north")  # fmt: skip
_ENDINGS = {"com": "com", "org": "org", "net": "net", "co.uk": "co dot you kay", "io": "eye oh", "de": "dee ee",
            "info": "info", "edu": "ee dee you", "eu": "ee you"}  # fmt: skip


def _ending(rng: Random) -> tuple[str, str]:
    written = rng.choice(("com", "com", "com", "org", "net", *_ENDINGS))
    return written, _ENDINGS[written]


def email(rng: Random, first: str, last: str) -> str:
    """`{anna.price@example.com|anna dot price at example dot com}`."""
    first, last = first.lower(), last.lower()
    host, (end, spoken_end) = rng.choice(_HOSTS), _ending(rng)
    number = rng.randint(2, 99)
    written, spoken = rng.choice((
        (f"{first}.{last}", f"{first} dot {last}"),
        (first, first),
        (f"{first}_{last}", f"{first} underscore {last}"),
        (f"{first[0]}.{last}", f"{LETTERS[first[0]]} dot {last}"),
        (f"{first}{number}", f"{first} {said(str(number))}"),
        (f"{first}-{last}", f"{first} hyphen {last}"),
        (rng.choice(("info", "support", "hello", "sales", "press", "jobs", "office")),) * 2,
    ))  # fmt: skip
    return pair(f"{written}@{host}.{end}", f"{spoken} at {host} dot {spoken_end}")


def website(rng: Random, name: str) -> str:
    """`{www.example.com|double you double you double you dot example dot com}`."""
    host, (end, spoken_end) = rng.choice((name.lower(), rng.choice(_HOSTS))), _ending(rng)
    if rng.random() < 0.3:
        return pair(f"www.{host}.{end}", f"double you double you double you dot {host} dot {spoken_end}")
    return pair(f"{host}.{end}", f"{host} dot {spoken_end}")


_PARTS = ("user", "name", "file", "path", "list", "item", "count", "total", "index", "value", "key",
          "cache", "page", "node", "row", "data", "test", "main", "config", "read", "write", "load",
          "save", "parse", "build", "run", "start", "stop", "send", "get", "set", "is", "has", "new",
          "old", "next", "last", "first", "max", "min", "time", "date", "log", "error", "state",
          "report", "order", "price", "image", "audio", "speech", "model", "train", "batch", "step",
          "sample", "token", "word", "line", "text", "char", "block", "frame", "window", "buffer")  # fmt: skip
_SUFFIXES = {"py": "pie", "txt": "tee ex tee", "json": "jason", "md": "em dee", "csv": "see ess vee",
             "html": "aitch tee em el", "pdf": "pee dee ef", "sh": "ess aitch", "toml": "tommel",
             "log": "log", "zip": "zip", "jpg": "jay peg", "wav": "wave", "cpp": "see plus plus",
             "rs": "are ess", "go": "go"}  # fmt: skip


def identifier(rng: Random) -> str:
    """A name as programmers write one: `{max_count|max underscore count}`."""
    parts = rng.sample(_PARTS, rng.choice((2, 2, 2, 3)))
    shape = rng.random()
    if shape < 0.5:
        return pair("_".join(parts), " underscore ".join(parts))
    if shape < 0.75:
        return pair(parts[0] + "".join(part.capitalize() for part in parts[1:]), " ".join(parts))
    if shape < 0.9:
        return pair("--" + "-".join(parts[:2]), "dash dash " + " dash ".join(parts[:2]))
    return pair("_".join(parts).upper(), " underscore ".join(parts))


def file_name(rng: Random) -> str:
    """`{test_report.py|test underscore report dot pie}`."""
    suffix = rng.choice(sorted(_SUFFIXES))
    joint, spoken_joint = rng.choice((("_", " underscore "), ("_", " underscore "), ("-", " dash ")))
    parts = rng.sample(_PARTS, rng.choice((1, 2, 2)))
    return pair(f"{joint.join(parts)}.{suffix}", f"{spoken_joint.join(parts)} dot {_SUFFIXES[suffix]}")


def version(rng: Random) -> str:
    """`{3.11|three point eleven}`."""
    major, minor, patch = rng.randint(0, 9), rng.randint(0, 12), rng.randint(0, 9)
    small = (*DIGITS, "ten", "eleven", "twelve")[minor]
    joint = rng.choice((" point ", " point ", " dot "))
    if rng.random() < 0.35:
        return pair(f"{major}.{minor}.{patch}", f"{DIGITS[major]}{joint}{small}{joint}{DIGITS[patch]}")
    return pair(f"{major}.{minor}", f"{DIGITS[major]}{joint}{small}")


def phone(rng: Random) -> str:
    """A telephone number, said digit by digit: `{555-0134|five five five oh one three four}`."""

    def digits(count: int) -> str:
        return "".join(str(rng.randrange(10)) for _ in range(count))

    zero = rng.choice(("oh", "oh", "zero"))
    parts = rng.choice(
        ((digits(3), digits(4)), (digits(3), digits(3), digits(4)), ("0" + digits(3), digits(3), digits(3)))
    )
    spoken = [said(part).replace("zero", zero) for part in parts]
    if rng.random() < 0.5:
        return pair("-".join(parts), " ".join(spoken))
    return " ".join(pair(part, words) for part, words in zip(parts, spoken, strict=True))


def digit_code(rng: Random) -> str:
    """Digits said one by one: `{4071|four zero seven one}`."""
    text = "".join(str(rng.randrange(10)) for _ in range(rng.choice((3, 4, 4, 4, 5, 6, 8))))
    return pair(text, said(text).replace("zero", rng.choice(("zero", "zero", "oh"))))


def postcode(rng: Random) -> str:
    """Five digits of the United States, or a British one."""
    if rng.random() < 0.6:
        text = f"{rng.randint(10_000, 99_999)}"
        return pair(text, said(text))
    outer = f"{rng.choice('BEGLMNSW')}{rng.randint(1, 20)}"
    inner = f"{rng.randint(1, 9)}{rng.choice('ABDEFGHJLN')}{rng.choice('PQRSTUWXYZ')}"
    return f"{pair(outer, said(outer))} {pair(inner, said(inner))}"
