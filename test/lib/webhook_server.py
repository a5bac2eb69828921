#!/usr/bin/python3
"""A receiver of webhooks for tests: webhook_server.py DIRECTORY

Listens on 127.0.0.1, prints "port N" and "ready", and ends when standard input
does.  Its verification is written from Standard Webhooks' text and shares no
code with ours.  The secret of a path is in DIRECTORY/secrets, as lines "PATH SECRET".

The path says what is answered; anything may follow:
  /flaky/     503 the first time to about a third of all ids, then 204
  /down/      503 until there is a file DIRECTORY/up, then 204
  /status/N   that status
  /redirect/  302 to /ok/redirected
  /endless/   200, bytes without an end
  /hang/      nothing
  else        204
Every request is a line of DIRECTORY/requests, in the order in which they were answered: JSON.
"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import sys
import threading
import time

DIRECTORY = sys.argv[1]
lock = threading.Lock()
seen = set()


def secret_of(path):
    with open(os.path.join(DIRECTORY, "secrets")) as f:
        for line in f:
            known, secret = line.split()
            if known == path:
                return secret
    return None


def verified(path, headers, body):
    secret = secret_of(path)
    if secret is None:
        return None
    key = base64.b64decode(secret[len("whsec_"):], validate=True)
    tag = hmac.new(key, b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body]), hashlib.sha256).digest()
    return headers["webhook-signature"] == "v1," + base64.b64encode(tag).decode() and abs(time.time() - int(headers["webhook-timestamp"])) < 60


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def status(self, what):
        ident = self.headers.get("webhook-id", "")
        first = (self.path, ident) not in seen
        seen.add((self.path, ident))
        if what == "status":
            return int(self.path.split("/")[2])
        if what == "redirect":
            return 302
        if what == "flaky" and first and int(ident[-1], 16) % 3 == 0:
            return 503
        if what == "down" and not os.path.exists(os.path.join(DIRECTORY, "up")):
            return 503
        return 200 if what == "endless" else 204

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        what = self.path.split("/")[1]
        with lock:
            status = self.status(what)
            with open(os.path.join(DIRECTORY, "requests"), "a") as f:
                f.write(json.dumps(dict(path=self.path, status=status, body=body.decode(), verified=verified(self.path, self.headers, body), at=time.time(),
                                        headers={k.lower(): v for k, v in self.headers.items()})) + "\n")
        if what == "hang":
            time.sleep(600)
        self.send_response(status)
        if what == "redirect":
            self.send_header("Location", "/ok/redirected")
        if what == "endless":
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
            except OSError:
                return
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass


open(os.path.join(DIRECTORY, "requests"), "a").close()
server = Server(("127.0.0.1", 0), Handler)
print("port", server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
os._exit(0)
