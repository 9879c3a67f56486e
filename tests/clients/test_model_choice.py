from __future__ import annotations

import tomllib

import pytest

from clients import model_choice
from pipeline.errors import UsageError


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[model]\nasr = "x"\n'),
        ("model.language = 'English' # mine\r\n", "model.language = 'English' # mine\r\nmodel.asr = \"x\"\n"),
        ("model = {asr = 'a'}\n", 'model = {asr = "x"}\n'),
        ("[model]\nasr = 'a'\n\n# end\n[vad]\n", '[model]\nasr = "x"\n\n# end\n[vad]\n'),
    ],
)
def test_a_key_is_set_in_whatever_form_the_section_has(before: str, after: str) -> None:
    text = model_choice.edited(before, {"asr": "x"}, "here")
    assert tomllib.loads(text) == tomllib.loads(after)
    assert all(line in text for line in before.splitlines() if "asr" not in line)


def test_a_text_that_is_no_config_is_refused() -> None:
    for text in ("[model", "model = 3\n"):
        with pytest.raises(UsageError, match="here cannot be changed"):
            model_choice.edited(text, {"asr": "x"}, "here")
