"""What a bundle says of its packages."""

from __future__ import annotations

import json
import re
from pathlib import Path

from model.miniature.recipe.speech.packages import PACKAGES


def licences(bundle: Path, engine: str) -> dict[str, str]:
    """The engine's packages and their licences; each has a version."""
    table = json.loads((bundle / PACKAGES).read_text(encoding="utf-8"))
    rows = {name: one for name, one in table.items() if one["engine"] == engine}
    assert all(re.search(r"\d", one["version"]) for one in rows.values())
    return {name: one["licence"] for name, one in rows.items()}
