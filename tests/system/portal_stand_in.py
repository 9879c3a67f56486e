"""A stand-in for what a desktop has behind its portal. Arguments: front or back, and the version of the interfaces.

`back`: the part that GNOME or KDE provides; before it the real xdg-desktop-portal. `front`: the whole portal, for
versions that Debian's xdg-desktop-portal does not have. The interfaces are those that xdg-desktop-portal publishes, and
GLib refuses every call whose signature is another. The test tells it what to do through org.steno.StandIn.

Run by the system's own Python, not by Steno's: that is the one for which a distribution has GLib.
"""

import json
import sys
from pathlib import Path
from typing import Any

from gi.repository import Gio, GLib

XML = Path("/usr/share/dbus-1/interfaces")
ERROR = "org.freedesktop.portal.Error.Failed"
CONTROL = """<node><interface name="org.steno.StandIn">
  <method name="Recorded"><arg type="s" direction="out"/></method>
  <method name="Answer"><arg type="u" direction="in"/></method>
  <method name="Shortcut"><arg type="s" direction="in"/><arg type="b" direction="in"/></method>
  <method name="CloseSession"/>
  <method name="CloseAfter"><arg type="u" direction="in"/></method>
</interface></node>"""
NEVER = 99
"""As an answer: none."""
RESULTS: dict[str, dict[str, Any]] = {
    "CreateSession": {},
    "SelectDevices": {},
    "Start": {"devices": GLib.Variant("u", 1)},
}


class StandIn:
    def __init__(self, front: bool, version: int) -> None:
        self.front, self.version = front, version
        self.prefix = "org.freedesktop." if front else "org.freedesktop.impl."
        self.answer = 0
        self.close_after: int | None = None
        self.recorded: list[object] = []
        self.session, self.client, self.tokens = "", "", 0
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        for name in ("RemoteDesktop", "GlobalShortcuts"):
            self.export("/org/freedesktop/portal/desktop", f"{self.prefix}portal.{name}")
        control = Gio.DBusNodeInfo.new_for_xml(CONTROL).interfaces[0]
        self.bus.register_object("/stand_in", control, self.controlled, None, None)
        name = "org.freedesktop.portal.Desktop" if front else "org.freedesktop.impl.portal.desktop.stand_in"
        Gio.bus_own_name_on_connection(self.bus, name, Gio.BusNameOwnerFlags.NONE, None, None)

    def export(self, path: str, interface: str) -> None:
        info = Gio.DBusNodeInfo.new_for_xml((XML / f"{interface}.xml").read_text()).lookup_interface(interface)
        self.bus.register_object(path, info, self.called, self.property, None)

    def property(self, _bus: Any, _sender: str, _path: str, _interface: str, name: str) -> Any:
        return GLib.Variant("u", {"version": self.version, "AvailableDeviceTypes": 7}[name])

    def called(self, _bus: Any, sender: str, _path: str, _interface: str, member: str, *call: Any) -> None:
        arguments, invocation = call
        given = list(arguments.unpack())
        self.recorded.append([member, given])
        if member.startswith("Notify"):
            self.notify(invocation)
        elif member == "Close":
            invocation.return_value(None)
        elif self.front:
            self.asked(sender, member, given, invocation)
        else:
            if member == "CreateSession":
                self.client, self.session = sender, given[1]
                self.export(self.session, "org.freedesktop.impl.portal.Session")
            if self.answer != NEVER:
                invocation.return_value(GLib.Variant("(ua{sv})", (self.answer, self.results(member, given[2]))))

    def notify(self, invocation: Any) -> None:
        if self.close_after is not None:
            self.close_after -= 1
            if self.close_after < 0:
                invocation.return_dbus_error(ERROR, "Invalid session")
                return
        invocation.return_value(None)

    def asked(self, sender: str, member: str, given: list[Any], invocation: Any) -> None:
        """Answer as a portal does: the path of a request, and later a signal there."""
        options, parts = given[-1], sender[1:].replace(".", "_")
        handle = f"/org/freedesktop/portal/desktop/request/{parts}/{options['handle_token']}"
        self.export(handle, "org.freedesktop.portal.Request")
        if member == "CreateSession":
            self.client = sender
            self.session = f"/org/freedesktop/portal/desktop/session/{parts}/{options['session_handle_token']}"
            self.export(self.session, "org.freedesktop.portal.Session")
        invocation.return_value(GLib.Variant("(o)", (handle,)))
        if self.answer != NEVER:
            results = GLib.Variant("(ua{sv})", (self.answer, self.results(member, given[1] if len(given) > 1 else [])))
            GLib.idle_add(self.emit, handle, "org.freedesktop.portal.Request", "Response", results)

    def results(self, member: str, shortcuts: Any) -> dict[str, Any]:
        if self.answer:
            return {}
        if member == "BindShortcuts":
            listed = [
                (name, {"trigger_description": GLib.Variant("s", f"<{each['preferred_trigger']}>")})
                for name, each in shortcuts
            ]
            return {"shortcuts": GLib.Variant("a(sa{sv})", listed)}
        results = dict(RESULTS[member])
        if member == "CreateSession" and self.front:
            results["session_handle"] = GLib.Variant("s", self.session)
        if member == "Start":
            self.tokens += 1
            results["restore_token"] = GLib.Variant("s", f"token {self.tokens}")
        return results

    def emit(self, path: str, interface: str, member: str, body: Any) -> None:
        self.bus.emit_signal(self.client, path, interface, member, body)

    def controlled(self, _bus: Any, _sender: str, _path: str, _interface: str, member: str, *call: Any) -> None:
        arguments, invocation = call
        given, answer = arguments.unpack(), None
        if member == "Recorded":
            answer = GLib.Variant("(s)", (json.dumps(self.recorded),))
        elif member == "Answer":
            self.answer = given[0]
        elif member == "CloseAfter":
            self.close_after = given[0]
        elif member == "Shortcut":
            body = GLib.Variant("(osta{sv})", (self.session, given[0], 12345, {}))
            signal = "Activated" if given[1] else "Deactivated"
            self.emit("/org/freedesktop/portal/desktop", f"{self.prefix}portal.GlobalShortcuts", signal, body)
        else:
            body = GLib.Variant("(a{sv})", ({},)) if self.front else None
            self.emit(self.session, f"{self.prefix}portal.Session", "Closed", body)
        invocation.return_value(answer)


StandIn(sys.argv[1] == "front", int(sys.argv[2]))
GLib.MainLoop().run()
