#!/usr/bin/env python3
"""Compares what is read of sound and film with what ffprobe says of the same files.

    python3 tests/measure/media_values.py MADANG FOLDER... [--all] [--only video|audio] [--cpu]

FFmpeg's `ffprobe` must be installed, of the same version as the libraries that Madang uses. A value is comparable where
ffprobe has one: the container, duration, bit rate, the kinds of the streams, codec, profile, size, shape of pixels,
rotation, frame rate and colour transfer of the first film stream, codec, profile, rate and channels of the first sound
stream, languages of streams, chapters with titles and starts, and the tags that say something of the work. Numbers are
equal within what containers round (duration 1 % or 0.1 s, bit rate 3 %, frame rate 0.5 %). Every value that is not equal
is printed with both sides; a file that ffprobe opens and Madang does not is printed as refused. `--cpu` measures what the
properties cost: ffprobe in a process for each file, as there is no other way to run it, and Madang for all of them, without
previews, loudness, voice and words, which ffprobe does not look for.

It ends with 0 if at least 99.5 % of the values are equal and no file is refused, with 1 if not, and with 2 if there is
nothing to measure.
"""
import json
import re
import resource
import subprocess
import sys
from collections import Counter
from pathlib import Path

# Names of tags of ffprobe, and the properties that may hold their values.
TAGS = {
    'title': ['title'], 'artist': ['tag.artist', 'author'], 'album': ['tag.album'],
    'album_artist': ['tag.album_artist'], 'composer': ['tag.composer'], 'genre': ['tag.genre'],
    'track': ['tag.track'], 'disc': ['tag.disc'], 'date': ['tag.date'], 'comment': ['tag.comment'],
    'copyright': ['copyright'], 'encoder': ['producer', 'tag.encoder'], 'publisher': ['tag.publisher'],
    'description': ['description'], 'creation_time': ['created'], 'encoded_by': ['tag.encoded_by'],
    'language': ['tag.language'], 'keywords': ['keywords'],
}
# Cameras without a clock write the epochs of QuickTime and Unix, which is no time.
EPOCHS = ('1904-01-01', '1970-01-01', '0000-')
# What FFmpeg opens too, and is neither sound nor film: pictures, and texts of times.
OTHERS = ('image2', 'gif', 'apng', 'ico', 'tty', 'srt', 'ass', 'webvtt', 'sami', 'lrc', 'microdvd', 'mpl2', 'subviewer')
PLACES = ('com.apple.quicktime.location.iso6709', 'location', 'location-eng')


def probed(path):
    command = ['ffprobe', '-v', 'quiet', '-of', 'json', '-show_format', '-show_streams', '-show_chapters', str(path)]
    done = subprocess.run(command, capture_output=True, timeout=120)
    if done.returncode:
        return None
    answer = json.loads(done.stdout.decode('utf-8', 'replace') or '{}', strict=False)
    if not answer.get('format') or not answer.get('streams'):
        return None
    name = answer['format'].get('format_name', '')
    return None if name.endswith('_pipe') or name in OTHERS else answer


def ratio(text):
    over, _, under = str(text).replace(':', '/').partition('/')
    try:
        return float(over) / float(under or 1) if float(under or 1) else None
    except ValueError:
        return None


def near(share, least=0.0):
    def same(theirs, ours):
        try:
            theirs, ours = float(theirs), float(ours)
        except (TypeError, ValueError):
            return False
        return abs(theirs - ours) <= max(least, share * abs(theirs))
    return same


def plain(text):
    """A text without what encodings and containers differ in: case, blanks, what could not be decoded."""
    return re.sub(r'[\s\x00-\x1f]+', ' ', str(text)).strip().lower()


def exact(theirs, ours):
    return plain(theirs) == plain(ours)


def one_of(theirs, ours):
    values = ours if isinstance(ours, list) else [ours]
    return any(exact(theirs, value) for value in values) or exact(theirs, ', '.join(map(str, values)))


def moment(text):
    return re.sub(r'(\.\d*?)0*Z?$', r'\1', str(text).strip().replace(' ', 'T').rstrip('Z')).rstrip('.')


def values(found):
    """Name, value and comparison of everything that ffprobe says and that counts."""
    form, streams = found['format'], found['streams']
    yield 'container', form.get('format_name'), exact
    if float(form.get('duration') or 0) > 0:
        yield 'duration_s', form.get('duration'), near(0.01, 0.1)
        if form.get('bit_rate'):
            yield 'bit_rate', form.get('bit_rate'), near(0.03)
    covers = [s for s in streams if s.get('disposition', {}).get('attached_pic')]
    kinds = Counter('cover' if s in covers else s.get('codec_type', 'other') for s in streams)
    yield 'streams', kinds, None
    film = next((s for s in streams if s.get('codec_type') == 'video' and s not in covers), None)
    if film:
        if film.get('codec_name'):
            yield 'video_codec', film['codec_name'], exact
        if film.get('profile') and film['profile'] != 'unknown':
            yield 'video_profile', film['profile'], exact
        if film.get('width'):
            yield 'width', film['width'], near(0)
            yield 'height', film['height'], near(0)
        shape = ratio(film.get('sample_aspect_ratio', '0:1'))
        if shape:
            yield 'pixel_aspect', shape, near(0.01)
        turned = [d['rotation'] for d in film.get('side_data_list', []) if 'rotation' in d]
        yield 'rotation', (-int(turned[0])) % 360 if turned else 0, near(0)
        rate = ratio(film.get('avg_frame_rate')) or ratio(film.get('r_frame_rate'))
        if rate:
            yield 'fps', rate, near(0.005)
        if film.get('color_transfer') and film['color_transfer'] != 'unknown':
            yield 'color_transfer', film['color_transfer'], exact
    sound = next((s for s in streams if s.get('codec_type') == 'audio'), None)
    if sound:
        if sound.get('codec_name'):
            yield 'audio_codec', sound['codec_name'], exact
        if sound.get('profile') and sound['profile'] != 'unknown':
            yield 'audio_profile', sound['profile'], exact
        if int(sound.get('sample_rate') or 0):
            yield 'sample_rate', sound['sample_rate'], near(0)
        if sound.get('channels'):
            yield 'audio_channels', sound['channels'], near(0)
    languages = [s['tags']['language'] for s in streams if s.get('tags', {}).get('language', 'und') != 'und']
    if languages:
        yield 'stream_languages', sorted(set(languages)), lambda a, b: a == sorted(set(b or []))
    chapters = found.get('chapters') or []
    if chapters:
        yield 'chapters', len(chapters), lambda a, b: a == len(b or [])
        titles = [c.get('tags', {}).get('title', '') for c in chapters]
        starts = [int(float(c['start_time'])) for c in chapters]
        ours = lambda b: [re.match(r'(\d+):(\d\d):(\d\d) ?(.*)', line, re.S).groups() for line in b or []]
        yield 'chapters', titles, lambda a, b: [plain(t) for t in a] == [plain(c[3]) for c in ours(b)]
        yield 'chapters', starts, lambda a, b: a == [int(c[0]) * 3600 + int(c[1]) * 60 + int(c[2]) for c in ours(b)]
    subtitles = kinds.get('subtitle', 0)
    if subtitles:
        yield 'subtitle_tracks', subtitles, near(0)
    tags = {}
    of_streams = [s.get('tags', {}) for s in streams if s not in covers]
    # A title or language of one stream names the track; where an artist stands, the stream has the tags of the work.
    for source in [form.get('tags', {})] + [t for t in of_streams if any(k.lower() == 'artist' for k in t)]:
        for name, value in source.items():
            tags.setdefault(name.lower(), value)
    for name, properties in TAGS.items():
        value = tags.get(name)
        if not value or not plain(value):
            continue
        if '\ufffd' in value:
            continue
        if name == 'creation_time':
            if not value.startswith(EPOCHS):
                yield properties, value, lambda a, b: moment(a) in [moment(x) for x in (b if isinstance(b, list) else [b])]
        elif name == 'date':
            yield properties, value, lambda a, b: str(a)[:4] in str(b)
        elif name == 'keywords':
            yield properties, value, lambda a, b: all(plain(w) in plain(b) for w in re.split(r'[,;]', a))
        else:
            yield properties, value, one_of
    for name in PLACES:
        numbers = re.findall(r'[+-]\d+(?:\.\d+)?', tags.get(name, ''))
        if len(numbers) >= 2:
            yield 'gps_latitude', numbers[0], near(0, 1e-5)
            yield 'gps_longitude', numbers[1], near(0, 1e-5)
            break


def all_of(value):
    return value if isinstance(value, list) else [value]


def read(madang, path):
    done = subprocess.run([madang, 'extract', '--json', '--ocr', 'never', str(path)], capture_output=True, timeout=300)
    for line in done.stdout.decode('utf-8', 'replace').splitlines():
        answer = json.loads(line, strict=False)
        if answer.get('member') is None:
            return answer
    return {}


def cpu(command):
    """Processor time of a command and its children, seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def costs(madang, files):
    """Prints what the properties of these files cost here and there."""
    ffprobe = ['ffprobe', '-v', 'quiet', '-of', 'json', '-show_format', '-show_streams', '-show_chapters']
    theirs = sum(cpu([*ffprobe, file]) for file in files) / len(files)
    extract = [madang, 'extract', '--json', '--ocr', 'never', '--no-sidecars', '--jobs', '1']
    whole = cpu([*extract, *files]) / len(files)
    ours = cpu([*extract, '--no-previews', *files]) / len(files)
    print(f'CPU ms a file, {len(files)} files: ffprobe {theirs * 1e3:.1f}; madang extract, all of it {whole * 1e3:.1f}, properties '
          f'alone {ours * 1e3:.1f}, {ours / theirs:.3f} of ffprobe (at most .2)')


def main():
    words = [w for w in sys.argv[1:] if not w.startswith('--')]
    if len(words) < 2:
        print(__doc__)
        return 2
    madang, folders = words[0], words[1:]
    equal, wrong, missing, refused, compared = Counter(), [], [], [], []
    files = sorted(p for folder in folders for p in ([Path(folder)] if Path(folder).is_file() else Path(folder).rglob('*')))
    for path in files:
        if not path.is_file():
            continue
        found = probed(path)
        if not found:
            continue
        answer = read(madang, path)
        metadata = answer.get('metadata') or {}
        if 'container' not in metadata and '--all' not in sys.argv:
            refused.append((path.name, found['format']['format_name'], answer.get('format'), answer.get('outcome')))
            continue
        compared.append(str(path))
        for name, theirs, same in values(found):
            names = all_of(name)
            if names == ['streams']:
                kinds = Counter(str(s).partition(':')[0] for s in metadata.get('streams', []))
                kinds = Counter({('data' if k == 'other' else k): n for k, n in kinds.items()})
                theirs = Counter({('data' if k == 'other' else k): n for k, n in theirs.items()})
                is_same, ours = kinds == theirs, dict(kinds)
            else:
                held = [metadata[n] for n in names if n in metadata]
                ours = held[0] if len(held) == 1 else held
                is_same = any(same(theirs, value) for value in held)
            if is_same:
                equal[names[0]] += 1
            elif ours in ([], None):
                missing.append((path.name, names[0], theirs))
            else:
                wrong.append((path.name, names[0], theirs, ours))
    comparable = sum(equal.values()) + len(wrong) + len(missing)
    if not comparable:
        print('nothing to measure')
        return 2
    for row in refused:
        print('refused:', *row, sep='\t')
    for row in missing:
        print('missing:', *row, sep='\t')
    for row in wrong:
        print('wrong:', *row, sep='\t')
    share = sum(equal.values()) / comparable
    if '--cpu' in sys.argv:
        costs(madang, compared)
    print(f'{sum(equal.values())} of {comparable} values equal ({share:.2%}), {len(wrong)} wrong, {len(missing)} missing, '
          f'{len(refused)} files refused')
    return 0 if share >= 0.995 and not refused else 1


if __name__ == '__main__':
    sys.exit(main())
