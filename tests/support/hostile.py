"""Archives that no honest tool would make, byte by byte. Each Case names the rule that must refuse it.

`tars()` and `wheels()` give the hostile ones; `sloppy()` those that are odd but mean one thing to everybody.
"""

import base64
import gzip
import hashlib
import lzma
import struct
import zlib


class Case:
    def __init__(self, name, data, rule, **options):
        self.name, self.data, self.rule, self.options = name, data, rule, options


# -- tar --------------------------------------------------------------------------------------------------------
def number(value, width):
    if 0 <= value < 8 ** (width - 1):
        return b"%0*o\0" % (width - 1, value)
    return bytes([0xff if value < 0 else 0x80]) + (value % (1 << 8 * (width - 1))).to_bytes(width - 1, "big")


def header(name, size=0, kind=b"0", target=b"", mode=0o644, prefix=b"", uid=1000, checksum=None, magic=b"ustar\x0000", tail=None):
    name, target = to_bytes(name), to_bytes(target)
    block = (name[:100].ljust(100, b"\0") + number(mode, 8) + number(uid, 8) + number(1000, 8) + number(size, 12) +
             number(1700000000, 12) + b" " * 8 + kind + target[:100].ljust(100, b"\0") + magic + b"\0" * 32 + b"\0" * 32 +
             number(0, 8) + number(0, 8) + prefix.ljust(155, b"\0") + b"\0" * 12)
    if tail is not None:
        block = block[:345] + tail.ljust(167, b"\0")
    found = sum(block) if checksum is None else checksum
    return block[:148] + b"%06o\0 " % found + block[156:]


def to_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


def padded(data):
    return data + b"\0" * (-len(data) % 512)


def member(name, data=b"x", **fields):
    return header(name, len(data), **fields) + padded(data)


def folder(name, mode=0o755):
    return header(name, kind=b"5", mode=mode)


def link(name, target, kind=b"2"):
    return header(name, kind=kind, target=target, mode=0o777)


def pax(records, kind=b"x", raw=None):
    body = raw if raw is not None else b"".join(record(to_bytes(k), to_bytes(v)) for k, v in records)
    return header("PaxHeaders/x", len(body), kind=kind) + padded(body)


def record(key, value):
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest) + 1
    while len(str(length)) + len(rest) != length:
        length = len(str(length)) + len(rest)
    return str(length).encode() + rest


def named(name, data=b"x"):
    """A member whose name only PAX can hold."""
    return pax([("path", name)]) + member("short", data)


def gnu_long(name, data=b"x"):
    name = to_bytes(name) + b"\0"
    return header("././@LongLink", len(name), kind=b"L") + padded(name) + member("short", data)


END = b"\0" * 1024


def tar(*parts, end=END):
    return b"".join(parts) + end


def packed(*parts, end=END):
    return gzip.compress(tar(*parts, end=end), 6, mtime=0)


def tars():
    good = member("a/good")
    deep = "/".join(["d"] * 65)
    sparse10 = b"1\n0\n1\n" .ljust(512, b"\0")
    yield Case("absolute", packed(good, member("/etc/cudaenv-was-here")), "absolute-path")
    yield Case("absolute by pax", packed(named("/etc/cudaenv-was-here")), "absolute-path")
    yield Case("absolute folder", packed(folder("/")), "absolute-path")
    yield Case("drive letter", packed(member("C:/x")), "absolute-path")
    yield Case("parent", packed(good, member("../outside")), "parent-component")
    yield Case("parent inside", packed(member("a/../../outside")), "parent-component")
    yield Case("parent that comes back", packed(member("a/../b")), "parent-component")
    yield Case("parent as folder", packed(folder("..")), "parent-component")
    yield Case("parent by prefix", packed(member("x", prefix=b"..")), "parent-component")
    yield Case("dot", packed(member("./a")), "empty-component")
    yield Case("only dot", packed(folder("./")), "empty-component")
    yield Case("double slash", packed(member("a//b")), "empty-component")
    yield Case("empty name", packed(member("")), "empty-component")
    yield Case("newline", packed(member("a\nb")), "control-character")
    yield Case("escape", packed(member("a\x1b[31m")), "control-character")
    yield Case("delete", packed(member("a\x7f")), "control-character")
    yield Case("bidi", packed(named("a\u202egpj.exe")), "confusing-character")
    yield Case("zero width", packed(named("lib\u200bx")), "confusing-character")
    yield Case("composed and decomposed", packed(named("caf\u00e9"), named("cafe\u0301")), "")
    yield Case("invalid utf-8", packed(member(b"a\xff\xfe")), "invalid-utf8")
    yield Case("overlong slash", packed(member(b"..\xc0\xafx")), "invalid-utf8")
    yield Case("backslash", packed(member("..\\..\\x")), "backslash")
    yield Case("component of 256 bytes", packed(named("n" * 256)), "path-too-long")
    yield Case("path of 4,096 bytes", packed(named("/".join(["n" * 100] * 41)[:4096])), "path-too-long")
    yield Case("path of 1 MiB", packed(gnu_long("n/" * (1 << 19))), "")
    yield Case("65 deep", packed(named(deep)), "path-too-deep")
    yield Case("2,000 deep", packed(named("/".join("d" for _ in range(500)))), "path-too-deep")
    yield Case("link absolute", packed(link("a", "/etc")), "link-absolute")
    yield Case("link up", packed(link("a", "..")), "link-leaves-tree")
    yield Case("link up and up", packed(link("a/b", "../../../etc/passwd")), "link-leaves-tree")
    yield Case("link with .. behind a name", packed(link("a/b", "c/../../../x")), "link-malformed")
    yield Case("link to nothing", packed(link("a", "")), "link-malformed")
    yield Case("link to itself", packed(link("a", "a")), "link-loop")
    yield Case("links in a ring", packed(link("a", "b"), link("b", "c"), link("c", "a")), "link-loop")
    yield Case("through a link", packed(link("a", "b"), member("a/x")), "below-link")
    yield Case("through a link that comes later", packed(member("a/x"), link("a", "b")), "below-link")
    yield Case("through a link out", packed(link("a", "/tmp"), member("a/cudaenv-was-here")), "link-absolute")
    yield Case("link chain out", packed(folder("s"), link("p/q/b", "../../s"), link("e", "p/q/b/../..")), "link-malformed")
    yield Case("a file becomes a folder", packed(member("a"), member("a/b")), "below-file")
    yield Case("a folder becomes a file", packed(member("a/b"), member("a")), "below-file")
    yield Case("a folder becomes a link", packed(folder("a"), link("a", "b")), "duplicate")
    yield Case("a file becomes a link", packed(member("a"), link("a", "b")), "duplicate")
    yield Case("twice", packed(member("a"), member("a", b"y")), "duplicate")
    yield Case("a folder twice", packed(folder("a"), folder("a/", 0o700)), "duplicate")
    yield Case("case", packed(member("Lib"), member("lib")), "case-clash")
    yield Case("case of a folder", packed(member("Lib/a"), member("lib/b")), "case-clash")
    yield Case("case, Greek", packed(named("Σ"), named("σ")), "case-clash")
    yield Case("hard link absolute", packed(link("a", "/etc/passwd", b"1")), "hard-link-target")
    yield Case("hard link up", packed(link("a", "../x", b"1")), "hard-link-target")
    yield Case("hard link to nothing", packed(link("a", "b", b"1")), "hard-link-target")
    yield Case("hard link to what comes later", packed(link("a", "b", b"1"), member("b")), "hard-link-target")
    yield Case("hard link to a folder", packed(folder("b"), link("a", "b", b"1")), "hard-link-target")
    yield Case("hard link to a link", packed(link("b", "c"), link("a", "b", b"1")), "hard-link-target")
    yield Case("character device", packed(header("a", kind=b"3")), "special-file")
    yield Case("block device", packed(header("a", kind=b"4")), "special-file")
    yield Case("fifo", packed(header("a", kind=b"6")), "special-file")
    yield Case("setuid", packed(member("a", mode=0o4755)), "special-mode")
    yield Case("setgid", packed(member("a", mode=0o2755)), "special-mode")
    yield Case("sticky", packed(folder("a", 0o1777)), "special-mode")
    yield Case("sparse 0.1", packed(pax([("GNU.sparse.major", "0"), ("GNU.sparse.minor", "1"), ("GNU.sparse.name", "a"),
                                         ("GNU.sparse.size", str(1 << 43)), ("GNU.sparse.numblocks", "1"),
                                         ("GNU.sparse.map", "0,1")]) + member("a")), "")
    yield Case("sparse 1.0", packed(pax([("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "a"),
                                         ("GNU.sparse.realsize", str(1 << 43))]) + member("a", sparse10 + b"x")), "")
    yield Case("sparse, old GNU", packed(header("a", 1, kind=b"S", magic=b"ustar  \0",
                                                tail=b"\0" * 41 + number(0, 12) + number(1, 12) + b"\0" * 73 + number(1 << 43, 12)) + padded(b"x")), "")
    yield Case("8 EiB", packed(header("a", (1 << 63) - 1)), "")
    yield Case("1 PiB", packed(header("a", 1 << 50)), "too-large")
    yield Case("negative size", packed(header("a", -1)), "")
    yield Case("bad checksum", packed(good, header("a", checksum=1)), "")
    yield Case("cut in a header", packed(good, header("a")[:100], end=b""), "")
    yield Case("cut in the data", packed(header("a", 5000), b"x" * 600, end=b""), "")
    yield Case("a pax length that lies", packed(pax(None, raw=b"999999 path=a\n"), member("a")), "")
    yield Case("a pax length that is none", packed(pax(None, raw=b"x path=a\n"), member("a")), "")
    yield Case("gzip cut", packed(good, member("b", bytes(range(256)) * 100))[:-20], "")
    yield Case("xz cut", lzma.compress(tar(good, member("b", bytes(range(256)) * 100)))[:-30], "")
    yield Case("xz with a flipped bit", flip(lzma.compress(tar(good, member("b", bytes(range(256)) * 100))), 60), "")
    yield Case("gzip in gzip", gzip.compress(packed(good)), "")
    yield Case("gzip of a zip", gzip.compress(zip_of([{"name": "a"}])), "")
    yield Case("gzip of text", gzip.compress(b"hello\n" * 1000), "")
    yield Case("gzip of nothing", gzip.compress(b""), "", empty_is_fine=True)
    for name, magic in {"lrzip": b"LRZI\0\x06", "grzip": b"GRZipII\0\2\4:)", "lzop": b"\x89LZO\0\r\n\x1a\n", "rar": b"Rar!\x1a\7\0",
                        "7-Zip": b"7z\xbc\xaf\x27\x1c", "compress": b"\x1f\x9d\x90", "bzip2": b"BZh91AY&SY", "cpio": b"070701",
                        "lzip": b"LZIP\1", "uuencode": b"begin 644 a\n", "rpm": b"\xed\xab\xee\xdb\3\0", "ar": b"!<arch>\n",
                        "plain tar": tar(good), "nothing": b"", "a shell script": b"#!/bin/sh\n"}.items():
        yield Case(f"magic of {name}", magic if name in ("plain tar", "nothing") else magic.ljust(600, b"\0"), "")
    yield Case("1,000 members where 100 may be", packed(*[member(f"f{i}", b"") for i in range(1000)]), "too-many-members", members=100)
    yield Case("implied folders count", packed(*[member(f"d{i}/e/f/x", b"") for i in range(40)]), "too-many-members", members=100)
    yield Case("more bytes than may be", packed(member("a", bytes(5000)), member("b", bytes(5001))), "too-large", total_bytes=10_000)
    yield Case("100 MiB of zeros", zeros(100 << 20), "ratio")


def zeros(size):
    return gzip.compress(header("a", size) + bytes(size) + END, 6, mtime=0)


def flip(data, at):
    data = bytearray(data)
    data[at] ^= 0x10
    return bytes(data)


# -- zip --------------------------------------------------------------------------------------------------------
def deflate(data):
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def local_header(entry):
    e = entry
    return struct.pack("<IHHHHHIIIHH", e.get("signature", 0x04034b50), 20, e.get("local_flags", e["flags"]), e.get("local_method", e["method"]),
                       0, 0x5a21, e.get("local_crc", e["crc"]), e.get("local_packed", len(e["stream"])), e.get("local_size", e["size"]),
                       len(e["local_name"]), len(e.get("local_extra", b""))) + e["local_name"] + e.get("local_extra", b"")


def central_header(entry, offset):
    e = entry
    return struct.pack("<IHHHHHHIIIHHHHHII", 0x02014b50, e.get("made_by", 3 << 8 | 20), 20, e["flags"], e["method"], 0, 0x5a21, e["crc"],
                       e.get("packed", len(e["stream"])), e["size"], len(e["name"]), len(e.get("extra", b"")), len(e.get("comment", b"")),
                       e.get("disk", 0), 0, e.get("mode", 0o100644) << 16, e.get("offset", offset)) + e["name"] + e.get("extra", b"") + e.get("comment", b"")


def zip_of(entries, prefix=b"", gap=b"", comment=b"", trailing=b"", count=None, here=None, directory_size=None, directory_offset=None,
           disk=0, before_end=b"", shift=True):
    out, directory = bytearray(prefix), b""
    base = len(prefix) if shift else 0
    for given in entries:
        e = dict(given)
        e["name"] = to_bytes(e["name"])
        e.setdefault("data", b"x")
        e.setdefault("flags", 0)
        e.setdefault("method", 8)
        e.setdefault("crc", zlib.crc32(e["data"]))
        e.setdefault("size", len(e["data"]))
        e.setdefault("stream", deflate(e["data"]) if e["method"] == 8 else e["data"])
        e["local_name"] = to_bytes(e.get("local_name", e["name"]))
        if not e.get("local_only"):
            directory += central_header(e, len(out) - len(prefix) + base)
        if not e.get("central_only"):
            out += local_header(e) + e["stream"] + e.get("descriptor", b"") + e.get("gap", b"")
    out += gap
    total = sum(not e.get("local_only") for e in entries) if count is None else count
    end = struct.pack("<IHHHHIIH", 0x06054b50, disk, disk, total if here is None else here, total,
                      len(directory) if directory_size is None else directory_size,
                      len(out) - len(prefix) + base if directory_offset is None else directory_offset, len(comment))
    return bytes(out) + directory + before_end + end + comment + trailing


def digest(data):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


INFO = "p-1.dist-info"


def wheel(*entries, rows=None, record=None, **options):
    """A wheel with a right RECORD of the entries, unless told otherwise."""
    files = [{"name": "p/good", "data": b"good"}, {"name": f"{INFO}/METADATA", "data": b"Name: p\nVersion: 1\n"}, *entries]
    if record is None:
        if rows is None:
            rows = [(text(e["name"]), digest(e.get("data", b"x")), len(e.get("data", b"x"))) for e in files
                    if not to_bytes(e["name"]).endswith(b"/") and not e.get("no_row")]
        record = "".join(f"{name},{hash},{size}\n" for name, hash, size in rows) + f"{INFO}/RECORD,,\n"
    files.append({"name": f"{INFO}/RECORD", "data": to_bytes(record)})
    return zip_of(files, **options)


def text(name):
    return name if isinstance(name, str) else name.decode("latin-1")


def wheels():
    a = {"name": "a"}
    row = ("p/good", digest(b"good"), 4)
    meta = (f"{INFO}/METADATA", digest(b"Name: p\nVersion: 1\n"), 19)
    descriptor = struct.pack("<IIII", 0x08074b50, zlib.crc32(b"x"), len(deflate(b"x")), 1)
    plain = wheel()
    yield Case("local name differs", wheel({**a, "local_name": "b"}), "zip-local")
    yield Case("local name is longer", wheel({**a, "local_name": "../a"}), "zip-local")
    yield Case("local size differs", wheel({**a, "local_size": 2}), "zip-local")
    yield Case("local packed size differs", wheel({**a, "local_packed": 1}), "zip-local")
    yield Case("local crc differs", wheel({**a, "local_crc": 1}), "zip-local")
    yield Case("local method differs", wheel({**a, "local_method": 0}), "zip-local")
    yield Case("local flags differ", wheel({**a, "local_flags": 0x0800}), "zip-local")
    yield Case("no local signature", wheel({**a, "signature": 0}), "zip-local")
    yield Case("a member only in the body", wheel({**a, "local_only": True, "no_row": True}), "zip-gap")
    yield Case("a member only in the directory", wheel({**a, "central_only": True}), "")
    yield Case("two names, one body", wheel({**a, "offset": 0, "central_only": True}), "")
    yield Case("an offset into the directory", wheel({**a, "offset": len(plain) - 60, "central_only": True}), "")
    yield Case("an offset past the end", wheel({**a, "offset": 0xfffffff0, "central_only": True}), "")
    yield Case("bytes between members", wheel({**a, "gap": b"hidden"}), "zip-gap")
    yield Case("bytes before the directory", wheel(a, gap=b"hidden"), "zip-gap")
    yield Case("bytes before the end record", wheel(a, before_end=b"hidden"), "zip-directory-place")
    yield Case("a member inside another's data", wheel({**a, "method": 0, "data": local_of("b", b"evil")}), "", is_fine=True)
    yield Case("counts one less", wheel(a, count=3), "zip-count")
    yield Case("counts one more", wheel(a, count=5), "zip-count")
    yield Case("counts differ", wheel(a, here=3), "zip-disks")
    yield Case("counts none", wheel(a, count=0), "zip-count")
    yield Case("directory size lies", wheel(a, directory_size=100), "zip-directory-place")
    yield Case("directory offset lies", wheel(a, directory_offset=5), "zip-directory-place")
    yield Case("directory size is huge", wheel(a, directory_size=0xfffffffe), "zip-directory-place")
    yield Case("another disk", wheel(a, disk=1), "zip-disks")
    yield Case("a member on another disk", wheel({**a, "disk": 1}), "zip-disks")
    yield Case("a comment", wheel(a, comment=b"hello"), "")
    yield Case("a zip in the comment", wheel(a, comment=plain), "")
    yield Case("a member's comment", wheel({**a, "comment": b"hello"}), "zip-comment")
    yield Case("a prefix", b"MZ not a zip yet" + wheel(a), "")
    yield Case("a prefix that is counted", b"PK" + wheel(a, prefix=b"PK\3\4junk"), "")
    yield Case("a counted prefix of a script", wheel(a, prefix=b"PK\3\4#!/bin/sh\n"), "zip-gap")
    yield Case("trailing bytes", wheel(a, trailing=b"x"), "zip-end")
    yield Case("trailing zeros", wheel(a, trailing=b"\0" * 22), "zip-end")
    yield Case("two zips", plain + plain, "zip-directory-place")
    yield Case("needs Zip64, has none", wheel(a, directory_offset=0xffffffff), "zip64")
    yield Case("a Zip64 locator that points elsewhere", wheel(a, before_end=struct.pack("<IIQI", 0x07064b50, 0, 7, 1).ljust(76, b"\0")), "")
    yield Case("a Zip64 locator right, its record wrong", zip64(wheel(a), size=43), "zip64")
    yield Case("Zip64 records that disagree", zip64(wheel(a), count=77), "zip64")
    yield Case("Zip64 field that is missing", wheel({**a, "size": 0xffffffff}), "zip64")
    yield Case("two Zip64 fields", wheel({**a, "size": 0xffffffff, "extra": struct.pack("<HHQ", 1, 8, 1) * 2}), "zip64")
    yield Case("a Zip64 field that is too long", wheel({**a, "extra": struct.pack("<HHQ", 1, 8, 1)}), "zip64")
    yield Case("a name in an extra field", wheel({**a, "extra": struct.pack("<HHBI", 0x7075, 9, 1, 0) + b"evil"}), "zip-extra")
    yield Case("an extra field that is cut", wheel({**a, "extra": struct.pack("<HH", 0x5455, 200)}), "zip-extra")
    yield Case("half an extra field", wheel({**a, "extra": b"abc"}), "zip-extra")
    yield Case("encrypted", wheel({**a, "flags": 1}), "zip-encrypted")
    yield Case("strongly encrypted", wheel({**a, "flags": 0x41}), "zip-encrypted")
    yield Case("masked headers", wheel({**a, "flags": 0x2000}), "zip-encrypted")
    yield Case("patched data", wheel({**a, "flags": 0x20}), "zip-flags")
    for method in (1, 6, 9, 12, 14, 19, 93, 95, 97, 98, 99):
        yield Case(f"method {method}", wheel({**a, "method": method}), "zip-method")
    yield Case("stored with a descriptor", wheel({**a, "method": 0, "flags": 8, "descriptor": descriptor}), "zip-stored")
    yield Case("stored with two sizes", wheel({**a, "method": 0, "packed": 2}), "zip-stored")
    yield Case("a descriptor that is missing", wheel({**a, "flags": 8}), "zip-gap")
    yield Case("a descriptor that lies", wheel({**a, "flags": 8, "descriptor": flip(descriptor, 13)}), "zip-descriptor")
    yield Case("a link", wheel({**a, "mode": 0o120777, "data": b"/etc/passwd"}), "zip-kind")
    yield Case("a device", wheel({**a, "mode": 0o020666}), "zip-kind")
    yield Case("a fifo", wheel({**a, "mode": 0o010666}), "zip-kind")
    yield Case("a folder that says file", wheel({"name": "d/", "data": b"", "mode": 0o100755}), "zip-kind")
    yield Case("a file that says folder", wheel({**a, "mode": 0o040755}), "zip-kind")
    yield Case("a folder with content", wheel({"name": "d/", "data": b"x", "mode": 0o040755}), "zip-folder")
    yield Case("setuid", wheel({**a, "mode": 0o104755}), "special-mode")
    yield Case("sticky", wheel({**a, "mode": 0o101755}), "special-mode")
    yield Case("the same name twice", wheel(a, {**a, "data": b"y"}), "zip-duplicate")
    yield Case("case", wheel({"name": "P/good"}), "case-clash")
    yield Case("parent", wheel({"name": "../outside"}), "parent-component")
    yield Case("parent inside", wheel({"name": "p/../../outside"}), "parent-component")
    yield Case("absolute", wheel({"name": "/etc/cudaenv-was-here"}), "absolute-path")
    yield Case("backslash", wheel({"name": "..\\outside"}), "")
    yield Case("drive letter", wheel({"name": "C:/x"}), "absolute-path")
    yield Case("dot", wheel({"name": "./x"}), "empty-component")
    yield Case("double slash", wheel({"name": "p//x"}), "empty-component")
    yield Case("empty name", wheel({"name": ""}), "zip-name")
    yield Case("a zero byte", wheel({"name": b"a\0.txt"}), "zip-name")
    yield Case("not ASCII, not marked", wheel({"name": b"caf\xe9", "no_row": True}), "zip-name")
    yield Case("marked UTF-8, and is not", wheel({"name": b"caf\xe9", "flags": 0x0800, "no_row": True}), "zip-name")
    yield Case("newline", wheel({"name": "a\nb", "no_row": True}), "control-character")
    yield Case("below a file", wheel({"name": "p/good/x"}), "below-file")
    yield Case("wrong crc", wheel({**a, "crc": 1}), "")
    yield Case("deflate of garbage", wheel({**a, "stream": b"\xff" * 40}), "")
    yield Case("deflate that stops early", wheel({**a, "data": b"y" * 5000, "stream": deflate(b"y" * 5000)[:-4]}), "")
    yield Case("more data than it says", wheel({**a, "data": b"y" * 5000, "size": 10}), "")
    yield Case("less data than it says", wheel({**a, "data": b"y" * 10, "size": 5000}), "")
    yield Case("256 MiB of zeros", wheel({**a, "stream": ZEROS_256, "size": 256 << 20, "crc": ZEROS_256_CRC}), "ratio")
    yield Case("says 100 GiB", zip_of([{**a, "size": 0xffffffff, "local_size": 0xffffffff, "extra": struct.pack("<HHQ", 1, 8, 100 << 30),
                                        "local_extra": struct.pack("<HHQ", 1, 8, 100 << 30)}]), "too-large")
    yield Case("no RECORD", zip_of([{"name": "p/good"}]), "record-missing")
    yield Case("no RECORD in its folder", zip_of([{"name": f"{INFO}/METADATA"}]), "record-missing")
    yield Case("two dist-info folders", wheel({"name": "q-1.dist-info/METADATA"}), "record-folders")
    yield Case("RECORD lacks a row", wheel(rows=[row]), "record-missing-row")
    yield Case("RECORD has a row too many", wheel(rows=[row, meta, ("p/none", digest(b""), 0)]), "record-extra-row")
    yield Case("RECORD leads out", wheel(rows=[row, meta, ("../../x", digest(b""), 0)]), "record-extra-row")
    yield Case("RECORD has a wrong hash", wheel(rows=[("p/good", digest(b"evil"), 4), meta]), "record-hash")
    yield Case("RECORD has a wrong size", wheel(rows=[("p/good", digest(b"good"), 5), meta]), "record-size")
    yield Case("RECORD has no size", wheel(rows=[("p/good", digest(b"good"), ""), meta]), "record-size")
    yield Case("RECORD has only md5", wheel(rows=[("p/good", "md5=dV9Dpk0mgpRocYmoQ0iRGg", 4), meta]), "record-hash-kind")
    yield Case("RECORD has no hash", wheel(rows=[("p/good", "", ""), meta]), "record-hash-kind")
    yield Case("RECORD names one twice", wheel(rows=[row, row, meta]), "record-duplicate")
    yield Case("RECORD names itself", wheel(record=f"p/good,{row[1]},4\n{meta[0]},{meta[1]},19\n{INFO}/RECORD,{digest(b'')},0\n"), "record-self")
    yield Case("RECORD is not UTF-8", wheel(record=b"p/good\xff,,\n"), "record-format")
    yield Case("RECORD is not CSV", wheel(record='"p/good'), "record-format")
    yield Case("RECORD is empty", wheel(record=""), "record-missing-row")


def local_of(name, data):
    return zip_of([{"name": name, "data": data, "method": 0}])


def zip64(data, size=44, count=None):
    """The zip with a Zip64 end record; its numbers may lie."""
    end = struct.unpack("<IHHHHIIH", data[-22:])
    total = end[3] if count is None else count
    record = struct.pack("<IQHHIIQQQQ", 0x06064b50, size, 45, 45, 0, 0, total, total, end[5], end[6])
    locator = struct.pack("<IIQI", 0x07064b50, 0, len(data) - 22, 1)
    return data[:-22] + record + locator + data[-22:]


def _zeros(size):
    packer, crc, out = zlib.compressobj(9, zlib.DEFLATED, -15), 0, b""
    for _ in range(size >> 20):
        out += packer.compress(bytes(1 << 20))
        crc = zlib.crc32(bytes(1 << 20), crc)
    return out + packer.flush(), crc


ZEROS_256, ZEROS_256_CRC = _zeros(256 << 20)


# -- odd, but fine ------------------------------------------------------------------------------------------------
def sloppy_tars():
    yield "folders implied", packed(member("a/b/c"), member("a/d"))
    yield "folder after its content", packed(member("a/b"), folder("a"))
    yield "mode 0", packed(member("a", mode=0), folder("d", 0))
    yield "odd modes", packed(member("a", mode=0o744), member("b", mode=0o664), member("c", mode=0o711))
    yield "huge uid", packed(member("a", uid=1 << 32))
    yield "an attribute", packed(pax([("SCHILY.xattr.user.evil", "1"), ("SCHILY.xattr.security.capability", "x")]) + member("a"))
    yield "an access list", packed(pax([("SCHILY.acl.access", "user::rwx,user:root:rwx,group::r--,mask::rwx,other::r--")]) + member("a"))
    yield "link inside", packed(member("lib/x.so.1"), link("lib/x.so", "x.so.1"), link("lib64", "lib"), link("nvvm/lib64", "../lib"))
    yield "link to nothing", packed(link("a", "missing"))
    yield "hard link", packed(member("a", b"data"), link("b", "a", b"1"))
    yield "long names", packed(gnu_long("d/" + "n" * 200), named("d/" + "m" * 201))
    yield "UTF-8", packed(named("café"))
    yield "size in pax", packed(pax([("size", "3")]) + header("a", 3) + padded(b"abc"))
    yield "no end blocks", packed(member("a"), end=b"")
    yield "bytes after the end", packed(member("a"), end=END + b"more")
    yield "a second archive after the end", packed(member("a"), end=END + tar(member("b")))
    yield "two gzip streams", gzip.compress(tar(member("a"), end=b"")) + gzip.compress(END)
    yield "xz", lzma.compress(tar(member("a", bytes(100_000))))
    yield "empty", packed()


def sloppy_wheels():
    descriptor = struct.pack("<IIII", 0x08074b50, zlib.crc32(b"x"), len(deflate(b"x")), 1)
    blank = {"flags": 8, "local_crc": 0, "local_packed": 0, "local_size": 0}
    yield "plain", wheel({"name": "a"})
    yield "stored", wheel({"name": "a", "method": 0})
    yield "with a folder", wheel({"name": "d/", "data": b"", "method": 0, "mode": 0o040755})
    yield "with an empty file", wheel({"name": "a", "data": b""})
    yield "with a descriptor", wheel({"name": "a", **blank, "descriptor": descriptor})
    yield "with a descriptor without signature", wheel({"name": "a", **blank, "descriptor": descriptor[4:]})
    yield "made by DOS", wheel({"name": "a", "made_by": 20, "mode": 0})
    yield "with times", wheel({"name": "a", "extra": struct.pack("<HHBI", 0x5455, 5, 1, 0), "local_extra": struct.pack("<HHBI", 0x5455, 5, 1, 0)})
    yield "with Zip64 records", zip64(wheel({"name": "a"}))
    yield "with UTF-8", wheel({"name": "café", "flags": 0x0800})
    yield "a zip inside", wheel({"name": "inner.whl", "data": local_of("b", b"c")})
    yield "odd modes", wheel({"name": "a", "mode": 0o100744}, {"name": "b", "mode": 0o100664}, {"name": "c", "mode": 0o644})
