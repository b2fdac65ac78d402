#!/usr/bin/env python3
"""Measures what it costs to look at a long film: time of the processor, beside FFmpeg's command line.

    python3 tests/measure/key_frames.py MADANG [FILM] [--cache FOLDER]

Without a film one is made, once, in FOLDER (`~/.cache/madang-measure`): ten minutes of FFmpeg's test picture with noise,
1080p, H.264, a key frame every two seconds. Three things are measured, each five times, of which the median counts:
Madang's reading of the film (its child, fork and parent, as `madang extract --report` accounts for them: properties, key
frames, their sheet, previews encoded); `ffmpeg -skip_frame nokey` with one input for each frame that Madang took, which is
told by its previews, each scaled and encoded; and the same over all key frames of the film.

It ends with 0 if Madang takes at most 1.15 times what FFmpeg takes for the same frames, with 1 if not.
"""
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 5
MOST = 1.15


def made(folder):
    folder.mkdir(parents=True, exist_ok=True)
    film = folder / 'ten_minutes.mp4'
    if not film.exists():
        piece, whole = folder / 'piece.mp4', folder / 'part.mp4'
        ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=1920x1080:rate=30,noise=alls=12:allf=t', '-f', 'lavfi', '-i',
               'sine=frequency=440:sample_rate=44100', '-t', '20', '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '30', '-g', '60',
               '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-b:a', '96k', str(piece))
        ffmpeg('-stream_loop', '29', '-i', str(piece), '-c', 'copy', '-movflags', '+faststart', str(whole))
        whole.rename(film)
    return film


def ffmpeg(*words):
    subprocess.run(['ffmpeg', '-nostdin', '-v', 'error', '-y', *words], check=True)


def cpu(run):
    """Milliseconds of the processor that children of this process take meanwhile."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000


def median(measure):
    return statistics.median(measure() for _ in range(RUNS))


def reported(madang, film):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([madang, 'extract', '--ocr', 'never', '--jobs', '1', '--report', folder, str(film)], check=True, capture_output=True)
        report = next(Path(folder).glob('*.json'))
        return json.loads(report.read_text())['files'][0]['cpu_us'] / 1000


def main():
    words = sys.argv[1:]
    cache = Path(os.path.expanduser('~/.cache/madang-measure'))
    if '--cache' in words:
        at = words.index('--cache')
        cache = Path(words[at + 1])
        del words[at:at + 2]
    if not words:
        print(__doc__)
        return 2
    madang, film = words[0], Path(words[1]) if len(words) > 1 else made(cache)
    done = subprocess.run([madang, 'extract', '--ocr', 'never', '--json', str(film)], check=True, capture_output=True)
    answer = json.loads(done.stdout.splitlines()[0])
    times = answer['metadata'].get('key_frames')
    if not times:
        print('no key frame was taken')
        return 1
    inputs = [word for time in times for word in ('-skip_frame', 'nokey', '-noaccurate_seek', '-ss', str(time), '-i', str(film))]
    with tempfile.TemporaryDirectory() as folder:
        same = [*('-threads 1'.split()), *inputs]
        for number in range(len(times)):
            same += ['-map', f'{number}:v', '-frames:v', '1', '-vf', 'scale=480:-2:flags=area', '-threads', '1',
                     f'{folder}/{number}.jpg']
        all_frames = ['-threads', '1', '-skip_frame', 'nokey', '-i', str(film), '-an', '-vsync', 'passthrough', '-vf',
                      'scale=480:-2:flags=area', '-threads', '1', f'{folder}/all%d.jpg']
        theirs = median(lambda: cpu(lambda: ffmpeg(*same)))
        every = median(lambda: cpu(lambda: ffmpeg(*all_frames)))
    ours = median(lambda: reported(madang, film))
    print(f'{film.name}: {len(times)} frames taken of {answer["metadata"]["duration_s"]} s')
    print(f'madang, all of its reading     {ours:8.0f} ms')
    print(f'ffmpeg, the same frames        {theirs:8.0f} ms   ratio {ours / theirs:.2f}')
    print(f'ffmpeg, every key frame        {every:8.0f} ms   ratio {ours / every:.2f}')
    return 0 if ours <= MOST * theirs else 1


if __name__ == '__main__':
    sys.exit(main())
