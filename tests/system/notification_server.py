"""A notification server for tests, run as a program: `notification_server.py FILE CAPABILITIES`.

It writes the id, summary and body of each notification to FILE, a line each, separated by tabs; `ready` when it serves.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from jeepney import DBusErrorResponse, HeaderFields, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import Proxy, open_dbus_connection

SERVICE = "org.freedesktop.Notifications"


def main(file: Path, capabilities: list[str]) -> None:
    """Serve until killed."""
    connection = open_dbus_connection()
    (answer,) = Proxy(message_bus, connection).RequestName(SERVICE)
    assert answer == 1, answer
    count = 0
    with file.open("a", encoding="utf-8", buffering=1) as lines:
        lines.write("ready\n")
        while True:
            message = connection.receive()
            if message.header.message_type is not MessageType.method_call:
                continue
            signature: str | None
            body: tuple[Any, ...]
            match message.header.fields[HeaderFields.member]:
                case "GetCapabilities":
                    signature, body = "as", (capabilities,)
                case "Notify":
                    _, replaces, _, summary, text, _, _, _ = message.body
                    if not replaces:
                        count += 1
                        replaces = count
                    lines.write(f"{replaces}\t{summary}\t{text}\n")
                    signature, body = "u", (replaces,)
                case other:
                    connection.send(new_error(message, f"{SERVICE}.Unknown", "s", (str(other),)))
                    continue
            connection.send(new_method_return(message, signature, body))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), sys.argv[2].split(","))
    except (DBusErrorResponse, ConnectionError) as error:
        sys.exit(f"notification_server: {error}")
