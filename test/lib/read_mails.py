#!/usr/bin/python3
"""The mails in a directory as a JSON array, by Python's own parser of mails: read_mails.py MAILS

Each: its headers (lists, decoded), its parts (type and text), its defects as
the parser finds them, the longest line, and what smtp_server.py knows of its way.
"""
import email
import email.policy
import glob
import json
import os
import sys

mails = []
for name in sorted(glob.glob(os.path.join(sys.argv[1], "*.eml"))):
    with open(name, "rb") as f:
        raw = f.read()
    with open(name[:-4] + ".json") as f:
        way = json.load(f)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    headers = {}
    defects = [str(d) for part in message.walk() for d in part.defects]
    for key, value in message.items():
        headers.setdefault(key.lower(), []).append(str(value))
        defects += [f"{key}: {d}" for d in getattr(value, "defects", [])]
    mails.append(dict(
        way, headers=headers, defects=defects, type=message.get_content_type(),
        addresses={k: [[a.display_name, a.addr_spec] for a in message[k].addresses] for k in ("from", "to", "reply-to") if message[k]},
        parts=[dict(type=part.get_content_type(), charset=part.get_content_charset(), encoding=str(part["content-transfer-encoding"]),
                    text=part.get_content()) for part in message.walk() if not part.is_multipart()],
        longest=max(len(line) for line in raw.split(b"\r\n")), ascii=raw.isascii(), bare=b"\n" in raw.replace(b"\r\n", b"")))
json.dump(mails, sys.stdout)
