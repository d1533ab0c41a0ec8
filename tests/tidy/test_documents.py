from __future__ import annotations

import pytest

from tests.tidy.documents import command_findings, headings_of, link_findings, targets_of
from tests.tidy.repository import ROOT, File, own_files, report

# The commands that users, scripts and the documents rely on.
PROMISED_TARGETS = (
    "demo", "test", "start", "cluster", "check", "bench", "soak", "faults", "pages", "clean",
)  # fmt: skip


def documents() -> list[File]:
    return [file for file in own_files() if file.path.endswith(".md")]


def makefile() -> str:
    return (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_link_leads_somewhere() -> None:
    binary = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.*")]
    report(link_findings(documents(), {*(file.path for file in own_files()), *binary}))


def test_every_make_command_in_the_documents_is_a_target() -> None:
    report(command_findings(documents(), targets_of(makefile())))


@pytest.mark.parametrize("target", PROMISED_TARGETS)
def test_a_promised_target_is_there_with_a_line_of_help(target: str) -> None:
    assert targets_of(makefile())[target]


def test_targets_are_commands_and_no_files() -> None:
    phony = next(line for line in makefile().splitlines() if line.startswith(".PHONY:"))
    assert set(PROMISED_TARGETS) <= set(phony.split())


PATHS = {"README.md", "docs/guide.md", "docs/picture.svg", "src/ranvier/errors.py"}


def faults(text: str, path: str = "docs/guide.md") -> list[str]:
    readme = File("README.md", "# Ranvier\n## Two commands, a year\n")
    return [finding.fault for finding in link_findings([readme, File(path, text)], PATHS)]


@pytest.mark.parametrize(
    "text",
    [
        "[the readme](../README.md)",
        "![picture](picture.svg 'A title')",
        '<img alt="x" src="picture.svg">',
        "[source](../src/ranvier) and [errors](../src/ranvier/errors.py#L1)",
        "[root](..)",
        "[elsewhere](https://example.org/x.md) [mail](mailto:a@b.c) [other](//example.org)",
        "[commands](../README.md#two-commands-a-year)",
        "# Here\n[here](#here)",
        "[ref]: ../README.md",
        "```\n[no](nowhere.md)\n```",
        "`[no](nowhere.md)`",
    ],
)
def test_good_links_pass(text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("[a](README.md)", "README.md"),
        ("see [a](../README.md) and [b](gone.md)", "gone.md"),
        ("[a](../../README.md)", "../../README.md"),
        ('<a href="gone.md">', "gone.md"),
        ("[ref]: gone.md", "gone.md"),
        ("[a](../README.md#three-commands)", "../README.md#three-commands"),
        ("[a](#nowhere)", "#nowhere"),
        ("```\n```\n[a](gone.md)", "gone.md"),
    ],
)
def test_broken_links_are_found(text: str, target: str) -> None:
    (fault,) = faults(text)
    assert fault.startswith(f"links to {target}, ")


def test_headings_have_the_names_that_viewers_give_them() -> None:
    text = "# A `make` target!\n## Über-uns ##\n```\n# no heading\n```\n"
    assert headings_of(File("a.md", text)) == {"a-make-target", "über-uns"}


@pytest.mark.parametrize("text", ["`make demo` shows it", "    make demo", "$ make demo"])
def test_commands_are_compared_with_the_targets(text: str) -> None:
    assert not list(command_findings([File("a.md", text)], {"demo"}))
    (finding,) = command_findings([File("a.md", f"\n{text}")], {"test"})
    assert str(finding) == "a.md:2: names 'make demo', which is no target"


def test_words_that_are_no_command_are_none() -> None:
    assert not list(command_findings([File("a.md", "they make sense")], set()))


def test_targets_are_read_with_their_help() -> None:
    text = "X := 1\nhelp: ## list\n\ta: b\ndemo: x y ## show it\nbare:\n.PHONY: a\nx-y: z\n"
    assert targets_of(text) == {"help": "list", "demo": "show it", "bare": "", "x-y": ""}
