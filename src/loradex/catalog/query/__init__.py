"""The query language: text in, SQL out. One engine for CLI, TUI and saved queries.

neon knight                every word, anywhere (names, tags, trigger words, notes)
"exact words"              the words in this order
kind:lora base:sdxl,pony   a field; commas mean any of these
-tag:anime -sketch         not
rating:4.. size:>2GB       ranges; also added:<30d, added:2026-01-01..
is:untagged                states; tag: with nothing after it means no tag at all
lora sd1 , checkpoint      a lone comma is OR between the two sides
sort:size-                 order, a minus for descending
"""

from loradex.catalog.query.compiler import CompiledQuery, compile_query

__all__ = ["CompiledQuery", "compile_query"]
