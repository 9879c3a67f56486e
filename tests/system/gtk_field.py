"""A window with a GTK 3 entry that writes down what is in it.

Arguments: title, file, and any of --secret, --multiline, --large.

Run by the system's own Python, not by Steno's: that is the one for which a distribution has GTK.
"""

import sys
from pathlib import Path

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import GLib, Gtk  # noqa: E402


def main() -> None:
    title, file, options = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    window = Gtk.Window(title=title, default_width=600, default_height=200)
    if "--multiline" in options:
        view = Gtk.TextView()
        source = view.get_buffer()
    else:
        view = source = Gtk.Entry()
        view.set_visibility("--secret" not in options)

    def written(*_: object) -> None:
        if "--multiline" in options:
            text = source.get_text(*source.get_bounds(), True)
        else:
            text = source.get_text()
        new = file.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        new.replace(file)

    if "--large" in options:
        style = Gtk.CssProvider()
        style.load_from_data(b"textview { font-size: 18pt; }")
        view.set_wrap_mode(Gtk.WrapMode.WORD)
        view.get_style_context().add_provider(style, Gtk.STYLE_PROVIDER_PRIORITY_USER)
    source.connect("changed", written)
    window.add(view)
    window.connect("destroy", Gtk.main_quit)
    window.show_all()
    GLib.idle_add(lambda: Path(f"{file}.ready").touch())
    Gtk.main()


main()
