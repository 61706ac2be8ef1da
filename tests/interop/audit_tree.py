"""The audit log's tree, computed again from its store by other people's LMDB, protobuf and hashlib, and its
checkpoint checked by openssl.

usage: audit_tree.py <audit_store>

<audit_store> makes a log in the folder it is given and prints its size, root, checkpoint's note and key.
"""
import base64
import hashlib
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import lmdb

VALUE_HEAD = 9  # version and checksum: common/store.h
ED25519_DER = bytes.fromhex("302a300506032b6570032100")  # SubjectPublicKeyInfo's head, RFC 8410


def fields(data):
    """A protobuf message as {number: [values]}: varints and byte strings are all that is used here."""
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


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaves):
    """RFC 6962 sect. 2.1, word by word."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return node(root_of(leaves[:half]), root_of(leaves[half:]))


def includes(index, size, leaf, path, root):
    """RFC 9162 sect. 2.1.3.2."""
    at, last, value = index, size - 1, leaf
    for other in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            value = node(other, value)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            value = node(value, other)
        at, last = at >> 1, last >> 1
    return last == 0 and value == root


def leaves_of(folder):
    env = lmdb.open(folder, readonly=True, lock=False, max_dbs=24)
    table, hashes = env.open_db(b"entries", create=False), []
    with env.begin(db=table) as txn:
        for number, (key, value) in enumerate(txn.cursor(), 1):
            entry = fields(value[VALUE_HEAD:])
            leaf = fields(entry[1][0])
            assert key == struct.pack(">Q", number) and leaf[1] == [number], f"entry {number} has another place"
            assert leaf[9][0] == hashlib.sha256(entry[2][0]).digest(), f"entry {number}: another commitment"
            hashes.append(hashlib.sha256(b"\0" + entry[1][0]).digest())
    return hashes


def check_note(folder, note, key_text):
    """C2SP signed-note, with openssl's Ed25519."""
    name, key_hash, key = key_text.split("+", 2)
    key = base64.b64decode(key)
    assert key[0] == 1 and hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() == key_hash
    text, signatures = note.rsplit("\n\n", 1)
    mark, signer, signature = signatures.splitlines()[0].split(" ")
    signature = base64.b64decode(signature)
    assert (mark, signer, signature[:4].hex()) == ("\N{EM DASH}", name, key_hash)
    for file, content in (("text", text.encode() + b"\n"), ("signature", signature[4:]), ("key", ED25519_DER + key[1:])):
        pathlib.Path(folder, file).write_bytes(content)
    subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", "key", "-in", "text",
                    "-sigfile", "signature"], check=True, cwd=folder, capture_output=True)
    return text.split("\n")


def main():
    with tempfile.TemporaryDirectory() as folder:
        made = json.loads(subprocess.run([sys.argv[1], folder], check=True, capture_output=True, text=True).stdout)
        hashes = leaves_of(folder)
        assert len(hashes) == made["size"], f"{len(hashes)} entries, not {made['size']}"
        root = root_of(hashes)
        assert root.hex() == made["root"], "another root"
        origin, size, signed = check_note(folder, made["note"], made["key"])
        assert (int(size), base64.b64decode(signed)) == (len(hashes), root), "the checkpoint is of another log"
        for number, path in made["paths"].items():
            path = [bytes.fromhex(p) for p in path]
            assert includes(int(number) - 1, len(hashes), hashes[int(number) - 1], path, root), f"entry {number} is not proved"
        print(f"{len(hashes)} entries of {origin}, {len(made['paths'])} proofs, root {root.hex()}")


main()
