"""Every command and every block of Python of the README and the docs does what the page says."""

import pytest

from tests.docs.options import complaint
from tests.docs.pages import ROOT, all_pages, blocks, commands_in_text
from tests.docs.transcript import Step, missing, steps

PAGES = all_pages()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_as_written(workshop, page):
    """Protects a newcomer: from an empty folder, block by block, each ends well and prints what is shown."""
    workshop.run(page)


@pytest.mark.parametrize("page", PAGES)
def test_commands_named_in_text_exist(page):
    """Protects `weft ...` in sentences, tables and notes from options that are gone."""
    wrong = {command: complaint(command) for command in commands_in_text(page)}
    assert not {command: why for command, why in wrong.items() if why}


def test_what_is_not_run_says_why():
    """Protects from blocks that are left out in silence, or of which there are ever more."""
    skipped = [(page, block) for page in PAGES for block in blocks(page) if block.not_run]
    assert all(len(block.not_run) > 15 for _, block in skipped)
    ours = [page for page, _ in skipped if page.startswith(("docs/howto", "docs/concepts"))]
    assert not ours


def test_python_is_python_everywhere():
    """Protects blocks without a language, which nobody would run."""
    loose = [
        f"{page}:{block.line}"
        for page in PAGES
        for block in blocks(page)
        if block.info == "" and block.text.lstrip().startswith(("import ", "from ", "model ="))
    ]
    assert not loose


def test_included_examples_are_there():
    """Protects pages that show an example from a file that is gone."""
    for page in PAGES:
        for block in blocks(page):
            if block.text.startswith("--8<--"):
                assert (ROOT / block.text.split('"')[1]).is_file(), page


def test_a_wrong_option_is_found():
    """Protects the check itself: unknown commands, unknown options and missing words do not pass."""
    assert complaint("weft fit a.csv --out m --sed 1")
    assert complaint("weft fit FILE --out DIR [--sed N]")
    assert complaint("weft fitt a.csv --out m")
    assert complaint("weft datasets gett tox21")
    assert not complaint("weft fit a.csv --out m --seed 1   # a comment")
    assert not complaint("weft fit FILE --out DIR [--seed N]")
    assert not complaint("weft datasets get tox21")


def test_a_line_that_is_not_printed_is_found():
    """Protects the check itself: words must be there, in order; numbers may differ."""
    printed = "read, 1 s: 12 rows\nmean   0.812\nModel: m\n"
    assert not missing(("read, 9 s: 12 rows", "...", "Model: m"), printed)
    assert not missing(("mean 0.5",), printed)
    assert missing(("Report: m",), printed)
    assert missing(("Model: m", "mean 0.5"), printed)


def test_commands_of_a_transcript():
    """Protects the reading of blocks: prompts, output, continued lines and here-documents."""
    assert steps("$ a b\nout\n$ c") == [Step("a b", ("out",)), Step("c")]
    assert steps("a \\\n  b\n# remark\nc") == [Step("a \\\n  b"), Step("c")]
    assert steps("cat > f <<'EOF'\nx\nEOF\nls") == [Step("cat > f <<'EOF'\nx\nEOF"), Step("ls")]
