#!/usr/bin/env python3
"""Measures what speech to text costs beside the engine alone, and how often a voice is guessed right.

    python3 tests/measure/speech.py MADANG --engine FOLDER     FOLDER: `out` of whisper-rs-sys in the target folder
    python3 tests/measure/speech.py MADANG --voice
    python3 tests/measure/speech.py MADANG --loudness FOLDER   FOLDER: recordings

The engine alone is `whisper_alone.cpp`, linked with the very libraries that Madang is, under the same parameters and with the
same model (tests/speech/whisper_model.py). Both transcribe some minutes of a voice of espeak-ng. Told are processor seconds of
each, all processes together, and the words of both; it ends with 1 if Madang takes more than 1.1 times as long.

With --voice, voices of espeak-ng in several languages, bare and under noise of three strengths, and tones, noises and chords are
made, and Madang is asked for each whether somebody speaks.

With --loudness, the integrated loudness of each recording is held against FFmpeg's filter `ebur128`. It ends with 1 if one that was
listened to as a whole differs by more than 0.5 LU; of the others it is told how far the estimate by stretches lies off.
"""
import argparse
import array
import json
import math
import random
import re
import resource
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

HERE = Path(__file__).parent
TEXT = (
    'The council of the district met on Thursday to talk about the flooded bridge. The mayor said that repairs begin in spring and '
    'that the school bus takes another road until then. A woman from the village asked who pays for the new pumps. The engineer '
    'answered that the province pays one half and the state the other. After a short break the council agreed to publish every '
    'report within ten days. Volunteers may register at the fire station. The next meeting is on the second of October. '
)
VOICES = {
    'en-us': TEXT[:160],
    'en-gb+f3': TEXT[160:320],
    'ko': '안녕하십니까. 오늘 회의에서는 다리 침수 대책과 내년 예산안을 논의하겠습니다. 자료를 보아 주시기 바랍니다.',
    'ko+f2': '주민 여러분께 알려 드립니다. 오늘 오후 세 시부터 단수가 있으니 물을 미리 받아 두시기 바랍니다.',
    'ja': 'きょうは はしの こうじに ついて はなしあいます。 しりょうを ごらんください。',
    'de': 'Wir beraten heute den Haushalt der Gemeinde und die Sperrung der alten Brücke am Fluss.',
}
RATE = 16000


def run(*command):
    answer = subprocess.run([str(part) for part in command], capture_output=True)
    if answer.returncode != 0:
        sys.exit(f'{command[0]}: {answer.stderr.decode("utf-8", "replace")}')
    return answer.stdout.decode('utf-8', 'replace')


def spoken(folder, name, voice, text):
    raw, path = folder / 'raw.wav', folder / name
    run('espeak-ng', '-v', voice, '-s', '145', '-w', raw, text)
    run('ffmpeg', '-v', 'error', '-y', '-i', raw, '-ar', RATE, '-ac', 1, path)
    return path


def samples(path):
    with wave.open(str(path)) as file:
        return array.array('h', file.readframes(file.getnframes()))


def write(path, values):
    with wave.open(str(path), 'wb') as file:
        file.setparams((1, 2, RATE, 0, 'NONE', ''))
        clipped = (int(max(-32767, min(32767, value))) for value in values)
        file.writeframes(array.array('h', clipped).tobytes())
    return path


def cpu(*command):
    """Processor seconds of a command and of all that it started, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    printed = run(*command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, printed


def documents(madang, folder, files, model=None):
    settings = folder / 'madang.toml'
    settings.write_text(f'data = "{folder}/data"\n' + (f'speech_model = "{model}"\n' if model else ''))
    seconds, printed = cpu(madang, 'extract', '--json', '--config', settings, *files)
    return seconds, [json.loads(line) for line in printed.splitlines()]


def cost(madang, out, folder):
    engine = folder / 'whisper_alone'
    source = out / 'whisper.cpp'
    run('g++', '-O2', f'-I{source}/include', f'-I{source}/ggml/include', HERE / 'whisper_alone.cpp', f'-L{out}/lib',
        '-lwhisper', '-lggml', '-lggml-cpu', '-lggml-base', '-lpthread', '-ldl', '-lm', '-o', engine)
    model = run(sys.executable, HERE.parent / 'speech' / 'whisper_model.py').strip()
    path = spoken(folder, 'minutes.wav', 'en-us', TEXT * 4)
    minutes = len(samples(path)) / RATE / 60
    best = {'madang': math.inf, 'engine': math.inf}
    for _ in range(3):
        seconds, read = documents(madang, folder, [path], model)
        best['madang'] = min(best['madang'], seconds)
        seconds, alone = cpu(engine, model, 'en', path)
        best['engine'] = min(best['engine'], seconds)
    ours = ' '.join(segment['text'] for segment in read[0]['segments']).split()
    theirs = ' '.join(line.split(' ', 2)[2] for line in alone.splitlines() if line.count(' ') > 1).split()
    ratio = best['madang'] / best['engine']
    print(f'{minutes:.1f} minutes; processor seconds: madang {best["madang"]:.2f}, engine alone {best["engine"]:.2f}, {ratio:.2f} times')
    print(f'{len(ours)} words, {len(theirs)} of the engine alone, the same: {ours == theirs}')
    return ratio <= 1.1


def guesses(madang, folder):
    chance = random.Random(1)
    wanted = {}
    for voice, text in VOICES.items():
        path = spoken(folder, f'voice-{voice}.wav', voice, text)
        wanted[path] = True
        voiced = samples(path)
        loud = math.sqrt(sum(value * value for value in voiced) / len(voiced))
        for below in (10, 5, 0):
            noise = loud * 10 ** (-below / 20)
            mixed = (value + chance.gauss(0, noise) for value in voiced)
            wanted[write(folder / f'voice-{voice}-{below}dB.wav', mixed)] = True
    turns = 2 * math.pi / RATE
    count = range(RATE * 8)
    wanted[write(folder / 'silence.wav', (0 for _ in count))] = False
    wanted[write(folder / 'hiss.wav', (chance.gauss(0, 3000) for _ in count))] = False
    for hertz in (100, 440, 1000, 3000):
        tone = (9000 * math.sin(turns * hertz * n) for n in count)
        wanted[write(folder / f'tone-{hertz}.wav', tone)] = False
    for beat in (1, 2, 3):
        def struck(n, beat=beat):
            away = math.exp(-3 * (n / RATE * beat % 1))
            return 4000 * away * sum(math.sin(turns * hertz * n) for hertz in (262, 330, 392))
        wanted[write(folder / f'chord-{beat}.wav', (struck(n) for n in count))] = False
    _, read = documents(madang, folder, list(wanted))
    right = {True: 0, False: 0}
    for document in read:
        expected = wanted[Path(document['path'])]
        if document['metadata'].get('voice') == expected:
            right[expected] += 1
        else:
            print(f'wrong: {Path(document["path"]).name}: {document["metadata"].get("voice")}')
    for kind, name in ((True, 'voices'), (False, 'others')):
        print(f'{name}: {right[kind]} of {sum(value == kind for value in wanted.values())} right')
    return sum(right.values()) >= 0.9 * len(wanted)


def ebur128(path):
    command = ['ffmpeg', '-nostats', '-hide_banner', '-i', path, '-map', '0:a:0', '-af', 'ebur128', '-f', 'null', '-']
    told = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL).stderr.decode('utf-8', 'replace')
    found = re.findall(r'I:\s+(-?[\d.]+) LUFS', told)
    # -70 is the gate: there was nothing louder.
    return float(found[-1]) if found and float(found[-1]) > -69.9 else None


def loudness(madang, folder, recordings):
    files = sorted(path for path in recordings.rglob('*') if path.is_file())
    _, read = documents(madang, folder, files)
    whole, stretches, good = [], [], True
    for document in read:
        for claim in document['properties']:
            if claim['name'] != 'loudness_lufs':
                continue
            theirs = ebur128(document['path'])
            if theirs is None:
                continue
            off = abs(claim['value'] - theirs)
            (whole if claim['part'] == 'sound' else stretches).append(off)
            if claim['part'] == 'sound' and off > 0.5:
                print(f'{Path(document["path"]).name}: {claim["value"]}, ebur128 {theirs}')
                good = False
    for name, offs in (('whole', whole), ('by stretches', stretches)):
        if offs:
            offs.sort()
            print(f'{name}: {len(offs)} recordings, off by {sum(offs) / len(offs):.2f} LU in the mean, {offs[len(offs) // 2]:.2f} in the '
                  f'middle, {offs[-1]:.2f} at most')
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    parser.add_argument('madang', type=Path)
    parser.add_argument('--engine', type=Path)
    parser.add_argument('--voice', action='store_true')
    parser.add_argument('--loudness', type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        good = True
        if asked.engine:
            good = cost(asked.madang.resolve(), asked.engine.resolve(), folder) and good
        if asked.loudness:
            good = loudness(asked.madang.resolve(), folder, asked.loudness.resolve()) and good
        if asked.voice:
            good = guesses(asked.madang.resolve(), folder) and good
    sys.exit(0 if good else 1)


main()
