"""Make the corpus: `python -m model.miniature.recipe.text --out DIR`.

This file owns the command: its arguments, what it prints, and the table of sources.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from pathlib import Path

from model.miniature.recipe.text import corpus, mandarin
from model.miniature.recipe.text.dictation import GrammarError
from model.miniature.recipe.text.sources import Source, SourceError

CACHE = Path.home() / ".cache" / "steno-recipe"


def main() -> int:
    """Write the corpus; 0 if all went well."""
    parser = argparse.ArgumentParser(prog="python -m model.miniature.recipe.text", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the corpus; made if it is not there")
    parser.add_argument("--sentences", type=int, default=corpus.SENTENCES, help="English ones (%(default)s)")
    parser.add_argument("--packages", type=Path, default=CACHE, help="where packages are kept (%(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="of every random choice (%(default)s)")
    told = parser.parse_args()
    if told.sentences < 1:
        parser.error(f"--sentences {told.sentences}: at least one")
    start = time.monotonic()
    try:
        told.out.mkdir(parents=True, exist_ok=True)
        rows = corpus.write(told.out, told.packages, told.seed, told.sentences)
        rows |= mandarin.write(told.out, told.seed)
        with (told.out / "terms.txt").open("a", encoding="utf-8") as terms:
            terms.writelines(f"{term}\n" for term in mandarin.terms(told.seed))
        _write_table(told.out / "sources.json", rows)
    except (SourceError, GrammarError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    _tell(rows)
    print(f"written to {told.out} in {time.monotonic() - start:.0f} s")
    return 0


def _write_table(path: Path, rows: dict[str, Source]) -> None:
    table = {kind: dataclasses.asdict(row) for kind, row in rows.items()}
    for values in table.values():
        del values["kind"]
    path.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _tell(rows: dict[str, Source]) -> None:
    for row in rows.values():
        print(f"{row.kind:24} {row.train:8,} {row.held:6,}  {row.licence}  {row.package} {row.version}")
    print(f"{'all':24} {sum(row.train for row in rows.values()):8,} {sum(row.held for row in rows.values()):6,}")


if __name__ == "__main__":
    sys.exit(main())
