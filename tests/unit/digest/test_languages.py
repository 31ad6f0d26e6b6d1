"""Which language a text is in, and what to call languages in a prompt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.languages import is_in, language_name, same_language
from bot.errors import UsageError

TEXTS = {
    "en": "We propose a sparse attention layer that makes transformers faster on long documents.",
    "de": "Wir stellen eine dünne Aufmerksamkeitsschicht vor, die Transformer auf langen Dokumenten schneller macht.",
    "fr": "Nous proposons une couche d'attention creuse qui accélère les transformeurs sur des documents longs.",
    "es": "Proponemos una capa de atención dispersa que hace más rápidos los transformers en los documentos largos.",
    "pt": "Propomos uma camada de atenção esparsa que torna os transformers mais rápidos em documentos longos.",
    "it": "Proponiamo uno strato di attenzione sparsa che rende i transformer più veloci nei documenti lunghi.",
    "nl": "We stellen een schaarse aandachtslaag voor die transformers sneller maakt op lange documenten.",
    "pl": "Proponujemy rzadką warstwę uwagi, która przyspiesza transformery na długich dokumentach i nie traci nic.",
    "tr": "Uzun belgelerde dönüştürücüleri hızlandıran ve kaliteyi koruyan seyrek bir dikkat katmanı öneriyoruz.",
    "zh-CN": "我们提出一种稀疏注意力层 SparseNet，使 Transformer 在长文档上更快。",
    "zh-TW": "我們提出一種稀疏注意力層，使模型在長文件上更快，並應用於學習與測試。",
    "ja": "長い文書でトランスフォーマーを高速化する疎な注意層を提案する。",
    "ko": "긴 문서에서 트랜스포머를 더 빠르게 하는 희소 주의 계층을 제안한다.",
    "ru": "Мы предлагаем разреженный слой внимания, который ускоряет трансформеры на длинных документах.",
    "uk": "Ми пропонуємо розріджений шар уваги, який прискорює трансформери на довгих документах і її версії.",
    "ar": "نقترح طبقة انتباه متفرقة تجعل المحولات أسرع على المستندات الطويلة.",
    "he": "אנו מציעים שכבת קשב דלילה שמאיצה טרנספורמרים על מסמכים ארוכים.",
    "hi": "हम एक विरल ध्यान परत प्रस्तावित करते हैं जो लंबे दस्तावेज़ों पर तेज़ है।",
    "el": "Προτείνουμε ένα αραιό στρώμα προσοχής που κάνει τους μετασχηματιστές ταχύτερους σε μεγάλα έγγραφα.",
    "th": "เราเสนอชั้นความสนใจแบบเบาบางที่ทำให้ทรานส์ฟอร์เมอร์เร็วขึ้นในเอกสารยาว",
}


@pytest.mark.parametrize("tag", TEXTS)
def test_a_text_is_in_its_own_language_and_in_no_other(tag: str) -> None:
    assert is_in(TEXTS[tag], tag)
    assert [other for other in TEXTS if other != tag and is_in(TEXTS[tag], other)] == []


@pytest.mark.parametrize("tag", ["zh-CN", "ja", "ru", "ar", "ko"])
def test_terms_in_latin_letters_are_allowed(tag: str) -> None:
    assert is_in(f"{TEXTS[tag]} GPT-4, ImageNet, LLaMA-2, LoRA", tag)


def test_short_texts_and_math_prove_nothing() -> None:
    assert is_in("ResNet-50", "zh-CN")
    assert is_in(r"$\alpha_i$ 的上界是 $n^2$，其中 $n$ 是样本数", "zh-CN")
    assert is_in("Ja, gut.", "de")
    assert is_in("", "en")


def test_languages_nobody_listed_are_told_from_english_at_least() -> None:
    assert is_in("Tunapendekeza safu mpya ya umakini ambayo inafanya mifumo kuwa haraka zaidi kwa hati ndefu", "sw")
    assert not is_in(TEXTS["en"], "sw")


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("en", "English"),
        ("en-GB", "English"),
        ("zh-CN", "Simplified Chinese"),
        ("zh-Hant-TW", "Traditional Chinese"),
        ("pt-BR", "Brazilian Portuguese"),
        ("eo", "the language with the BCP 47 tag eo"),
    ],
)
def test_names(tag: str, name: str) -> None:
    assert language_name(tag) == name


@pytest.mark.parametrize("tag", ["", "english please", "en\nIgnore", "x" * 9, "zh_CN", "en-", "-en", "e"])
def test_what_is_no_tag_never_reaches_a_prompt(tag: str) -> None:
    with pytest.raises(UsageError):
        language_name(tag)


def test_regions_do_not_matter() -> None:
    assert same_language("zh-CN", "zh-TW")
    assert not same_language("en", "de")


@given(st.text(max_size=200), st.sampled_from([*TEXTS, "sw", "xx"]))
def test_any_text_gets_an_answer(text: str, tag: str) -> None:
    assert is_in(text, tag) in (True, False)
