"""The audit log's hash chain, computed again from its store by other people's LMDB and hashlib.

usage: audit_chain.py <audit_store>

<audit_store> makes a log in the folder it is given and prints its size and head. The formats are
read here as the comments of common/store.h, services/audit/chain.h and state.proto describe them.
"""
import hashlib
import struct
import subprocess
import sys
import tempfile

import lmdb

VALUE_HEAD = 9  # version and checksum: common/store.h


def fields(data):
    """A protobuf message as {number: [values]}: varints and byte strings are all an Entry has."""
    out, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = varint()
        if tag & 7 == 0:
            value = varint()
        elif tag & 7 == 2:
            size = varint()
            value = data[at : at + size]
            at += size
        else:
            raise ValueError(f"wire type {tag & 7}")
        out.setdefault(tag >> 3, []).append(value)
    return out


def counted(data):
    return struct.pack(">I", len(data)) + data


def canonical(number, entry):
    def one(field, default=b""):
        return entry.get(field, [default])[-1]

    keys = entry.get(6, [])
    return b"".join(
        [
            struct.pack(">Q", number),
            counted(one(1)),
            struct.pack(">Q", one(2, 0)),
            counted(one(3)),
            struct.pack(">Q", one(4, 0) & 0xFFFFFFFFFFFFFFFF),
            counted(one(5)),
            struct.pack(">I", len(keys)),
            *[counted(key) for key in keys],
            counted(one(7)),
            counted(one(8)),
            counted(one(9)),
            counted(one(10)),
        ]
    )


def chained(before, number, entry):
    return hashlib.sha256(b"\x01" + before + canonical(number, entry)).digest()


def vectors():
    """Those of tests/services/audit_pure_test.c."""
    empty = hashlib.sha256(b"").digest()
    first = {1: [b"otp"], 2: [7], 3: [b"otp.x"], 4: [1], 5: [b"system"], 6: [b"k:1"], 10: [empty]}
    one = chained(bytes(32), 1, first)
    second = dict(first)
    second.update({1: [b"dossier"], 2: [2**64 - 1], 4: [2**64 - 1]})
    second[5] = ["account:cán bộ".encode()]
    second[6] = [b"k:1", b"dossier:000.20.31.H53-260907-0007"]
    second[7] = [b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]
    second[8], second[9] = [b"\x00\x01\xff"], [b"payment/42"]
    return one.hex(), chained(one, 2, second).hex()


def main():
    if len(sys.argv) == 1:
        print(*vectors(), sep="\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        made = subprocess.run([sys.argv[1], folder], check=True, capture_output=True, text=True)
        size, head = made.stdout.split()
        env = lmdb.open(folder, readonly=True, lock=False, max_dbs=24)
        table = env.open_db(b"entries", create=False)
        before, last = bytes(32), 0
        with env.begin(db=table) as txn:
            for key, value in txn.cursor():
                (number,) = struct.unpack(">Q", key)
                entry = fields(value[VALUE_HEAD:])
                assert number == last + 1, f"{number} after {last}"
                before = chained(before, number, entry)
                assert before == entry[11][0], f"entry {number}: another hash"
                last = number
        assert last == int(size), f"{last} entries, not {size}"
        assert before.hex() == head, "another head"
        print(f"{last} entries, head {head}")


main()
