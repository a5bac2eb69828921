#!/usr/bin/python3
"""Mail servers for tests: smtp_server.py CERTIFICATES MAILS NAME[:PORT]...

Each NAME listens on 127.0.0.1, at PORT or where there is room; "NAME PORT" is
printed for each, then "ready".  All end when standard input does.

Honest ones, by aiosmtpd:
  plain       no TLS, no AUTH
  starttls    STARTTLS and AUTH are required
  smtps       TLS from the start, AUTH is required
  login       as starttls, with AUTH LOGIN alone
  starttls-X, smtps-X   with the certificate X: wrongname, expired, stranger
The user is "mailer", the password "right: pässword".  A recipient can ask for an answer:
  reply-550@      that code at RCPT
  data-554@       that code after DATA
  once-450@       that code at RCPT, but only the first time
Faults that they cannot do:
  hang        accepts the connection and says nothing
  hang-data   says nothing after DATA
  drop        closes the connection in the middle of DATA
  drop-end    closes it after the last dot, without an answer
  bye         421 in place of a greeting
  bye-mail    421 to MAIL, and closes
  gone        554 in place of a greeting
  auth        530 to MAIL without AUTH, which it does not offer

A mail that arrived is MAILS/NNNNNN.eml, with what is known of its way in
NNNNNN.json beside it.
"""
import asyncio
import itertools
import json
import logging
import os
import re
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

CERTIFICATES, MAILS = sys.argv[1:3]
USER, PASSWORD = b"mailer", "right: pässword".encode()
number = itertools.count(1)
connections = itertools.count(1)
asked_before = set()


def deliver(content, **envelope):
    """The mail appears under its name when all of it is there."""
    name = os.path.join(MAILS, "%06d" % next(number))
    with open(name + ".json", "w") as f:
        json.dump(envelope, f)
    with open(name + ".tmp", "wb") as f:
        f.write(content)
    os.rename(name + ".tmp", name + ".eml")


class Honest:
    def __init__(self, name):
        self.name = name
        self.numbers = {}

    async def handle_RCPT(self, server, session, envelope, address, options):
        asked = re.match(r"(reply|once)-(\d{3})@", address)
        if asked and not (asked[1] == "once" and address in asked_before):
            asked_before.add(address)
            return asked[2] + " as you wish, and a secret-of-the-server"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        asked = re.match(r"data-(\d{3})@", envelope.rcpt_tos[0])
        if asked:
            return asked[1] + " as you wish"
        if session.peer not in self.numbers:
            self.numbers[session.peer] = next(connections)
        deliver(envelope.content, server=self.name, mail_from=envelope.mail_from, rcpt=envelope.rcpt_tos, helo=session.host_name,
                tls=server.transport.get_extra_info("cipher") is not None,
                user=session.auth_data.login.decode() if session.authenticated else None,
                mechanism=getattr(session, "mechanism", None), connection=self.numbers[session.peer])
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    session.mechanism = mechanism
    good = isinstance(data, LoginPassword) and data.login == USER and data.password == PASSWORD
    return AuthResult(success=good, auth_data=data) if good else AuthResult(success=False, handled=False)


def tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(CERTIFICATES, certificate + ".pem"), os.path.join(CERTIFICATES, certificate + ".key"))
    return context


class Fault(asyncio.Protocol):
    """A server of one fault: what it answers to a command, by its name."""

    def __init__(self, name):
        self.name = name
        self.buffer = b""
        self.in_data = False

    def say(self, line):
        self.transport.write(line.encode() + b"\r\n")

    def connection_made(self, transport):
        self.transport = transport
        if self.name in ("bye", "gone"):
            self.say("421 closing" if self.name == "bye" else "554 no service")
            transport.close()
        elif self.name != "hang":
            self.say("220 fault")

    def data_received(self, data):
        self.buffer += data
        if self.in_data:
            self.take_data()
            return
        while b"\r\n" in self.buffer and not self.in_data:
            line, self.buffer = self.buffer.split(b"\r\n", 1)
            self.command(line.decode(errors="replace").upper())

    def take_data(self):
        if self.name == "drop":
            self.transport.abort()
        elif self.name == "drop-end" and self.buffer.endswith(b"\r\n.\r\n"):
            self.transport.close()

    def command(self, line):
        if self.name == "hang":
            return
        if line.startswith("MAIL") and self.name == "bye-mail":
            self.say("421 closing")
            self.transport.close()
        elif line.startswith("MAIL") and self.name == "auth":
            self.say("530 who are you")
        elif line == "DATA":
            self.in_data = True
            self.say("354 go on")
        elif line == "QUIT":
            self.say("221 bye")
            self.transport.close()
        else:
            self.say("250 OK")


def factory(name):
    """What makes the protocol of a connection, and the TLS that it starts with."""
    kind, _, certificate = name.partition("-")
    if kind not in ("plain", "starttls", "smtps", "login"):
        return (lambda: Fault(name)), None
    handler = Honest(name)
    options = dict(hostname="mail.test", enable_SMTPUTF8=False, loop=asyncio.get_running_loop())
    if kind == "plain":
        return (lambda: SMTP(handler, **options)), None
    options.update(authenticator=authenticate, auth_required=True)
    context = tls(certificate or "good")
    if kind == "smtps":
        return (lambda: SMTP(handler, auth_require_tls=False, **options)), context
    if kind == "login":
        options.update(auth_exclude_mechanism=["PLAIN"])
    return (lambda: SMTP(handler, tls_context=context, require_starttls=True, **options)), None


async def main():
    loop = asyncio.get_running_loop()
    for asked in sys.argv[3:]:
        name, _, port = asked.partition(":")
        protocol, context = factory(name)
        server = await loop.create_server(protocol, "127.0.0.1", int(port or 0), ssl=context)
        print(name, server.sockets[0].getsockname()[1], flush=True)
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


# aiosmtpd warns of what the tests want.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)
warnings.simplefilter("ignore")
os.makedirs(MAILS, exist_ok=True)
asyncio.run(main())
