"""Descriptions: what is shown of HTML that strangers wrote."""

from __future__ import annotations

import pytest

from loradex.hub.description import LONGEST, safe_markdown, safe_text

SHOWN = {
    "paragraphs": (
        "<p>Soft <b>light</b> &amp; <i>fog</i></p><p>Two<br>lines</p>",
        "Soft **light** \\& *fog*\n\nTwo\nlines",
        "Soft light & fog\n\nTwo\nlines",
    ),
    "headings": (
        "<h2>How to</h2><p># not one</p>",
        "## How to\n\n\\# not one",
        "How to\n\n# not one",
    ),
    "lists": (
        "<ul><li>one</li><li>two<ul><li>deep</li></ul></li></ul><ol><li>a</li></ol>",
        "- one\n- two\n  - deep\n\n1. a",
        "- one\n- two\n  - deep\n\n1. a",
    ),
    "a trigger tag": (
        "<p>&lt;lora:fog:0.8&gt; [red] a_b *c*</p>",
        r"\<lora:fog:0.8\> \[red\] a\_b \*c\*",
        "<lora:fog:0.8> [red] a_b *c*",
    ),
    "a link": (
        '<a href="https://a.example/x?y=1&amp;z=ü">site</a>',
        "[site](https://a.example/x?y=1&z=%C3%BC)",
        "site",
    ),
    "scripts, pictures, frames": (
        '<script>alert(1)</script><style>p{}</style><p onclick="x()">hi</p>'
        '<img src="https://a.example/spy.png"><iframe src="https://a.example"></iframe><!-- x -->',
        "hi",
        "hi",
    ),
    "other addresses": (
        '<a href="javascript:alert(1)">a</a> <a href="data:x">b</a> <a href="/login">c</a>'
        ' <a href="file:///etc/passwd">d</a> <a href="//evil.example">e</a>',
        "a b c d e",
        "a b c d e",
    ),
    "text that would be a link": (
        "<p>[x](javascript:alert(1))</p>",
        r"\[x\](javascript:alert(1))",
        "[x](javascript:alert(1))",
    ),
    "an address that would end early": (
        '<a href="https://a.example/)[x](javascript:1) <b>">go</a>',
        "[go](https://a.example/%29%5Bx%5D%28javascript:1%29%20%3Cb%3E)",
        "go",
    ),
    "escape sequences": (
        "<p>\x1b[31mred\u202e</p>",
        "\\x1b\\[31mred\\u202e",
        "\\x1b[31mred\\u202e",
    ),
    "no HTML": ("just text", "just text", "just text"),
    "nothing": ("", "", ""),
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_shown(name: str) -> None:
    html, markdown, text = SHOWN[name]

    assert safe_markdown(html) == markdown
    assert safe_text(html) == text


@pytest.mark.parametrize(
    "html",
    ["<ul><li>" * 3_000 + "x", "<b>" * 9_000 + "x", "<blockquote>" * 2_500 + "x", "<" * 30_000],
    ids=lambda html: html[:6],
)
def test_hostile_nesting_ends(html: str) -> None:
    whole = html + "[x](javascript:1)" * 500

    assert "](" not in safe_markdown(whole).replace(r"\]", "")
    assert len(safe_text(whole)) <= 2 * LONGEST
