"""Print the text of each final of a running daemon. Argument: its runtime directory."""

import json
import sys

import zmq

socket = zmq.Context().socket(zmq.SUB)
socket.connect(f"ipc://{sys.argv[1]}/events.sock")
socket.subscribe("event.final")
while True:
    topic, event = socket.recv_multipart()
    print(json.loads(event)["text"], flush=True)
