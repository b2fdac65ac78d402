#!/usr/bin/env python3
"""Holds what Madang says of audio and video against what ffprobe says.

    python3 tests/measure/sound_values.py MADANG FOLDER… [--wrong FILE] [--all]

Every file in the folders that ffprobe opens as sound or film is read by both. Each value that ffprobe has and that Madang
has a name for is compared, by the rule that stands with it below: it is right, wrong (Madang says something else) or missing.
Files that ffprobe opens and Madang refuses are told of, too. `--wrong` writes a line for each value that is not right,
`--all` for the right ones as well.

It ends with 0 if at least 99.5 % of the values are right and no file is refused, with 1 if not, with 2 if there is nothing.

Among several values for one name (an album artist in the file and one in the stream) any is right: what Madang trusts most
goes first in its answer, and all stand in `properties`.
"""
import argparse
import collections
import json
import re
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# --- values --------------------------------------------------------------------------------------------------------


def number(tolerance, least=0.0):
    """Numbers are equal that differ by this part of the greater, or by no more than `least`."""

    def rule(ours, theirs):
        try:
            ours, theirs = float(ours), float(theirs)
        except (TypeError, ValueError):
            return False
        return abs(ours - theirs) <= max(least, tolerance * max(abs(ours), abs(theirs)))

    return rule


def plain(text):
    """A text without what is no word in it: the form of its letters, blanks, the capitals."""
    return ' '.join(unicodedata.normalize('NFC', str(text)).split()).casefold()


def text(ours, theirs):
    return plain(ours) == plain(theirs)


def date(ours, theirs):
    """Dates are equal whose years are; those of a day also by the day."""
    digits = [re.findall(r'\d+', str(value)) for value in (ours, theirs)]
    if not all(digits):
        return plain(ours) == plain(theirs)
    return [int(n) for n in digits[0][:1]] == [int(n) for n in digits[1][:1]]


def moment(ours, theirs):
    """Times to the second."""
    digits = [''.join(re.findall(r'\d', str(value)))[:14] for value in (ours, theirs)]
    return digits[0] == digits[1]


def container(ours, theirs):
    """ffprobe names a family of containers; one of its names is enough."""
    return bool(set(str(ours).split(',')) & set(str(theirs).split(',')))


def mojibake(value):
    """Whether a text of ffprobe's is bytes of another encoding that it took for Latin-1, or has letters that are lost."""
    value = str(value)
    if '\ufffd' in value:
        return True
    try:
        return value.encode('latin-1').decode('cp949') != value and not value.isascii()
    except (UnicodeEncodeError, UnicodeDecodeError):
        return False


# --- what ffprobe says -----------------------------------------------------------------------------------------------


def probe(path):
    """ffprobe's answer; none of what it does not open, or what holds neither sound nor film."""
    command = ['ffprobe', '-v', 'error', '-show_format', '-show_streams', '-show_chapters', '-print_format', 'json', path]
    try:
        answer = subprocess.run(command, capture_output=True, timeout=60)
    except subprocess.TimeoutExpired:
        return None
    if answer.returncode != 0:
        return None
    try:
        found = json.loads(answer.stdout.decode('utf-8', 'replace'))
    except ValueError:
        return None
    streams = found.get('streams', [])
    # By the name alone ffprobe opens anything: what then has neither rate nor size was not read.
    if not any(stream.get('width') or stream.get('channels') for stream in streams):
        return None
    if not any(stream.get('codec_type') in ('audio', 'video') and not is_cover(stream) for stream in streams):
        return None
    return found


def is_cover(stream):
    return bool(stream.get('disposition', {}).get('attached_pic'))


def first(found, kind):
    for stream in found.get('streams', []):
        if stream.get('codec_type') == kind and not is_cover(stream):
            return stream
    return {}


def kinds(found):
    """The streams as Madang lists them."""
    known = {'video', 'audio', 'subtitle', 'attachment'}
    out = []
    for stream in found.get('streams', []):
        kind = stream.get('codec_type')
        out.append('cover' if is_cover(stream) else kind if kind in known else 'other')
    return out


def tags(found, *names):
    """The values of a tag, of the file and of its streams."""
    places = [found.get('format', {})] + found.get('streams', [])
    out = []
    for place in places:
        for name, value in place.get('tags', {}).items():
            if name.lower() in names:
                out.append(value)
    return out


def file_tag(found, *names):
    """The value of a tag of the file; where it has none, of a stream with an artist (OGG)."""
    lower = {name.lower(): value for name, value in found.get('format', {}).get('tags', {}).items()}
    for name in names:
        if lower.get(name, '').strip():
            return lower[name]
    for stream in found.get('streams', []):
        lower = {name.lower(): value for name, value in stream.get('tags', {}).items()}
        for name in names:
            if 'artist' in lower and lower.get(name, '').strip():
                return lower[name]
    return None


def rotation(stream):
    for side in stream.get('side_data_list', []):
        if 'rotation' in side:
            return -int(side['rotation']) % 360
    return None


def rate(stream):
    for name in ('avg_frame_rate', 'r_frame_rate'):
        over, _, under = stream.get(name, '0/0').partition('/')
        if float(under or 1) and float(over):
            return float(over) / float(under or 1)
    return None


# --- the rows: name, what ffprobe says of it, the name in Madang, the rule -----------------------------------------------

ROWS = [
    ('container', lambda f: f['format'].get('format_name'), 'container', container),
    ('duration', lambda f: f['format'].get('duration'), 'duration_s', number(0.01, 0.1)),
    ('bit rate', lambda f: f['format'].get('bit_rate'), 'bit_rate', number(0.03)),
    ('audio codec', lambda f: first(f, 'audio').get('codec_name'), 'audio_codec', text),
    ('sample rate', lambda f: first(f, 'audio').get('sample_rate'), 'sample_rate', number(0)),
    ('channels', lambda f: first(f, 'audio').get('channels'), 'audio_channels', number(0)),
    ('video codec', lambda f: first(f, 'video').get('codec_name'), 'video_codec', text),
    ('width', lambda f: first(f, 'video').get('width'), 'width', number(0)),
    ('height', lambda f: first(f, 'video').get('height'), 'height', number(0)),
    ('frame rate', lambda f: rate(first(f, 'video')), 'fps', number(0.005)),
    ('rotation', lambda f: rotation(first(f, 'video')), 'rotation', number(0)),
    ('title', lambda f: file_tag(f, 'title'), 'title', text),
    ('artist', lambda f: file_tag(f, 'artist'), 'tag.artist', text),
    ('album', lambda f: file_tag(f, 'album'), 'tag.album', text),
    ('album artist', lambda f: file_tag(f, 'album_artist'), 'tag.album_artist', text),
    ('date', lambda f: file_tag(f, 'date', 'year'), 'tag.date', date),
    ('genre', lambda f: file_tag(f, 'genre'), 'tag.genre', text),
    ('track', lambda f: file_tag(f, 'track'), 'tag.track', text),
    ('disc', lambda f: file_tag(f, 'disc'), 'tag.disc', text),
    ('comment', lambda f: file_tag(f, 'comment'), 'tag.comment', text),
    ('composer', lambda f: file_tag(f, 'composer'), 'tag.composer', text),
    ('copyright', lambda f: file_tag(f, 'copyright'), 'copyright', text),
    ('language', lambda f: file_tag(f, 'language'), 'tag.language', text),
    ('publisher', lambda f: file_tag(f, 'publisher'), 'tag.publisher', text),
    ('creation time', lambda f: next(iter(tags(f, 'creation_time')), None), 'created', moment),
    ('encoder', lambda f: file_tag(f, 'encoder'), 'producer', text),
]


def compared(found, said):
    """Row, ffprobe's value, Madang's values and the verdict, of every value that ffprobe has."""
    values = collections.defaultdict(list)
    for claim in said.get('properties', []):
        value = claim['value']
        values[claim['name']].extend(value if isinstance(value, list) else [value])
    for row, take, name, rule in ROWS:
        theirs = take(found)
        if theirs is None or (isinstance(theirs, str) and not theirs.strip()):
            continue
        # Nothing has no rate and no channel: ffprobe says so of what it could not make out.
        if row in ('sample rate', 'channels', 'width', 'height') and str(theirs) == '0':
            continue
        ours = values.get(name, [])
        yield row, theirs, ours, verdict(ours, theirs, rule)
    ours = [stream.split(':')[0] for stream in said.get('metadata', {}).get('streams', [])]
    theirs = kinds(found)
    same = collections.Counter(ours) == collections.Counter(theirs)
    yield 'streams', theirs, ours, 'right' if same else 'wrong'
    chapters = found.get('chapters', [])
    if chapters:
        ours = said.get('metadata', {}).get('chapters', [])
        ours = ours if isinstance(ours, list) else [ours]
        titles = [chapter.get('tags', {}).get('title', '') for chapter in chapters]
        same = len(ours) == len(titles) and all(plain(b) in plain(a) for a, b in zip(ours, titles))
        yield 'chapters', titles, ours, 'right' if same else 'wrong'


def verdict(ours, theirs, rule):
    if not ours:
        return 'missing'
    if any(rule(value, theirs) for value in ours):
        return 'right'
    joined = ' '.join(map(str, ours))
    if rule(joined, theirs):
        return 'right'
    # What ffprobe could not read is no truth; where ours is whole it is read.
    if rule is text and mojibake(theirs) and not mojibake(joined):
        return 'better'
    return 'wrong'


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    parser.add_argument('madang')
    parser.add_argument('folders', nargs='+', type=Path)
    parser.add_argument('--wrong', type=Path)
    parser.add_argument('--all', action='store_true')
    asked = parser.parse_args()
    files = sorted(path for folder in asked.folders for path in folder.rglob('*') if path.is_file())
    with ThreadPoolExecutor(2) as pool:
        probed = dict(zip(files, pool.map(lambda path: probe(str(path)), files)))
    files = [path for path in files if probed[path]]
    if not files:
        sys.exit(2)
    command = [asked.madang, 'extract', '--json', '--ocr', 'never', '--no-sidecars', *map(str, files)]
    answer = subprocess.run(command, capture_output=True)
    said = {}
    for line in answer.stdout.decode('utf-8', 'replace').splitlines():
        document = json.loads(line)
        if document['member'] is None:
            said[document['path']] = document
    counts = collections.defaultdict(collections.Counter)
    lines, refused = [], []
    for path in files:
        document = said.get(str(path)) or {}
        if document.get('outcome') not in ('ok', 'empty', 'partial', 'limit'):
            refused.append(f'{path}: {document.get("outcome")}: {document.get("error")}')
        for row, theirs, ours, judged in compared(probed[path], document):
            counts[row][judged] += 1
            if judged != 'right' or asked.all:
                lines.append(f'{judged}\t{row}\t{path.name}\tffprobe: {theirs!r}\tmadang: {ours!r}')
    total = collections.Counter()
    print(f'{"":16}{"right":>7}{"better":>7}{"wrong":>7}{"missing":>8}')
    for row, count in counts.items():
        total.update(count)
        print(f'{row:16}{count["right"]:7}{count["better"]:7}{count["wrong"]:7}{count["missing"]:8}')
    all_values = sum(total.values())
    right = total['right'] + total['better']
    print(f'{"all":16}{total["right"]:7}{total["better"]:7}{total["wrong"]:7}{total["missing"]:8}')
    print(f'{len(files)} files, {all_values} values, {100 * right / all_values:.2f} % right, {len(refused)} files refused')
    for line in refused:
        print(f'refused: {line}')
    if asked.wrong:
        asked.wrong.write_text(''.join(line + '\n' for line in lines))
    sys.exit(0 if right >= 0.995 * all_values and not refused else 1)


main()
