"""The image, its compose file and the service unit: checked by linters, and against what the program needs."""

import configparser
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot import __version__
from bot.cli.common import EXIT_USAGE
from tools.rehearse_image import instructions

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
STEPS = instructions((ROOT / "Dockerfile").read_text(encoding="utf-8"))
SECOND_STAGE = STEPS[max(place for place, (word, _) in enumerate(STEPS) if word == "FROM") :]


def linted(*command: str) -> str:
    """Run a linter and return what it said; it must find nothing."""
    done = subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_dockerfile_passes_its_linter() -> None:
    assert linted("hadolint", "--format", "json", "Dockerfile") == "[]"


def test_the_compose_file_is_of_the_published_schema() -> None:
    linted("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml")


def test_the_final_image_holds_nothing_that_builds_and_runs_as_nobody_special() -> None:
    assert [rest for word, rest in SECOND_STAGE if word == "COPY"] == ["--from=build /opt/paperbrief /opt/paperbrief"]
    (run,) = [rest for word, rest in SECOND_STAGE if word == "RUN"]
    assert "pip uninstall" in run
    assert not any(name in run for name in ("apt", "pip install", "gcc"))
    assert dict(SECOND_STAGE)["USER"] == "10001"
    assert dict(SECOND_STAGE)["STOPSIGNAL"] == "SIGTERM"
    assert dict(SECOND_STAGE)["VOLUME"] == "/data"
    assert dict(SECOND_STAGE)["HEALTHCHECK"].endswith('CMD ["paperbrief", "health"]')
    runtime = (ROOT / "requirements/runtime.txt").read_text()
    assert not any(f"\n{name}==" in runtime for name in ("hatchling", "editables", "pip", "setuptools"))


def test_every_installation_in_the_image_is_pinned_by_hashes_or_is_our_own() -> None:
    installs = [
        part
        for word, rest in STEPS
        if word == "RUN"
        for part in rest.split("&&")
        if " install" in part and "install -d" not in part
    ]
    assert len(installs) == 4
    for one in installs:
        assert "--require-hashes" in one or "--no-index /wheels/" in one


def test_the_builder_is_sent_what_the_dockerfile_copies_and_no_more() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    sent = [line[1:] for line in ignored if line.startswith("!")]
    copied = [name for word, rest in STEPS if word == "COPY" and "--from" not in rest for name in rest.split()[:-1]]
    assert ignored[1] == "*"
    assert sorted(sent) == sorted({"requirements/*.txt" if "requirements/" in name else name for name in copied})


@pytest.mark.parametrize("service", ["paperbrief", "postgres"])
def test_each_service_is_hardened_and_limited(service: str) -> None:
    one = composed()["services"][service]
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one["restart"] == "unless-stopped"
    assert {"pids_limit", "mem_limit", "tmpfs", "stop_grace_period"} <= one.keys()
    # An engine refuses to start what may use more processors than there are: the smallest servers have one.
    assert "cpus" not in one
    assert "ports" not in one
    assert "privileged" not in one


def test_postgresql_is_there_only_on_request() -> None:
    services = composed()["services"]
    assert services["postgres"]["profiles"] == ["postgres"]
    assert "profiles" not in services["paperbrief"]
    assert services["paperbrief"]["depends_on"]["postgres"] == {"condition": "service_healthy", "required": False}


def composed() -> dict[str, Any]:
    """Return compose.yaml as data."""
    with (ROOT / "compose.yaml").open(encoding="utf-8") as file:
        found: dict[str, Any] = YAML(typ="safe").load(file)
    return found


def test_the_unit_does_not_restart_what_only_its_owner_can_mend() -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # keys of units have capitals
    unit.read(ROOT / "deploy/paperbrief.service", encoding="utf-8")
    service = unit["Service"]
    assert service["RestartPreventExitStatus"] == str(EXIT_USAGE)
    assert service["Restart"] == "on-failure"
    assert service["KillSignal"] == "SIGTERM"
    assert int(service["TimeoutStopSec"].rstrip("s")) > 10
    assert service["ExecStart"].split()[1:] == ["run"]
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"


def test_systemd_knows_every_line_of_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("skipped: systemd-analyze is not installed here")
    program = tmp_path / "paperbrief"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = (ROOT / "deploy/paperbrief.service").read_text().replace("/opt/paperbrief/bin/paperbrief", str(program))
    (tmp_path / "paperbrief.service").write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / "paperbrief.service")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_the_version_stands_in_one_place() -> None:
    """Whoever shows it reads it from the package; the changelog names it."""
    files = subprocess.run(
        ["git", "grep", "-lF", f'"{__version__}"', "--", "*.py", "*.toml", "Dockerfile", "*.yaml"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if files.returncode > 1:
        pytest.skip("skipped: not a git checkout")
    assert files.stdout.split() == ["bot/__init__.py"]
