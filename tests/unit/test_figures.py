"""The licence gate lets through what it names and nothing else; sizes of pictures are read from their files."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.figures import Licence, is_borrowed, open_licence, webp_size

CC = "creativecommons.org"
OPEN = {
    f"http://{CC}/licenses/by/4.0/": Licence("CC BY 4.0", f"https://{CC}/licenses/by/4.0/"),
    f"https://{CC}/licenses/by/4.0": Licence("CC BY 4.0", f"https://{CC}/licenses/by/4.0/"),
    f"http://{CC}/licenses/by/3.0/": Licence("CC BY 3.0", f"https://{CC}/licenses/by/3.0/"),
    f"http://{CC}/licenses/by-sa/4.0/": Licence("CC BY-SA 4.0", f"https://{CC}/licenses/by-sa/4.0/"),
    f"https://www.{CC}/licenses/by-sa/3.0/": Licence("CC BY-SA 3.0", f"https://{CC}/licenses/by-sa/3.0/"),
    f"http://{CC}/publicdomain/zero/1.0/": Licence("CC0 1.0", f"https://{CC}/publicdomain/zero/1.0/"),
}
CLOSED = [
    None,
    "",
    " ",
    "CC BY 4.0",
    "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
    "http://arxiv.org/licenses/assumed-1991-2003/",
    f"http://{CC}/licenses/by-nc/4.0/",
    f"http://{CC}/licenses/by-nd/4.0/",
    f"http://{CC}/licenses/by-nc-sa/4.0/",
    f"http://{CC}/licenses/by-nc-nd/4.0/",
    f"http://{CC}/licenses/by-nc-sa/3.0/",
    f"http://{CC}/licenses/publicdomain/",
    f"http://{CC}/publicdomain/zero/2.0/",
    f"http://{CC}/licenses/by/9.0/",
    f"http://{CC}/licenses/by/4.0/ ",
    f"http://{CC}/licenses/by/4.0/\n",
    f"http://{CC}/licenses/by/4.0/../by-nc/4.0/",
    f"http://{CC}/licenses/by/4.0/?x=by-nc",
    f"http://{CC}.evil.example/licenses/by/4.0/",
    f"http://evil.example/{CC}/licenses/by/4.0/",
    f"javascript://{CC}/licenses/by/4.0/",
    f"http://{CC}/licenses/by/4.0/\u202e",
    f"http://{CC}/LICENSES/BY/4.0/",
    f"http://{CC}/licenses/by/\u0664.0/",
]


@pytest.mark.parametrize("url", OPEN)
def test_open_licences_have_a_name_and_an_address(url: str) -> None:
    assert open_licence(url) == OPEN[url]


@pytest.mark.parametrize("url", CLOSED)
def test_every_other_one_is_closed(url: str | None) -> None:
    assert open_licence(url) is None


_PIECES = st.lists(
    st.sampled_from(
        (
            "http https :// www. arxiv.org / licenses publicdomain zero by -nc -nd -sa 4.0 3.0 1.0 5.0 ? # @ \u0664 "
            + CC
        ).split()
    ),
    max_size=12,
).map("".join)
_NEARLY = st.tuples(
    st.sampled_from([*OPEN, *(one for one in CLOSED if one)]), st.integers(0, 60), st.text(max_size=3)
).map(lambda made: made[0][: made[1]] + made[2] + made[0][made[1] :])
_ALLOWED = {
    f"{scheme}://{host}{CC}/{path}{end}"
    for scheme in ("http", "https")
    for host in ("", "www.")
    for end in ("", "/")
    for path in (
        "publicdomain/zero/1.0",
        *(f"licenses/{kind}/{n}" for kind in ("by", "by-sa") for n in ("1.0", "2.0", "2.5", "3.0", "4.0")),
    )
}


@given(st.one_of(_PIECES, _NEARLY, st.text()))
def test_no_other_licence_ever_gets_through(url: str) -> None:
    """The allowed addresses are spelt out here, all forty-four of them: what is none of them is closed."""
    licence = open_licence(url)
    assert (licence is not None) == (url in _ALLOWED)
    if licence is not None:
        assert licence.url.removeprefix("https://") in re.sub(r"^https?://(www\.)?", "", url.rstrip("/") + "/")
        assert licence.name.startswith("CC0" if "zero" in url else "CC BY-SA" if "by-sa" in url else "CC BY ")


@pytest.mark.parametrize(
    "caption",
    [
        "Turnips (© The Turnip Society).",
        "Turnips. Reproduced with permission.",
        "The turnip, adapted from Lee et al. (2019).",
        "Turnips. Image credit: A. Lee",
        "A field. Courtesy of the Royal Society.",
        "Source: NASA",
        "Figure reprinted from [12].",
    ],
)
def test_figures_of_others_are_told_by_their_caption(caption: str) -> None:
    assert is_borrowed(caption)


@pytest.mark.parametrize("caption", ["", "Turnips by year.", "Accuracy of open-source models.", "Credit assignment."])
def test_own_figures_are_not(caption: str) -> None:
    assert not is_borrowed(caption)


@given(st.integers(1, 300), st.integers(1, 300), st.booleans())
def test_a_size_is_that_of_the_file(width: int, height: int, lossless: bool) -> None:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(file, "WEBP", lossless=lossless)
    assert webp_size(file.getvalue()) == (width, height)
    assert webp_size(file.getvalue()[:-3]) is None
    assert webp_size(file.getvalue() + b"<script>") is None


@given(st.binary(max_size=60))
def test_noise_has_no_size(data: bytes) -> None:
    assert webp_size(data) is None
    assert webp_size(b"RIFF" + (len(data) + 4).to_bytes(4, "little") + b"WEBP" + data) is None or len(data) > 17
