"""The settings of the clients that bring text to the desktop: hotkey, typing, the text's form, feedback.

Like `pipeline.settings`, whose sections these are; in a file of its own since the daemon reads none of them.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Output = Literal["final", "commit", "live"]
Newline = Literal["space", "shift+enter", "enter"]
TrailingSpace = Literal["never", "always", "sentence"]
TypingBackend = Literal["auto", "x11", "pynput", "paste", "wtype", "dotool", "ydotool", "portal", "xdotool"]
Context = Annotated[str, Meta(max_length=10_000)]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Root of the sections, and of the tables within them: no unknown key passes."""


class Binding(Section, frozen=True):
    """One table of `hotkey.bindings`: a key and what it does."""

    key: str
    """A key (`ctrl_r`, `caps_lock`, `f9`), keys together (`ctrl+alt+d`) or a mouse button (`mouse:x1`)."""
    action: Literal["hold", "toggle", "auto"] = "auto"
    """`hold`: listen while it is down. `toggle`: each press starts or stops. `auto`: held it is the one, tapped the
    other."""
    language: str = ""
    """Force this language for what is said with this key."""
    context: Context = ""
    """Names and terms for what is said with this key."""
    output: Literal["", "final", "commit", "live"] = ""
    """How `steno type` brings it to the window; empty as `typing.mode` says."""


class HotkeySettings(Section, frozen=True):
    """[hotkey]: the keys of `steno hotkey`."""

    backend: Literal["auto", "pynput", "x11", "portal", "evdev"] = "auto"
    """What hears the keys; `auto` takes the best that works here and says which. `evdev` reads the keyboards
    themselves, which whoever may do so can always do: it is never chosen for you."""
    bindings: tuple[Binding, ...] = (Binding(key="ctrl_r"),)
    """Tables with `key`, and if you like `action` (hold, toggle or auto), `language`, `context`, `output` (final,
    commit or live)."""
    cancel: str = "esc"
    """Pressed while Steno listens, this key throws away what was said. Empty: none."""
    tap_ms: Annotated[int, Meta(ge=50, le=2000)] = 250
    """A key of action `auto` that is let go within this time was tapped, not held; so was CapsLock, which then does
    what CapsLock does."""


class Rule(Section, frozen=True):
    """One table of `typing.rules`: what is different in some windows. Patterns are those of shell file names."""

    program: str = "*"
    """Class of the window (X11) or its application id (Wayland), in any case of letters."""
    title: str = "*"
    """Title of the window."""
    process: str = "*"
    """Name of the process whose window it is."""
    refuse: bool = False
    """Never type there."""
    backend: TypingBackend | None = None
    """Another back-end."""
    newline: Newline | None = None
    """What a line break becomes there."""
    submit: bool = False
    """Press Enter after each final."""
    trailing_space: TrailingSpace | None = None
    """Another policy than `text.trailing_space`."""
    punctuation: bool = True
    """False: full stops, commas and the capital at the beginning of a sentence are left out, as for commands."""
    context: Context = ""
    """Names and terms that are likely to be said there."""
    paste_keys: str = ""
    """Keys that paste there; empty for Ctrl+V, or Ctrl+Shift+V in a terminal."""


class TypingSettings(Section, frozen=True):
    """[typing]: how `steno type` brings text into the focused window."""

    backend: TypingBackend = "auto"
    """What types; `auto` takes the best that works here and says which and why."""
    mode: Output = "final"
    """`final`: an utterance when it is over. `commit`: words as they are committed. `live`: also the tail, corrected
    with backspaces."""
    focus_moves: Literal["pin", "follow", "hold"] = "pin"
    """When another window has the focus than at the press: `pin` keeps the text and offers it, `follow` types words
    where you looked when you said them, `hold` waits until the window has the focus again."""
    unknown_window: Literal["type", "keep"] = "type"
    """Where the desktop does not tell which window has the focus: type all the same, or keep the text."""
    newline: Newline = "space"
    """What a line break becomes."""
    modifier_wait_s: Annotated[float, Meta(ge=0, le=600)] = 10.0
    """While you hold Ctrl, Shift, Alt or Super nothing is typed; after so long the text is kept instead."""
    catch_up_s: Annotated[float, Meta(ge=0, le=600)] = 10.0
    """A typist that is started again after a crash types the finals it has missed, if they are no older."""
    excluded: tuple[str, ...] = ("keepassxc", "org.keepassxc.*", "1password", "bitwarden", "pinentry*", "gcr-prompter")
    """Programs that are never typed into: patterns as in a rule's `program`."""
    rules: tuple[Rule, ...] = ()
    """Tables with any of `program`, `title`, `process` (patterns), and what is different there: `refuse`, `backend`,
    `newline`, `submit`, `trailing_space`, `punctuation`, `context`, `paste_keys`. The first that fits counts."""


class Replacement(Section, frozen=True):
    """One table of `text.replacements`: what is written in the place of what."""

    find: str
    """Whole words in any case of letters, or a regular expression."""
    replace: str = ""
    """What stands there then; of a regular expression with its groups as \\1."""
    regex: bool = False
    """`find` is a regular expression."""


class Snippet(Section, frozen=True):
    """One table of `text.snippets`: a text that a phrase calls up when it is all that was said."""

    say: str
    """The phrase."""
    insert: str
    """The text."""


class TextSettings(Section, frozen=True):
    """[text]: the form of the text that is typed."""

    spacing: bool = True
    """Put a space before a text where one belongs, by what was typed last."""
    capitals: bool = True
    """Begin a sentence with a capital, and go on within one without."""
    trailing_space: TrailingSpace = "never"
    """A space behind each text: `never`, `always`, or after the end of a `sentence`."""
    commands: bool = True
    """Take "new line", "new paragraph", "scratch that" and the Chinese ones as commands when they stand alone, line
    breaks also as a sentence of their own."""
    replacements: tuple[Replacement, ...] = ()
    """Tables with `find` and `replace`, and `regex` = true for regular expressions."""
    snippets: tuple[Snippet, ...] = ()
    """Tables with `say` and `insert`."""
    regex_ms: Annotated[int, Meta(ge=10, le=10_000)] = 200
    """A regular expression that takes longer is left out, and that is said."""
    post_edit: str = ""
    """A program that gets each text on standard input and writes it anew on standard output; empty for none."""
    post_edit_s: Annotated[float, Meta(gt=0, le=60)] = 2.0
    """If that program takes longer, fails or writes nothing, the text stays as it was."""


class FeedbackSettings(Section, frozen=True):
    """[feedback]: how `steno hotkey` and `steno type` tell what they do."""

    sounds: bool = True
    """Short sounds when listening starts, ends, is cancelled, or something went wrong."""
    volume: Annotated[float, Meta(ge=0, le=1)] = 0.25
    """Of the sounds, as a knob: 0.25 is 24 dB below full scale, 0.5 is 12 dB."""
    notifications: bool = True
    """Desktop notifications about what went wrong and about text that was kept."""
