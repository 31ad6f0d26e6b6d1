"""Number words, multipliers and signs of percent in the languages that summaries are written in. Data only."""

import re

# English, German, French, Spanish, Portuguese, Italian; Russian with the cases that counting takes.
_SMALL_TEXT = """
    2 two zwei deux dos dois duas due два две двух
    3 three drei trois tres três tre три трёх трех
    4 four vier quatre cuatro quatro quattro четыре четырёх четырех
    5 five fünf cinq cinco cinque пять
    6 six sechs seis шесть
    7 seven sieben sept siete sete sette семь
    8 eight acht huit ocho oito восемь
    9 nine neun neuf nueve nove девять
    10 ten zehn dix diez dez dieci десять
    11 eleven elf onze once undici
    12 twelve zwölf douze doce doze dodici двенадцать
    13 thirteen
    14 fourteen
    15 fifteen
    16 sixteen
    17 seventeen
    18 eighteen
    19 nineteen
"""
SMALL = {word: int(line.split()[0]) for line in _SMALL_TEXT.strip().splitlines() for word in line.split()[1:]}
"""Number words from two to nineteen. “One” is left out: it seldom counts."""

LANGUAGE_OF = {
    "once": "es",
    "acht": "de",
    "elf": "de",
    "neuf": "fr",
    "dix": "fr",
    "due": "it",
    "sette": "it",
    "tre": "it",
    "dos": "es",
    "six": "en",
}
"""Words above that mean something else in another language: they count in their own only."""

TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}

SCALES: dict[str, int] = {
    "dozen": 12,
    "hundred": 100,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}

COUNTING = frozenset((*SMALL, *TENS, *SCALES))
"""Words without one of which a text spells no number."""

EQUAL: dict[str, tuple[float, ...]] = {
    "both": (2,),
    "pair": (2,),
    "pairs": (2,),
    "dual": (2,),
    "double": (2,),
    "doubles": (2,),
    "doubled": (2,),
    "doubling": (2,),
    "twice": (2,),
    "twofold": (2,),
    "second": (2,),
    "either": (2,),
    "bilingual": (2,),
    "triple": (3,),
    "triples": (3,),
    "tripled": (3,),
    "tripling": (3,),
    "triplet": (3,),
    "threefold": (3,),
    "thrice": (3,),
    "third": (3, 1 / 3),
    "fourth": (4, 0.25, 25),
    "fifth": (5, 0.2, 20),
    "sixth": (6,),
    "seventh": (7,),
    "eighth": (8,),
    "ninth": (9,),
    "tenth": (10, 0.1),
    "quadruple": (4,),
    "fourfold": (4,),
    "fivefold": (5,),
    "tenfold": (10,),
    "half": (0.5, 50, 2),
    "halves": (0.5, 50, 2),
    "halved": (0.5, 50, 2),
    "halving": (0.5, 50, 2),
    "quarter": (0.25, 25, 4),
    "quarters": (0.25, 25, 4),
    "magnitude": (10,),
}
"""What a source says with words that do not look like numbers, as the numbers a summary may make of them."""

CLAIMING = re.compile(r"(?:double|tripl|halv|quadrupl|twofold|threefold|fourfold|fivefold|tenfold|twice|thrice)\w*")
"""Words of a summary that claim a factor, whatever the noun."""

FRACTIONS = {"half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}

MULTIPLIERS: tuple[tuple[str, int], ...] = (
    ("万亿|萬億|兆|trillions?|조|триллион\\w*|billones", 10**12),
    ("千亿|천억", 10**11),
    ("百亿", 10**10),
    (
        "十亿|billions?|bn(?![a-z])|миллиард\\w*|млрд|milliards?|milliarden|mrd|مليار|mil millones|bilh(?:ão|ões)|tỷ",
        10**9,
    ),
    ("亿|億|억", 10**8),
    ("千万|천만|crores?|करोड़", 10**7),
    (
        "百万|백만|mill?ions?|миллион\\w*|млн|millionen|mio|mln|millones|mill[óo]n|milh(?:ão|ões)|مليون|milion\\w*|miljoen|triệu|juta",
        10**6,
    ),
    ("十万|lakhs?|लाख", 10**5),
    ("万|萬|만", 10**4),
    (
        "千|천|thousand|тыс(?:яч\\w*)?|tausend|mille|mil(?![a-z])|mila|tys|duizend|bin(?![a-z])|nghìn|ribu|ألف|हज़ार",
        10**3,
    ),
    ("百|백|hundred", 100),
)
LETTERS = {"k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9, "b": 10**9, "G": 10**9, "T": 10**12}
PERCENT = (
    "%|٪|‰|percent\\w*|per cent|pct\\b|个?百分点|個?百分點|パーセント|ポイント|퍼센트|процент\\w*|prozent\\w*"
    "|por ciento|por cento|pour cent|per cento|procent\\w*|yüzde"
)
HAN_DIGITS = dict(zip("〇零一二三四五六七八九两兩", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 2), strict=True))
HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
HAN_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
HAN_COUNTED = (
    "个個種种类類项項倍层層步次组組篇条條张張台位名年月日天秒级級阶階大者点點章代轮輪"
    "款套份例幅段对對车つ万亿萬億％%成割"
)
"""Characters after a Chinese or Japanese numeral that show it to count something."""
