"""The places that name the version agree, and `make dist` finds it where they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from release.versions import package_version, version_problems
from tests.support.contract import ROOT

_UNRELEASED = "# Changelog\n\n## [Unreleased]\n\n- A change.\n"
_OLD = "\n## [1.3.0] - 2030-01-01\n\n- An older change.\n"
_NEW = "\n## [1.4.0] - 2030-02-01\n\n- A change.\n"


def _problems(
    folder: Path, changelog: str, tag: str = "", contract: str = "1.4.0", package: str = "1.4.0"
) -> list[str]:
    (folder / "wrapper" / "meshydb").mkdir(parents=True)
    (folder / "wrapper" / "meshydb" / "_version.py").write_text(f'__version__ = "{package}"\n', encoding="utf-8")
    (folder / "openapi.yaml").write_text(f"info:\n  version: {contract}\n", encoding="utf-8")
    (folder / "CHANGELOG.md").write_text(changelog, encoding="utf-8")
    return version_problems(folder, tag)


def test_agree() -> None:
    """The package, the contract and the changelog agree."""
    assert not version_problems(ROOT)


def test_tag_has_to_be_the_version() -> None:
    """A release under another tag is rejected."""
    assert f"The tag is v99.0.0, but must be v{package_version(ROOT)}." in version_problems(ROOT, "v99.0.0")


@pytest.mark.parametrize(
    ("changelog", "tag"),
    [(_UNRELEASED, ""), (_UNRELEASED + _OLD, ""), (_UNRELEASED + _NEW + _OLD, ""), (_NEW, ""), (_NEW + _OLD, "v1.4.0")],
)
def test_fit(tmp_path: Path, changelog: str, tag: str) -> None:
    """Before a release, changes are unreleased; in one, the newest section is that of the version."""
    assert not _problems(tmp_path, changelog, tag)


def test_empty_section_may_stay(tmp_path: Path) -> None:
    """In a release, an empty section for what comes next may be there."""
    assert not _problems(tmp_path, f"## [Unreleased]\n{_NEW}", "v1.4.0")


@pytest.mark.parametrize(
    ("changelog", "tag", "problem"),
    [
        (_OLD, "", "CHANGELOG.md: there is neither [Unreleased] nor [1.4.0]."),
        ("\n## [1.5.0] - 2030-03-01\n", "", "CHANGELOG.md: 1.5.0 is released, but the package has 1.4.0."),
        ("\n## [1.4.0]\n", "", "CHANGELOG.md: write `## [1.4.0] - YYYY-MM-DD`."),
        (_OLD, "v1.4.0", "CHANGELOG.md: the newest section is 1.3.0, but must be 1.4.0."),
        (_UNRELEASED + _NEW, "v1.4.0", "CHANGELOG.md: move what is in [Unreleased] to [1.4.0]."),
        (_NEW, "1.4.0", "The tag is 1.4.0, but must be v1.4.0."),
    ],
)
def test_do_not_fit(tmp_path: Path, changelog: str, tag: str, problem: str) -> None:
    """Each disagreement is named, with what to do."""
    assert _problems(tmp_path, changelog, tag) == [problem]


def test_contract_has_the_version(tmp_path: Path) -> None:
    """The contract has the version of the package."""
    problem = "openapi.yaml: info.version is 1.3.0, but the package has 1.4.0."
    assert _problems(tmp_path, _NEW, contract="1.3.0") == [problem]


def test_version_is_a_number(tmp_path: Path) -> None:
    """A version that no tag could have is named."""
    problem = "_version.py: '1.4' is no version such as 1.4.0."
    assert problem in _problems(tmp_path, _NEW, package="1.4")
