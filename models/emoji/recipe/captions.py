"""Captions: what a person might type for a picture, in twelve languages, with style and colour.

Owns: the mixture of caption forms. A caption is drawn anew for every training sample.
"""


STYLE_PHRASES = {"noto": "noto style", "3d": "3d", "flat": "flat", "twemoji": "twemoji style"}
# A caption without a style phrase means mostly the first: one clear answer is learned faster than a mean of four.
UNSTYLED_WEIGHTS = {"twemoji": 0.97, "noto": 0.01, "flat": 0.01, "3d": 0.01}
UNSTYLED_SHARE = 0.7
LANGUAGE_WEIGHTS = {
    "en": 0.52, "zh": 0.15, "ru": 0.15, "de": 0.03, "fr": 0.02, "es": 0.02,
    "it": 0.02, "pt": 0.02, "ja": 0.02, "ko": 0.02, "pl": 0.02, "uk": 0.01,
}  # fmt: skip
# Colour words to append after a comma, and to put before the noun where that is grammatical.
COLOUR_WORDS = {
    "en": dict(red="red", orange="orange", yellow="yellow", green="green", blue="blue", purple="purple", pink="pink", brown="brown", black="black", white="white"),
    "zh": dict(red="红色", orange="橙色", yellow="黄色", green="绿色", blue="蓝色", purple="紫色", pink="粉色", brown="棕色", black="黑色", white="白色"),
    "ru": dict(red="красный", orange="оранжевый", yellow="желтый", green="зеленый", blue="синий", purple="фиолетовый", pink="розовый", brown="коричневый", black="черный", white="белый"),
    "de": dict(red="rot", orange="orange", yellow="gelb", green="grün", blue="blau", purple="lila", pink="rosa", brown="braun", black="schwarz", white="weiß"),
    "fr": dict(red="rouge", orange="orange", yellow="jaune", green="vert", blue="bleu", purple="violet", pink="rose", brown="marron", black="noir", white="blanc"),
    "es": dict(red="rojo", orange="naranja", yellow="amarillo", green="verde", blue="azul", purple="morado", pink="rosa", brown="marrón", black="negro", white="blanco"),
}  # fmt: skip
COLOUR_FORMS = {
    "en": ("{c} {x}", "{x}, {c}", "{x}, in {c}", "{x} in {c}", "a {c} {x}"),
    "zh": ("{c}的{x}", "{x}, {c}", "{x},{c}", "{c}{x}"),
    "ru": ("{x}, {c}", "{c} {x}", "{x}, {c} цвет"),
    "de": ("{x}, {c}", "{x} in {c}"),
    "fr": ("{x}, {c}", "{x} en {c}"),
    "es": ("{x}, {c}", "{x} en {c}"),
}
ENGLISH_FORMS = ("a {x}", "the {x}", "{x} emoji", "a picture of {x}", "an emoji of {x}", "cute {x}", "one {x}")


def article(noun):
    """`an owl`, `a cat`."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def pick(rng, weights):
    """A key of {key: weight}, drawn in proportion."""
    keys = list(weights)
    total = sum(weights.values())
    threshold = rng.random() * total
    for key in keys:
        threshold -= weights[key]
        if threshold < 0:
            return key
    return keys[-1]


def any_of(rng, items):
    return items[int(rng.integers(len(items)))]


def english_noun(rng, label):
    """A label as people say it: `flag: France` is also `flag of France` and `France flag`."""
    if label.startswith("flag: "):
        country = label[6:]
        return any_of(rng, (label, label, f"flag of {country}", f"{country} flag"))
    if rng.random() < 0.2:
        return article(label)
    if rng.random() < 0.12:
        return any_of(rng, ENGLISH_FORMS).format(x=label)
    return label


def noun(rng, concept, language):
    """A concept's label, its tags, or both, in one language."""
    name = concept["names"][language]
    label, tags = name["label"], name["tags"]
    draw = rng.random()
    if tags and draw < 0.03:
        return any_of(rng, tags)
    if tags and draw < 0.08:
        chosen = [any_of(rng, tags) for _ in range(1 + int(rng.integers(2)))]
        return ", ".join([label, *chosen])
    return english_noun(rng, label) if language == "en" else label


def in_colour(rng, text, language, colour):
    """Adds the colour; the last colour named wins, so now and then another one comes before it."""
    words = COLOUR_WORDS.get(language, COLOUR_WORDS["en"])
    others = [word for name, word in words.items() if name != colour]
    if rng.random() < 0.15:
        text = f"{text}, {any_of(rng, others)}"
        return f"{text}, {words[colour]}"
    named = any(word in text for word in words.values())
    forms = [f for f in COLOUR_FORMS.get(language, COLOUR_FORMS["en"]) if f.startswith("{x}") or not named]
    return any_of(rng, forms).format(x=text, c=words[colour])


def caption(rng, concept, style, colour=None):
    """One caption for a picture of `concept` in `style` (None: unnamed), recoloured to `colour` or not."""
    languages = {k: v for k, v in LANGUAGE_WEIGHTS.items() if k in concept["names"]}
    if colour is None and rng.random() < 0.04:
        text, language = concept["emoji"], "en"
    else:
        language = pick(rng, languages)
        text = noun(rng, concept, language)
    parts = [] if style is None else [STYLE_PHRASES[style]]
    if colour is None:
        return ", ".join([text, *parts])
    if parts and rng.random() < 0.5:
        return in_colour(rng, ", ".join([text, *parts]), language, colour)
    return ", ".join([in_colour(rng, text, language, colour), *parts])


def every_text(concepts):
    """All labels, tags and phrases once or more: what the tokenizer is trained on."""
    for concept in concepts:
        for language, weight in LANGUAGE_WEIGHTS.items():
            if language not in concept["names"]:
                continue
            name = concept["names"][language]
            repeat = 4 if weight >= 0.1 else 1
            yield from [name["label"]] * repeat
            yield from name["tags"]
    for words in COLOUR_WORDS.values():
        yield from list(words.values()) * 50
    yield from list(STYLE_PHRASES.values()) * 200
    yield from [form.format(x="") for form in ENGLISH_FORMS] * 50
