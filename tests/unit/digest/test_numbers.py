"""Numbers in words, scripts and forms: what is one number, and what is a number that the source does not have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.numbers import claims_of, key, numbers_of, unsupported

SOURCE = numbers_of(
    r"We train on 1.2 million images and 27,079 papers with three tasks, reaching 95.3\% accuracy (0.87 F1), a 2x "
    r"speedup on CIFAR-10 with GPT-4 and Qwen2.5-7B; two-thirds of users, $10^{-3}$ error, $1.5\times 10^{5}$ tokens "
    r"and half the cost, 300M pairs. Top-5 recall grows by 12.5 points, from twenty-five labs and two hundred people, "
    r"10-20 hours, in 2024. It gains up to 10.5 mIoU, 2{,}865 articles."
)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("1,200,000 images; 1.2M images; 27 079 papers", "en"),
        ("3 tasks, 95.3 percent, 95.3 per cent, twice as fast, 2-fold, 2×", "en"),
        ("two thirds, 2/3, 66.6667%, half, 50 %", "en"),
        ("1e-3, 10^-3, 0.001, 10⁻³ and 150,000 or 150k tokens", "en"),
        ("25 labs, twenty-five labs, 200 people", "en"),
        ("between 10 and 20 hours; 10–20 h; the top 5; 0.3 billion pairs", "en"),
        ("about 27 thousand papers; nearly 27,000", "en"),
        ("(1) first, (2) second; [3] cited; 1. listed", "en"),
        ("GPT-4 and GPT 4, CIFAR-10, Qwen 2.5 7B, F1, 10.5 mIoU, 2865", "en"),
        ("在120万张图像和27079篇论文上，三个任务的准确率达到95.3%", "zh-CN"),
        ("百分之九十五点三，三分之二的用户，一半，提速两倍，3亿对", "zh-CN"),
        ("约2.7万篇，15 万个词元，前5召回率提升12.5个百分点", "zh-CN"),
        ("一种统一的方法，第一阶段，千问模型，万能，十分有效，数百万", "zh-CN"),
        ("画像120万枚、三つのタスク、95.3%", "ja"),
        ("이미지 120만 장과 세 가지 과제에서 95.3%", "ko"),
        ("1,2 Millionen Bilder, 27.079 Artikel, drei Aufgaben, 95,3 %", "de"),
        ("1,2 million d'images, 27 079 articles, trois tâches, 95,3 %", "fr"),
        ("1,2 millones de imágenes, tres tareas y 95,3 %", "es"),
        ("1,2 млн изображений, три задачи, 95,3 %", "ru"),
        ("١٫٢ مليون صورة", "ar"),
    ],
)
def test_other_forms_of_the_same_numbers_are_in_the_source(text: str, language: str) -> None:
    assert unsupported(text, SOURCE, language) == []


@pytest.mark.parametrize(
    ("text", "language", "wrong"),
    [
        ("four tasks", "en", ["four"]),
        ("1.3 million images", "en", ["1.3 million"]),
        ("95.4%", "en", ["95.4"]),
        ("300% more", "en", ["300"]),
        ("a 9x speedup", "en", ["9"]),
        ("it triples the speed", "en", []),
        ("70 billion parameters", "en", ["70 billion"]),
        ("GPT-5 and CIFAR-100", "en", ["5", "100"]),
        ("GPT-4o reaches 96%", "en", ["4", "96"]),
        ("10 classes in 2023", "en", ["2023"]),
        ("在四个任务上", "zh-CN", ["四个"]),
        ("在130万张图像上", "zh-CN", ["130万"]),
        ("百分之九十六", "zh-CN", ["百分之九十六"]),
        ("七亿参数", "zh-CN", ["七亿"]),
        ("vier Aufgaben und 96,3 %", "de", ["vier", "96,3"]),
        ("четыре задачи", "ru", ["четыре"]),
    ],
)
def test_numbers_that_the_source_does_not_have_are_named(text: str, language: str, wrong: list[str]) -> None:
    found = unsupported(text, SOURCE, language)
    assert sorted(found) == sorted(wrong)


def test_a_number_in_a_name_is_not_a_count() -> None:
    source = numbers_of("We fine-tune GPT-4 on ImageNet.")
    assert unsupported("GPT-4 is tuned.", source) == []
    assert unsupported("It needs 4 hours.", source) == ["4"]
    assert unsupported("It has 4 billion parameters.", source) == ["4 billion"]


def test_rounding_needs_a_word_that_says_so_and_two_digits() -> None:
    source = numbers_of("We collect 27,079 papers.")
    assert unsupported("about 27,000 papers", source) == []
    assert unsupported("27,000 papers", source) == ["27,000"]
    assert unsupported("about 30,000 papers", source) == ["30,000"]


@given(st.text(max_size=300))
def test_any_text_supports_its_own_plain_numbers(text: str) -> None:
    numbers_of(text)
    claims_of(text, "zh-CN")
    claims_of(text, "de")


@given(st.integers(0, 10**12), st.sampled_from(["{}", "{:,}", "we saw {} items", "共{}个"]))
def test_a_whole_number_is_found_in_every_form(number: int, form: str) -> None:
    source = numbers_of(f"There are {number} of them.")
    assert unsupported(form.format(number), source, "en") == []
    assert key(float(number)) in source.values


@given(st.integers(2, 9_999), st.integers(2, 9_999))
def test_another_whole_number_is_not(number: int, other: int) -> None:
    source = numbers_of(f"There are {number} of them.")
    assert (unsupported(f"There are {other} of them.", source) == []) == (number == other)


@given(st.integers(1, 9_999))
def test_chinese_myriads_are_the_same_numbers(number: int) -> None:
    source = numbers_of(f"{number * 10_000} images and {number / 10} million pairs")
    assert unsupported(f"{number}万张图像和{number / 1000:.10g}亿对、{number * 10}万对", source, "zh-CN") == []
