"""A GTK 3 program that copies formatted text of the given length, and says so. Arguments: length, file.

GTK offers such text in several forms, and in pieces if it is long. Run by the system's own Python.
"""

import sys
from pathlib import Path

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GLib, Gtk  # noqa: E402


def main() -> None:
    length, file = int(sys.argv[1]), Path(sys.argv[2])
    buffer = Gtk.TextBuffer()
    buffer.register_serialize_tagset(None)
    buffer.set_text(("Grüße 世界 " * (length // 9 + 1))[:length])
    buffer.apply_tag(buffer.create_tag("bold", weight=700), *buffer.get_bounds())
    buffer.select_range(*buffer.get_bounds())
    buffer.copy_clipboard(Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD))
    GLib.idle_add(file.touch)
    Gtk.main()


main()
