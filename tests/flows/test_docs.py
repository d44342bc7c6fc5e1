"""The generated pages of docs/: they are what instruments and metric dictionary say, today."""

from __future__ import annotations

from pathlib import Path

from flows.docs import generated, write

DOCS = Path(__file__).parents[2] / "docs"


def test_the_committed_pages_are_current():
    """`make docs` writes them anew."""
    made = generated()
    assert {name: (DOCS / name).read_text(encoding="utf-8") for name in made} == made
    assert {f"instruments/{path.name}" for path in (DOCS / "instruments").iterdir()} <= made.keys()


def test_written_pages_are_these_and_the_page_of_a_form_that_is_gone_is_removed(tmp_path: Path):
    write(tmp_path)
    (tmp_path / "instruments" / "gone.md").write_text("a form that is no more", encoding="utf-8")
    (tmp_path / "detector.md").write_text("written by hand", encoding="utf-8")
    write(tmp_path)
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md")}
    assert found == {"detector.md", *generated()}
