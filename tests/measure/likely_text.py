#!/usr/bin/env python3
"""Measures how often the look that decides whether a picture is read is right, and what time it saves.

    python3 tests/measure/likely_text.py MADANG FOLDER…

Each picture below the folders is read twice by `madang extract --json`: as the look decides, and with `--ocr always`. What
is read with a confidence of .7 or more, ten letters at least, counts as something that is written there. Printed are how
many pictures say something and were looked over (missed), how many were read in vain, and seconds of the processor of
both ways.
"""
import json
import resource
import subprocess
import sys
from pathlib import Path

SURE, LETTERS = 0.7, 10


def read(command, path):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer = subprocess.run(command + [str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    letters = tried = 0
    for line in answer.stdout.decode('utf-8', 'replace').splitlines():
        for segment in json.loads(line)['segments']:
            if segment['origin'] == 'ocr':
                tried += 1
                if segment['confidence'] >= SURE:
                    letters += sum(c.isalnum() for c in segment['text'])
    return letters, tried, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(madang, folders):
    paths = sorted(path for folder in folders for path in Path(folder).rglob('*') if path.is_file())
    missed, found, in_vain, silent, auto, always = [], 0, 0, 0, 0.0, 0.0
    for path in paths:
        all_letters, _, time = read([madang, 'extract', '--json', '--ocr', 'always'], path)
        always += time
        letters, tried, time = read([madang, 'extract', '--json'], path)
        auto += time
        if all_letters >= LETTERS:
            found += 1
            if not tried:
                missed.append(path)
        else:
            silent += 1
            in_vain += tried > 0
    print(f'{len(paths)} pictures: {found} say something, {len(missed)} of them were looked over; '
          f'{silent} say nothing, {in_vain} of them were read in vain')
    print(f'seconds of the processor: {auto:.1f} as it is decided, {always:.1f} if all are read')
    for path in missed:
        print(f'  looked over: {path}')


if __name__ == '__main__':
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
