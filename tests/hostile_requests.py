"""Requests that no camera sends: bytes for a connection, and whether it is left open without an answer."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

PATH = b"/prod/inference"
_MB = 1_000_000


@dataclass(frozen=True)
class Hostile:
    """One connection's bytes. ``hangs`` leaves it open; otherwise its answer is read."""

    sent: bytes
    hangs: bool = False


def hostile_requests(number: int, seed: int = 1) -> Iterator[Hostile]:
    """As many requests, the same for the same seed."""
    chance = random.Random(seed)
    kinds = (_no_http, _lines, _chunks, _lengths, _odd_json, _long_headers, _pipeline, _bad_text, _large, _slow)
    for place in range(number):
        yield kinds[place % len(kinds)](chance)


def _post(body: bytes, *headers: bytes, length: object = None) -> bytes:
    declared = str(len(body) if length is None else length).encode()
    lines = [b"POST " + PATH + b" HTTP/1.1", b"Host: x", b"Connection: close", b"Content-Length: " + declared, *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _chunked(body: bytes, *headers: bytes) -> bytes:
    lines = [b"POST " + PATH + b" HTTP/1.1", b"Host: x", b"Connection: close", b"Transfer-Encoding: chunked", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _no_http(chance: random.Random) -> Hostile:
    return chance.choice(
        [
            Hostile(chance.randbytes(chance.randrange(1, 5000)) + b"\r\n\r\n"),
            Hostile(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + chance.randbytes(500) + b"\r\n\r\n"),
            Hostile(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            Hostile(b"\x00" * 2000 + b"\r\n\r\n"),
            Hostile(b"\r\n" * 3000, hangs=True),
            Hostile(b"GET /\r\n\r\n"),
        ]
    )


def _lines(chance: random.Random) -> Hostile:
    first = chance.choice(
        [
            b"POST",
            b"POST " + PATH,
            b"POST " + PATH + b" HTTP/9.9",
            b"POST " + PATH + b" HTTP/1.1 extra",
            b"CONNECT x:443 HTTP/1.1",
            b"POST http://other/prod/inference HTTP/1.1",
            b"PO\x00ST " + PATH + b" HTTP/1.1",
            b"POST //prod/../prod/inference HTTP/1.1",
            b"post " + PATH + b" http/1.1",
            b"OPTIONS * HTTP/1.1",
        ]
    )
    header = chance.choice([b"no colon", b": no name", b"A b: c", b"X: a\rb", b"X:\x00", b" folded", b"X: \xff\xfe"])
    return Hostile(first + b"\r\nHost: x\r\n" + header + b"\r\nConnection: close\r\n\r\n")


def _chunks(chance: random.Random) -> Hostile:
    huge = b"%x" % chance.choice([2**31, 2**35, 2**63, 2**64 + 1, 2**200])
    return chance.choice(
        [
            Hostile(_chunked(huge + b"\r\n" + b"x" * chance.randrange(100_000)), hangs=True),
            Hostile(_chunked(huge + b"\r\n" + b"x" * 12 * _MB)),
            Hostile(_chunked(b"-5\r\nabc\r\n0\r\n\r\n")),
            Hostile(_chunked(b"0x5\r\nabcde\r\n0\r\n\r\n")),
            Hostile(_chunked(b"5\r\nabcdefgh\r\n0\r\n\r\n")),
            Hostile(_chunked(b"5;" + b"e" * chance.randrange(300_000) + b"\r\nabcde\r\n0\r\n\r\n")),
            Hostile(_chunked(b"1" * 100_000), hangs=True),
            Hostile(_chunked(b"0\r\n" + b"T: t\r\n" * 50_000), hangs=True),
            Hostile(_chunked(b"1\r\na\r\n" * 50_000 + b"0\r\n\r\n", b"Content-Type: image/jpeg")),
            Hostile(_chunked(b"3\r\n{}\n\r\n0\r\n\r\n", b"Content-Length: 5")),
            Hostile(_chunked(b"0\r\n\r\n").replace(b"chunked", b"gzip, chunked, chunked")),
        ]
    )


def _lengths(chance: random.Random) -> Hostile:
    length = chance.choice([-1, 2**31, 2**64, 10**40, "+5", "5, 5", "5, 6", "0x5", "five", "", " ", 10**8])
    return Hostile(_post(b"abcde", length=length), hangs=length == "" or chance.random() < 0.1)


def _odd_json(chance: random.Random) -> Hostile:
    size = chance.choice([1000, 30_000, 300_000, _MB])

    def many(item: str) -> str:
        return "[" + ",".join([item] * (size // (len(item) + 1))) + "]"

    document = chance.choice(
        [
            '{"images":' + many('""') + "}",
            '{"images":' + many('"s3://b/k"') + "}",
            '{"images_base64_enc":' + many("[]") + "}",
            '{"images_base64_enc":' + many('"AAAA"') + "}",
            '{"x":' + many("{}") + "}",
            '{"x":' + many('{"a":[0]}') + "}",
            '{"x":' + "[" * size + "]" * size + "}",
            '{"x":' * (size // 5) + "1" + "}" * (size // 5),
            '{"max_results":' + "9" * chance.choice([20, 4000, size]) + "}",
            '{"min_confidence":1e' + "9" * 400 + "}",
            '{"min_confidence":0.' + "9" * size + "}",
            '{"image_base64_enc":"' + "\\ud800" * (size // 6) + '"}',
            '{"image_base64_enc":"' + "A" * size + '"}',
            '{"image_base64_enc":["AAAA"],"max_results":"1","normalized":[null]}',
            '{"image_base64_enc":"AAAA","timestamp":' + many("0") + ',"request_id":{}}',
            "{" + ",".join(f'"k{number}":{number}' for number in range(size // 15)) + "}",
            '{"timestamp":NaN,"request_id":Infinity}',
            chance.choice(["null", "5", '""', "[]", "{}", "", "{", '{"a"', "\ufeff{}", "'", "true"]),
        ]
    )
    kind = chance.choice([(), (b"Content-Type: application/json",), (b"Content-Type: text/json",)])
    return Hostile(_post(document.encode(), *kind))


def _long_headers(chance: random.Random) -> Hostile:
    long = b"x" * chance.choice([9000, 11_000, 70_000, _MB])
    return chance.choice(
        [
            Hostile(_post(b"{}", b"X-Camera-Id: " + long)),
            Hostile(_post(b"{}", b"Authorization: AWS4-HMAC-SHA256 " + long)),
            Hostile(_post(b"{}", *[b"X-%d: y" % number for number in range(len(long) // 10)])),
            Hostile(_post(b"{}").replace(PATH, PATH + b"?" + long)),
            Hostile(_post(b"{}").replace(PATH, PATH + b"/" + long)),
            Hostile(_post(b"{}", long + b": x")),
            Hostile(_post(b"{}", b"Accept: " + b"a/b," * (len(long) // 4))),
        ]
    )


def _pipeline(chance: random.Random) -> Hostile:
    one = _post(b'{"image_base64_enc":"AAAA"}').replace(b"Connection: close\r\n", b"")
    bad = chance.choice([b"nonsense\r\n\r\n", _chunked(b"zz\r\n"), _post(b"x", length="x"), b""])
    return Hostile(one * chance.randrange(2, 40) + bad + _post(b"{}"))


def _bad_text(chance: random.Random) -> Hostile:
    junk = chance.choice(
        [b"\xff\xfe\xfd", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"%ff%fe", b"%00", b"%", b"\xe2\x28"]
    )
    kind = chance.choice(
        [b"Content-Type: text/plain", b"Content-Type: \xff", b"Content-Type: image/jpeg; charset=\xff"]
    )
    return chance.choice(
        [
            Hostile(_post(junk * chance.randrange(1, 50_000), kind)),
            Hostile(_post(b"{}").replace(PATH, PATH + b"?min_confidence=" + junk + b"&" + junk)),
            Hostile(_post(b"{}").replace(PATH, PATH + b"/" + junk)),
            Hostile(_post(b"{}", b"X-Camera-Id: " + junk, b"X-Timestamp: " + junk)),
            Hostile(_post(b'{"image_base64_enc":"' + junk + b'"}')),
        ]
    )


def _large(chance: random.Random) -> Hostile:
    megabytes = chance.choice([1, 1, 2, 5, 9, 12])
    kind = chance.choice([b"Content-Type: image/jpeg", b"Content-Type: text/plain", b"X: y", b"Expect: 100-continue"])
    fill = chance.choice([b"\xff", b"[]", b"a", b"\xff\xd8\xff", b'"",'])
    return Hostile(_post((fill * (megabytes * _MB // len(fill))), kind))


def _slow(chance: random.Random) -> Hostile:
    whole = _post(b"x" * 5000, b"Content-Type: image/jpeg")
    return Hostile(whole[: chance.randrange(len(whole))], hangs=True)
