#!/usr/bin/env python3
"""Measures how the properties of pictures are read, beside exiftool.

    python3 tests/measure/pictures.py MADANG FOLDER... [--wrong] [--missing] [--field NAME] [--cpu]

Every file in the folders that exiftool calls a picture is read by `madang extract --json` and by
`exiftool -json -G1 -n`, and compared field by field: each value that exiftool gives is equal here, missing, or wrong.
What exiftool does not give is not counted. A field that several parts of a file state (EXIF, XMP, IPTC) is equal if one
of the values here is one of those there. `--wrong` and `--missing` name the files, `--field` restricts it to a field,
and `--cpu` measures what both cost: exiftool in one process for all files, and one process for each; Madang with previews
and without, where it reads properties alone, as exiftool does.

Numbers are compared with the tolerance of the field, dates by their moment or, where one of them has no offset, by
their local time, texts after NFKC without blanks at the ends and doubled ones.

It ends with 0 if at least 99.5 % of the values are equal, with 1 otherwise, and with 2 if there is nothing to measure.
"""
import argparse
import collections
import datetime
import json
import re
import resource
import subprocess
import sys
import unicodedata
from pathlib import Path

GOAL = 0.995


def text(value):
    """A text as it is compared."""
    value = ''.join(c for c in str(value) if c in '\n\t' or not unicodedata.category(c).startswith('C'))
    return ' '.join(unicodedata.normalize('NFKC', value).split())


def number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def first_number(value):
    found = re.match(r'\s*-?[\d.]+', str(value))
    return number(found.group()) if found else None


def moment(value):
    """A date: naive local seconds, and the offset in minutes if it has one."""
    found = re.match(r'\s*(\d{4})[:\-](\d\d)[:\-](\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?(?:\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?', str(value))
    if not found:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    try:
        local = datetime.datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError:
        return None
    offset = None
    if zone:
        digits = zone.replace(':', '')
        offset = 0 if zone == 'Z' else (1 if zone[0] == '+' else -1) * (int(digits[1:3]) * 60 + int(digits[3:5]))
    return local, offset


def same_text(ours, theirs):
    raw = str(ours).strip()
    ours, theirs = text(ours), text(theirs)
    # In its JSON exiftool writes a question mark for each byte that is no UTF-8: what it cannot say is not counted.
    return ours == theirs or (
        '?' in theirs and not raw.isascii()
        and re.fullmatch(''.join(r'[^ -~]?' if c == '?' else re.escape(c) for c in theirs), raw) is not None)


def within(relative=0.0, absolute=0.0):
    def same(ours, theirs):
        ours, theirs = number(ours), number(theirs)
        if ours is None or theirs is None:
            return False
        return abs(ours - theirs) <= max(absolute, relative * abs(theirs))
    return same


def same_moment(ours, theirs):
    ours, theirs = moment(ours), moment(theirs)
    if not ours or not theirs:
        return False
    if ours[1] is not None and theirs[1] is not None:
        minutes = datetime.timedelta(minutes=1)
        return ours[0] - ours[1] * minutes == theirs[0] - theirs[1] * minutes
    return ours[0] == theirs[0]


def same_words(ours, theirs):
    words = lambda value: {text(word) for item in (value if isinstance(value, list) else [value])
                           for word in re.split(r'[;,]', str(item)) if text(word)}
    return words(ours) == words(theirs)


def same_type(ours, theirs):
    alias = {'image/heic': 'image/heif', 'image/heic-sequence': 'image/heif', 'image/x-ms-bmp': 'image/bmp',
             'application/photoshop': 'image/vnd.adobe.photoshop', 'image/apng': 'image/png',
             'image/x-icon': 'image/vnd.microsoft.icon', 'image/x-raw': 'image/tiff', 'image/jpx': 'image/jp2',
             'application/vnd.adobe.photoshop': 'image/vnd.adobe.photoshop', 'image/pcx': 'image/vnd.zbrush.pcx',
             'image/x-tga': 'image/tga', 'image/x-tiff-big': 'image/tiff', 'image/x-j2c': 'image/j2c', 'image/x-portable-graymap': 'image/x-portable-anymap',
             'image/x-portable-bitmap': 'image/x-portable-anymap', 'image/x-portable-pixmap': 'image/x-portable-anymap',
             'image/x-icns': 'image/icns', 'application/x-wmf': 'image/wmf', 'image/x-fits': 'application/fits',
             'image/fits': 'application/fits', 'image/jp2c': 'image/j2c', 'image/x-jp2-codestream': 'image/j2c'}
    return alias.get(ours, ours) == alias.get(theirs, theirs)


def same_number(ours, theirs):
    return number(ours) == number(theirs)


def same_flag(ours, theirs):
    return bool(ours) == bool(theirs)


class Picture:
    """What exiftool says of a file."""

    def __init__(self, tags):
        self.tags = tags

    def all(self, *names):
        """The values of these tags, in order; a name without a group is that of any."""
        for name in names:
            if ':' in name:
                if name in self.tags:
                    yield self.tags[name]
            else:
                yield from (value for key, value in self.tags.items() if key.rsplit(':', 1)[-1] == name)

    def first(self, *names):
        return next(self.all(*names), None)

    def size(self, at):
        size = re.match(r'(\d+) (\d+)$', str(self.first('Composite:ImageSize') or ''))
        return [int(size.group(at + 1))] if size else []

    def dpi(self, axis):
        unit = {2: 1, 3: 2.54}
        value = number(self.first(f'IFD0:{axis}Resolution'))
        if value is not None:
            factor = unit.get(self.first('IFD0:ResolutionUnit') or 2)
            return [value * factor] if factor and value > 0 else []
        value = number(self.first(f'JFIF:{axis}Resolution'))
        if value is not None:
            factor = {1: 1, 2: 2.54}.get(self.first('JFIF:ResolutionUnit'))
            return [value * factor] if factor and value > 0 else []
        value = number(self.first(f'PNG-pHYs:PixelsPerUnit{axis}'))
        if value is not None and self.first('PNG-pHYs:PixelUnits') == 1:
            return [value * 0.0254]
        return []

    def channels(self):
        value = self.first('File:ColorComponents')
        if value is not None:
            return [value]
        value = self.first('PNG:ColorType')
        if value is not None:
            return [{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(value)]
        value = self.first('IFD0:SamplesPerPixel')
        return [first_number(value)] if value is not None else []

    def depth(self):
        value = self.first('File:BitsPerSample', 'PNG:BitDepth', 'IFD0:BitsPerSample', 'Photoshop:BitDepth')
        return [first_number(value)] if value is not None else []

    def dates(self, tag, *others):
        value = self.first(f'ExifIFD:{tag}' if tag != 'ModifyDate' else 'IFD0:ModifyDate')
        offset = self.first({'DateTimeOriginal': 'ExifIFD:OffsetTimeOriginal', 'CreateDate': 'ExifIFD:OffsetTimeDigitized',
                             'ModifyDate': 'ExifIFD:OffsetTime'}[tag])
        values = [] if value is None else [f'{value}{offset or ""}']
        return [value for value in values + list(self.all(*others)) if moment(value) and not str(value).startswith('0000')]

    def gps(self, tag):
        value = number(self.first(f'Composite:{tag}'))
        return [] if value is None else [value]

    def frames(self):
        value = self.first('GIF:FrameCount', 'PNG:AnimationFrames', 'RIFF:FrameCount')
        if value is not None:
            return [value]
        if self.first('File:FileType') in ('TIFF', 'BTF'):
            count = self.first('File:PageCount')
            return [count] if count else [max([1] + [int(found.group(1)) + 1 for key in self.tags
                                                     for found in [re.match(r'IFD(\d+):ImageWidth', key)] if found])]
        return []

    def thumbnail(self):
        length = number(self.first('IFD1:ThumbnailLength'))
        return [True] if length else []


def of(*names):
    return lambda picture: [value for value in picture.all(*names) if text(value)]


TEXT, WORDS = same_text, same_words

# Field, its names here, the values there, the rule.
FIELDS = [
    ('mime', ['media_type'], lambda p: [p.first('File:MIMEType')], same_type),
    ('width', ['width'], lambda p: p.size(0), same_number),
    ('height', ['height'], lambda p: p.size(1), same_number),
    ('orientation', ['orientation'], lambda p: [v for v in p.all('IFD0:Orientation') if v in range(1, 9)], same_number),
    ('bit_depth', ['bit_depth'], Picture.depth, same_number),
    ('channels', ['channels'], Picture.channels, same_number),
    ('x_dpi', ['x_dpi'], lambda p: p.dpi('X'), within(0.01)),
    ('y_dpi', ['y_dpi'], lambda p: p.dpi('Y'), within(0.01)),
    ('taken_at', ['taken_at'], lambda p: p.dates('DateTimeOriginal'), same_moment),
    ('digitised_at', ['created'], lambda p: p.dates('CreateDate', 'XMP-xmp:CreateDate'), same_moment),
    ('modified_at', ['modified'], lambda p: p.dates('ModifyDate', 'XMP-xmp:ModifyDate'), same_moment),
    ('camera_make', ['camera_make'], of('IFD0:Make'), TEXT),
    ('camera_model', ['camera_model'], of('IFD0:Model'), TEXT),
    ('lens_model', ['exif.lens_model'], of('ExifIFD:LensModel'), TEXT),
    ('software', ['producer'], of('IFD0:Software', 'XMP-xmp:CreatorTool', 'PNG:Software'), TEXT),
    ('exposure_time_s', ['exif.exposure_time_s'], lambda p: [v for v in p.all('ExifIFD:ExposureTime') if number(v) is not None],
     within(0.01)),
    ('f_number', ['exif.f_number'], lambda p: [v for v in p.all('ExifIFD:FNumber') if number(v) is not None], within(0.01)),
    ('iso', ['exif.iso'], lambda p: [v for v in map(first_number, p.all('ExifIFD:ISO')) if v is not None], same_number),
    ('focal_mm', ['exif.focal_length_mm'], lambda p: [v for v in p.all('ExifIFD:FocalLength') if number(v) is not None],
     within(0.01)),
    ('flash', ['exif.flash'], of('ExifIFD:Flash'), same_number),
    ('gps_lat', ['gps_latitude'], lambda p: p.gps('GPSLatitude'), within(0, 1e-5)),
    ('gps_lon', ['gps_longitude'], lambda p: p.gps('GPSLongitude'), within(0, 1e-5)),
    ('gps_alt_m', ['gps_altitude_m'], lambda p: p.gps('GPSAltitude'), within(0, 0.1)),
    ('gps_direction', ['gps_direction_deg'], lambda p: [v for v in p.all('GPS:GPSImgDirection') if number(v) is not None], within(0, 0.01)),
    ('gps_error_m', ['gps_error_m'], lambda p: [v for v in p.all('GPS:GPSHPositioningError') if number(v)], within(0, 0.01)),
    ('camera_owner', ['exif.camera_owner'], of('ExifIFD:OwnerName'), TEXT),
    ('camera_serial', ['exif.camera_serial'], of('ExifIFD:SerialNumber'), TEXT),
    ('lens_serial', ['exif.lens_serial'], of('ExifIFD:LensSerialNumber'), TEXT),
    ('credit', ['iptc.credit'], of('IPTC:Credit', 'XMP-photoshop:Credit'), TEXT),
    ('source', ['dc.source'], of('IPTC:Source', 'XMP-photoshop:Source'), TEXT),
    ('instructions', ['iptc.instructions'], of('IPTC:SpecialInstructions', 'XMP-photoshop:Instructions'), TEXT),
    ('caption_writer', ['iptc.caption_writer'], of('IPTC:Writer-Editor', 'XMP-photoshop:CaptionWriter'), TEXT),
    ('description', ['description'],
     of('IFD0:ImageDescription', 'XMP-dc:Description', 'IPTC:Caption-Abstract', 'PNG:Description'), TEXT),
    ('title', ['title'], of('XMP-dc:Title', 'IFD0:XPTitle', 'IPTC:ObjectName', 'IPTC:Headline', 'PNG:Title'), TEXT),
    ('keywords', ['keywords'], of('XMP-dc:Subject', 'IPTC:Keywords', 'IFD0:XPKeywords'), WORDS),
    ('creator', ['author'], of('XMP-dc:Creator', 'IFD0:Artist', 'IFD0:XPAuthor', 'IPTC:By-line', 'PNG:Author'), WORDS),
    ('comment', ['jpeg.comment', 'gif.comment', 'png.comment', 'exif.comment', 'comment'],
     of('File:Comment', 'GIF:Comment', 'PNG:Comment', 'ExifIFD:UserComment', 'IFD0:XPComment'), TEXT),
    ('copyright', ['copyright'], of('IFD0:Copyright', 'XMP-dc:Rights', 'IPTC:CopyrightNotice', 'PNG:Copyright'), TEXT),
    ('icc_profile', ['icc_profile'], of('ICC_Profile:ProfileDescription'), TEXT),
    ('frames', ['frames'], Picture.frames, same_number),
    ('has_thumbnail', ['thumbnail'], Picture.thumbnail, same_flag),
    ('damage', ['damage'], lambda p: [True] if any('[minor]' not in str(v) for v in p.all('ExifTool:Warning', 'ExifTool:Error')) else [], same_flag),
]


def read_theirs(folders):
    command = ['exiftool', '-json', '-G1', '-n', '-api', 'largefilesupport=1', '-r', '-q', '-q', *map(str, folders)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    pictures = {}
    for tags in json.loads(answer or b'[]'):
        kind = str(tags.get('File:MIMEType', ''))
        if kind.startswith('image/') or kind == 'application/vnd.adobe.photoshop':
            pictures[str(Path(tags['SourceFile']).resolve())] = Picture(tags)
    return pictures


def read_ours(madang, files):
    said = {}
    command = [madang, 'extract', '--json', '--ocr', 'never', '--no-sidecars', '--jobs', '2', *files]
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    for line in answer.decode('utf-8').splitlines():
        document = json.loads(line)
        if document.get('member') is not None:
            continue
        values = collections.defaultdict(list)
        for stated in document.get('properties') or []:
            values[stated['name']] += [one['value'] for one in [stated, *stated.get('also', [])]]
        values['media_type'] = [document['media_type']]
        values['damage'] = [True] if document['warnings'] or document['outcome'] not in ('ok', 'empty') else []
        values['outcome'] = [document['outcome']]
        said[str(Path(document['path']).resolve())] = values
    return said


def cpu(command, files):
    """Processor time of the children that run it, seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*command, *files], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('madang')
    parser.add_argument('folders', nargs='+', type=Path)
    parser.add_argument('--wrong', action='store_true')
    parser.add_argument('--missing', action='store_true')
    parser.add_argument('--field')
    parser.add_argument('--cpu', action='store_true')
    arguments = parser.parse_args()
    theirs = read_theirs(arguments.folders)
    if not theirs:
        sys.exit(2)
    ours = read_ours(arguments.madang, list(theirs))
    counts = collections.Counter()
    unread = []
    named = {'wrong': [], 'missing': []}
    for path, picture in sorted(theirs.items()):
        said = ours.get(path, {})
        if said.get('outcome', ['none'])[0] in ('unsupported', 'none'):
            unread.append(path)
        for field, names, values, same in FIELDS:
            if arguments.field and field != arguments.field:
                continue
            expected = [value for value in values(picture) if value is not None]
            if not expected:
                continue
            actual = [value for name in names for value in said.get(name, [])]
            if any(same(one, other) for one in actual for other in expected):
                answer = 'equal'
            else:
                answer = 'wrong' if actual else 'missing'
                named[answer].append((field, path, expected, actual))
            counts[field, answer] += 1
    print(f'{"field":16} {"values":>7} {"equal":>7} {"missing":>8} {"wrong":>6}')
    totals = collections.Counter()
    for field, *_ in FIELDS:
        row = [counts[field, answer] for answer in ('equal', 'missing', 'wrong')]
        if sum(row):
            print(f'{field:16} {sum(row):7} {row[0]:7} {row[1]:8} {row[2]:6}')
        if field != 'damage':
            totals.update(dict(zip(('equal', 'missing', 'wrong'), row)))
    values = sum(totals.values())
    share = totals['equal'] / max(values, 1)
    print(f'{"all but damage":16} {values:7} {totals["equal"]:7} {totals["missing"]:8} {totals["wrong"]:6}   {share:.2%}')
    print(f'{len(theirs)} pictures, {len(unread)} not read')
    for path in unread:
        print(f'  not read: {Path(path).name}')
    for answer in ('wrong', 'missing'):
        if getattr(arguments, answer):
            for field, path, expected, actual in named[answer]:
                print(f'{answer} {field} {Path(path).parent.name}/{Path(path).name}: {expected!r} is {actual!r}'[:400])
    if arguments.cpu:
        files = list(theirs)
        count = len(files)
        together = cpu(['exiftool', '-json', '-G1', '-n'], files) / count * 1e3
        few = files[:: max(count // 40, 1)]
        alone = sum(cpu(['exiftool', '-json', '-G1', '-n'], [file]) for file in few) / len(few) * 1e3
        extract = [arguments.madang, 'extract', '--json', '--ocr', 'never', '--no-sidecars', '--jobs', '1']
        here = cpu(extract, files) / count * 1e3
        properties = cpu([*extract, '--no-previews'], files) / count * 1e3
        print(f'CPU ms a file: exiftool, one process for all {together:.2f}, one for each {alone:.1f}; '
              f'madang extract, all of it {here:.2f}, without previews {properties:.2f}, '
              f'{properties / alone:.4f} of the process of exiftool (at most .05)')
    sys.exit(0 if share >= GOAL else 1)


if __name__ == '__main__':
    main()
