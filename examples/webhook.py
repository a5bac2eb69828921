#!/usr/bin/python3
"""webhook.py: take webhooks of fastauth, verify them, and print them.

	WEBHOOK_SECRET=whsec_... python3 examples/webhook.py [PORT]

It listens on 127.0.0.1 (PORT is 8787 unless it is given), answers 204 to what is
genuine, fresh and new, and 401 to anything else.  STOP_AFTER=n ends it after n.
The signature is that of Standard Webhooks; there are libraries for most
languages, and these few lines of Python's own do the same.

A real receiver keeps what it has handled in its database, in the transaction
that handles it, and answers only after the commit: then nothing is lost, and
what comes twice is done once.
"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import sys
import time

KEY = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"), validate=True)
TOLERANCE = 300     # seconds that our clock and the sender's may differ
MAX_BYTES = 1 << 20
handled = set()


def verify(headers, body):
    """Is it signed with our secret, and not long ago?"""
    ident = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERANCE:
        return False
    signed = f"{ident}.{timestamp}.".encode() + body
    right = "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(right.encode(), given.encode()) for given in headers.get("webhook-signature", "").split())


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > MAX_BYTES:
            return self.answer(413)
        body = self.rfile.read(int(length))
        if not verify(self.headers, body):
            return self.answer(401)
        if self.headers["webhook-id"] not in handled:
            event = json.loads(body)
            print(event["type"], event["data"].get("user_id"), flush=True)
            handled.add(self.headers["webhook-id"])
        return self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8787), Receiver)
print("listening", flush=True)
while len(handled) < int(os.environ.get("STOP_AFTER", sys.maxsize)):
    server.handle_request()
