"""Rows of open pages: what changes is sent, and nothing is taken for known that may not have arrived."""

from bot.ui.rows import ROWS, Rows


def test_only_what_changes_is_sent_and_pages_do_not_touch_each_other():
    rows = Rows()
    assert rows.show("a", frozenset({"rate"})) == set(ROWS), "a page that is not known gets all"
    assert rows.show("a", frozenset()) == {"rate"}
    assert rows.show("a", frozenset()) == set()
    assert rows.show("b", frozenset()) == set(ROWS)
    assert rows.show("a", frozenset({"rate", "form"})) == {"rate", "form"}
    assert rows.show("a", frozenset({"why"}), afresh=True) == set(ROWS)
    assert rows.show("a", frozenset()) == {"why"}


def test_a_row_shown_by_itself_is_hidden_with_the_next_view():
    rows = Rows()
    rows.show("a", frozenset({"rate"}))
    rows.also("a", shown="said", hidden="rate")
    assert rows.show("a", frozenset()) == {"said"}
    rows.also("never seen", shown="said")
    assert rows.show("never seen", frozenset()) == set(ROWS)


def test_old_pages_are_forgotten():
    rows = Rows(kept=2)
    for page in "abc":
        rows.show(page, frozenset())
    assert rows.show("a", frozenset()) == set(ROWS)
    assert rows.show("c", frozenset()) == set()
