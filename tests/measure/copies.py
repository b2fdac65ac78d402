#!/usr/bin/env python3
"""Measures whether copies of pictures find each other by their fingerprints, on a collection that we did not make.

    python3 tests/measure/copies.py MADANG COLLECTION [--work FOLDER] [--list]

COLLECTION holds folders of pictures (`jpeg`, `png` …). Pillow (`python3-pil`) makes of each: a JPEG file of quality 50, one of half the
size, one brighter, one darker, one of more contrast, and a small one of quality 30. Two pictures are taken for copies as the ledger
does it, by the constant of `lookalikes.rs`. Recall is the part of the copies that are found by the picture that they
were made of. Pairs of two pictures of the collection that are taken for copies are counted by how far their shades are apart
in fact: those that differ by more than 12 of 255 on average, at 32 × 32 pixels of equal brightness, are false. Pictures of which
nothing is said (blank ones, gradients, checkerboards) are counted apart. --list names what was missed and what is false.

It ends with 0 if precision is 99 % or more and recall 95 % or more, with 1 if not, and with 2 if there is nothing to measure.
"""
import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageChops, ImageEnhance, ImageOps, ImageStat

FOLDERS = ['jpeg', 'png', 'tiff', 'webp', 'bmp', 'gif', 'imgother', 'heic']
Image.MAX_IMAGE_PIXELS = 30_000_000


def constant():
    source = Path(__file__).resolve().parents[2] / 'crates/ledger/src/lookalikes.rs'
    return int(re.search(r'PICTURE: u32 = (\d+)', source.read_text()).group(1))


def prints(madang, paths):
    """The fingerprints of pictures by their paths; none of a picture of which nothing is said."""
    command = [madang, 'extract', '--json', *map(str, paths)]
    out = subprocess.run(command, capture_output=True, text=True).stdout
    found = {}
    for line in map(json.loads, out.splitlines()):
        if line.get('member'):
            continue
        said = [it['finding'] for it in line['annotations'] if it['stage'] == 'picture_fingerprint']
        said = [it['picture']['fingerprint'] for it in said if isinstance(it, dict) and 'picture' in it]
        found[line['path']] = int(said[0], 16) if said else None
    return found


def opened(path):
    picture = ImageOps.exif_transpose(Image.open(path)).convert('RGBA')
    ground = Image.new('RGBA', picture.size, 'white')
    ground.alpha_composite(picture)
    return ground.convert('RGB')


def copies(picture):
    wide, high = picture.size
    half = (max(24, wide // 2), max(24, high // 2))
    yield 'jpeg50.jpg', picture, 50
    yield 'half.png', picture.resize(half, Image.LANCZOS), None
    yield 'bright.png', ImageEnhance.Brightness(picture).enhance(1.15), None
    yield 'dark.png', ImageEnhance.Brightness(picture).enhance(.8), None
    yield 'contrast.png', ImageEnhance.Contrast(picture).enhance(1.2), None
    if min(wide, high) > 200:
        small = picture.copy()
        small.thumbnail((200, 200))
        yield 'small30.jpg', small, 30


def apart(one, other):
    """How far the shades of two pictures are apart on average."""
    even = lambda path: ImageOps.autocontrast(opened(path).convert('L').resize((32, 32), Image.BOX))
    return ImageStat.Stat(ImageChops.difference(even(one), even(other))).mean[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('madang')
    parser.add_argument('collection', type=Path)
    parser.add_argument('--work', type=Path)
    parser.add_argument('--list', action='store_true')
    arguments = parser.parse_args()
    work = (arguments.work or Path(tempfile.mkdtemp())).resolve()
    work.mkdir(parents=True, exist_ok=True)
    files = [file for name in FOLDERS for file in sorted((arguments.collection / name).glob('*')) if file.is_file()]
    made = {}
    for number, file in enumerate(files):
        try:
            picture = opened(file)
        except Exception:
            continue
        made[str(file)] = []
        for name, copy, quality in copies(picture):
            path = work / f'{number:04}.{name}'
            if not path.exists():
                copy.save(path, **({'quality': quality} if quality else {}))
            made[str(file)].append(str(path))
    if not made:
        print('nothing to measure')
        return 2
    own, others = prints(arguments.madang, list(made)), prints(arguments.madang, [work])
    farthest = constant()
    near = lambda one, other: bin(one ^ other).count('1') <= farthest
    silent = sum(own.get(path) is None for path in made)
    asked = hit = 0
    missed = []
    for path, copied in made.items():
        if own.get(path) is None:
            continue
        for copy in copied:
            asked += 1
            if others.get(copy) is not None and near(own[path], others[copy]):
                hit += 1
            else:
                missed.append(copy + ' of ' + path)
    seen = [(path, own[path]) for path in made if own.get(path) is not None]
    pairs, wrong = 0, []
    for place, (one, bits) in enumerate(seen):
        for other, bits2 in seen[:place]:
            if near(bits, bits2):
                pairs += 1
                if apart(one, other) > 12:
                    wrong.append(one + ' and ' + other)
    recall, precision = hit / max(asked, 1), 1 - len(wrong) / max(hit + pairs, 1)
    print(f'{len(seen)} pictures in {asked} copies, {silent} of which nothing is said')
    print(f'recall {recall:.4f} ({asked - hit} copies missed)')
    print(f'precision {precision:.4f} ({len(wrong)} of {pairs} pairs of the collection are two pictures)')
    if arguments.list:
        for row in missed:
            print('missed', row)
        for row in wrong:
            print('false', row)
    return 0 if precision >= .99 and recall >= .95 else 1


if __name__ == '__main__':
    sys.exit(main())
