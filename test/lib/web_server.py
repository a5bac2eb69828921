#!/usr/bin/python3
"""A web server for tests: web_server.py CERTIFICATES REQUESTS

Listens on 127.0.0.1 where there is room, by http and by https, and prints
"http PORT", "https PORT" (the good certificate), "https-wrongname PORT",
"https-stranger PORT" and "ready".  Ends when standard input does.

The path says what is answered:
  /status/503       that status
  /once/503         that status the first time that this path is asked for, then 200
  /json             200, application/json
  /echo             200, the body that came
  /big/100000       200, so many bytes
  /endless          200, bytes without an end
  /redirect         302 to /json
  /hang             nothing
  /drop             closes the connection
  else              200
A request is REQUESTS/NNNNNN.json: server, method, path, headers, body (as text;
base64 when it is not UTF-8).
"""
import base64
import http.server
import itertools
import json
import os
import ssl
import sys
import threading
import time

CERTIFICATES, REQUESTS = sys.argv[1:3]
number = itertools.count(1)
lock = threading.Lock()
asked_before = set()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def record(self, body):
        try:
            text = body.decode()
        except UnicodeDecodeError:
            text = base64.b64encode(body).decode()
        with lock:
            name = os.path.join(REQUESTS, "%06d" % next(number))
            with open(name + ".tmp", "w") as f:
                json.dump(dict(server=self.server.name, method=self.command, path=self.path, body=text, peer=self.client_address[1],
                               headers={k.lower(): v for k, v in self.headers.items()}, at=time.time()), f)
            os.rename(name + ".tmp", name + ".json")

    def answer(self, status, body=b"", content_type="text/plain", **headers):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def endless(self):
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        while True:
            self.wfile.write(b"x" * 65536)

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.record(body)
        what, _, value = self.path[1:].partition("/")
        with lock:
            first = self.path not in asked_before
            asked_before.add(self.path)
        if what == "status" or (what == "once" and first):
            self.answer(int(value), b"a secret-of-the-server")
        elif what == "json":
            self.answer(200, b'{"right": true}', "application/json; charset=utf-8")
        elif what == "echo":
            self.answer(200, body, self.headers.get("Content-Type", "text/plain"))
        elif what == "big":
            self.answer(200, b"x" * int(value))
        elif what == "redirect":
            self.answer(302, Location="/json")
        elif what == "endless":
            self.close_connection = True
            try:
                self.endless()
            except OSError:
                pass
        elif what == "hang":
            time.sleep(600)
        elif what == "drop":
            self.close_connection = True
        else:
            self.answer(200)

    do_POST = do_GET


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, name, certificate=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.name = name
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*(os.path.join(CERTIFICATES, certificate + end) for end in (".pem", ".key")))
        print(name, self.server_address[1], flush=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def finish_request(self, request, client_address):
        """In the thread of the connection, so that a client who does not speak TLS stops nobody else."""
        if self.context:
            request.settimeout(20)
            try:
                request = self.context.wrap_socket(request, server_side=True)
            except OSError:
                return
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        pass


os.makedirs(REQUESTS, exist_ok=True)
Server("http")
Server("https", "good")
Server("https-wrongname", "wrongname")
Server("https-stranger", "stranger")
print("ready", flush=True)
sys.stdin.read()
os._exit(0)
