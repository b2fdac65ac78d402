#!/usr/bin/env python3
"""Measures whether the renditions of one work find each other by their fingerprints, on a collection that we did not make.

    python3 tests/measure/renditions.py MADANG COLLECTION [--work FOLDER] [--scans N] [--list]

COLLECTION holds folders of documents (`hwp`, `hwpx`, `docx`, `pdf` …), and `PAIRS.tsv` if some were saved in two formats.
Each document of more than 150 letters is a work. LibreOffice makes its renditions: a PDF of each, a DOCX or HTML file of many;
what it cannot open (HWP, HWPX, PDF) is set anew from its text, line by line, so that its pages break elsewhere. Of each PDF
there is a scan as well: its text with three or five per cent of its letters misread, lost or doubled; of N of them a
real one, by pdftoppm and Tesseract, where both are installed. They are kept in FOLDER, so that a second run is short.

Of works in Hangul (--siblings N, 70 of the shortest unless told) notices of the same template are made: three each, in which 5 to 15 % of
the words are others, the same word always by the same one, some in the first thirty words, as subject, number and date of a
notice are. Each has a scan of which one to three per cent of the letters are misread. A pair of two siblings that is taken for one is false.

Two documents are taken for renditions of each other as the ledger does it: by the constants of `lookalikes.rs`, and by
how their texts begin, as `opening.rs` compares it; the constants of both are read from there. Recall is the part of the pairs within one work that are found. Precision is the part of the pairs
found that are no false ones. Test collections hold many texts in several files, so a pair of two works is false only if
the texts are two: if less than 40 % of the letters of the shorter one stand in the longer one, in the same order
(`difflib`, which knows nothing of shingles). --list names pairs that were missed, and those that are false.

It ends with 0 if precision of all is 99 % or more and recall 95 % or more, with 1 if not, and with 2 if there is nothing to measure.
"""
import argparse
import difflib
import html
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDERS = ['hwp', 'hwpx', 'docx', 'doc', 'odf', 'rtf', 'html', 'txt', 'pdf', 'pptx', 'ppt', 'pdf-ko-gen']
OFFICE = {'docx', 'doc', 'odt', 'rtf', 'pptx', 'ppt', 'odp', 'dotm', 'docm'}
HANGUL = '가나다라마바사아자차카타파하의이을를은는에서로고한국정부기관시행'
LATIN = 'abcdefghilo01'


def constant(file, name):
    """A number as it stands in the source, so that what is measured is what is used."""
    source = (Path(__file__).resolve().parents[2] / 'crates' / file).read_text()
    return float(re.search(rf'\bconst {name}: \w+ = ([\d.]+);', source).group(1))


# Bits in which texts that are alike differ at the most, those in which renditions do of whose beginning nothing is known, and the part of
# their beginnings that may be other words.
RENDITION, SURE, REPLACED = (constant('ledger/src/lookalikes.rs', name) for name in ('RENDITION', 'SURE', 'REPLACED'))
# Letters side by side from which on another word stands there, and up to which it is words that differ.
WORD, PASSAGE = (constant('document/src/opening.rs', name) for name in ('WORD', 'PASSAGE'))


def aligned(one, two):
    """A longest common subsequence, as pairs of places."""
    whole, places, row = (1 << len(one)) - 1, {}, (1 << len(one)) - 1
    for nth, letter in enumerate(one):
        places[letter] = places.get(letter, 0) | 1 << nth
    rows = [row]
    for letter in two:
        common = row & places.get(letter, 0)
        row = (row + common | row & ~common) & whole
        rows.append(row)
    i, j, pairs = len(one), len(two), []
    while i and j:
        if one[i - 1] == two[j - 1]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif rows[j] >> i - 1 & 1:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]


def replaced(one, two):
    """The part of two beginnings that is another word in the other; None if one is not known."""
    if not one or not two:
        return None
    if one == two:
        return 0.0
    pairs, others = aligned(min(one, two), max(one, two)), 0
    one, two = min(one, two), max(one, two)
    for last, following in zip([(-1, -1), *pairs], pairs):
        here, there = one[last[0] + 1:following[0]], two[last[1] + 1:following[1]]
        count = lambda letters, script: sum(letter >> 6 == script for letter in letters)
        other = sum(min(count(here, script), count(there, script)) for script in range(3))
        others += other if other >= WORD and max(len(here), len(there)) <= PASSAGE else 0
    return others / max(others + len(pairs), 1)


def sibling(text, words, chance):
    """Another notice of the same template: 5 to 15 % of its words are others."""
    bare = lambda token: re.sub(r'\W', '', token)
    tokens = re.split(r'(\s+)', text)
    said = [bare(token) for token in tokens if bare(token)]
    may = lambda word: len(word) >= 2 and (re.search('[가-힣]{2}', word) or word.isdigit())
    title = [word for word in dict.fromkeys(said[:30]) if may(word)]
    rest = [word for word in dict.fromkeys(said) if may(word)]
    chance.shuffle(title)
    chance.shuffle(rest)
    most, count, other = chance.uniform(.05, .15) * len(said), 0, {}
    for word in title[:3] + rest:
        if count >= most:
            break
        if word not in other:
            digits = ''.join(chance.choice('0123456789') for _ in word)
            few = ''.join(chance.choice(words[3]) for _ in range(len(word) // 3))
            other[word] = digits if word.isdigit() else chance.choice(words.get(len(word)) or [few])
            count += said.count(word)
    return ''.join(token.replace(bare(token), other[bare(token)]) if bare(token) in other else token for token in tokens)


def siblings(works, work, most):
    """Writes siblings and their scans; gives the folder."""
    folder, chance, words = work / 'sibling', random.Random(11), {}
    folder.mkdir(parents=True, exist_ok=True)
    hangul = lambda text: len(re.findall('[가-힣]', text))
    some = [(len(line['text']), number) for number, line in works.items()
            if hangul(line['text']) >= max(150, len(letters(line['text'])) / 2)]
    for number in sorted(works):
        for word in re.findall('[가-힣]{2,6}', works[number]['text'][:20000]):
            words.setdefault(len(word), {})[word] = True
    words = {length: sorted(those) for length, those in words.items()}
    for _, number in sorted(some)[:most]:
        for nth in range(3):
            text = sibling(works[number]['text'], words, chance)
            (folder / f'{number}_{nth}.txt').write_text(text)
            (folder / f'{number}_{nth}.scan.txt').write_text(misread(text, chance.uniform(.01, .03), chance))
    return folder


def read(madang, paths, *options):
    """What Madang reads: one line of JSON for each file, members apart."""
    command = [madang, 'extract', '--json', *options, *map(str, paths)]
    out = subprocess.run(command, capture_output=True, text=True).stdout
    return [line for line in map(json.loads, out.splitlines()) if not line.get('member')]


def letters(text):
    return ''.join(c for c in text.lower() if c.isalnum())


def misread(text, share, chance):
    """The text as a reader of pictures gives it that errs in this share of its letters."""
    out = []
    for c in text:
        if not c.isalnum() or chance.random() >= share:
            out.append(c)
            continue
        other = chance.choice(HANGUL if ord(c) > 255 else LATIN)
        kind = chance.random()
        out.append(other if kind < .6 else '' if kind < .8 else c + other)
    return ''.join(out)


def office(work, target, files, *options):
    """Has LibreOffice convert files, some at a time; those that are there already are not made again."""
    for start in range(0, len(files), 25):
        some = [str(file) for file in files[start:start + 25]]
        subprocess.run(['soffice', f'-env:UserInstallation=file://{work}/office', '--headless', *options,
                        '--outdir', str(target), *some], capture_output=True, timeout=900)


def renditions(works, work):
    """Makes the renditions of all works; gives the folders in which they lie."""
    source, pdf, other, scan = (work / name for name in ('source', 'pdf', 'other', 'scan'))
    for folder in (source, pdf, other, scan):
        folder.mkdir(parents=True, exist_ok=True)
    own, text = [], []
    for number, line in works.items():
        end = line['path'].rsplit('.', 1)[-1].lower()
        file = source / f'{number}.{end if end in OFFICE else "html"}'
        if end in OFFICE:
            shutil.copyfile(line['path'], file)
            own.append(file)
        else:
            rows = ''.join(f'<p>{html.escape(row)}</p>\n' for row in line['text'].splitlines())
            file.write_text(f'<html><head><meta charset="utf-8"></head><body>{rows}</body></html>')
            text.append(file)
    missing = lambda files, target, end: [file for file in files if not (target / f'{file.stem}.{end}').exists()]
    web = '--infilter=HTML (StarWriter)'
    office(work, pdf, missing(own, pdf, 'pdf'), '--convert-to', 'pdf')
    office(work, pdf, missing(text, pdf, 'pdf'), web, '--convert-to', 'pdf:writer_web_pdf_Export')
    words = [file for file in own if file.suffix in ('.docx', '.doc', '.odt', '.rtf')]
    office(work, other, missing(words, other, 'html'), '--convert-to', 'html')
    office(work, other, missing(text[::2], other, 'docx'), web, '--convert-to', 'docx:MS Word 2007 XML')
    return pdf, other, scan


def scanned(pdf, scan, texts, most):
    """Scans of these PDFs: the text as it might be misread, of some as Tesseract reads their pages."""
    chance, real = random.Random(7), 0
    for number, text in sorted(texts.items()):
        (scan / f'{number}.3.txt').write_text(misread(text, .03, chance))
        if int(number) % 2:
            (scan / f'{number}.5.txt').write_text(misread(text, .05, chance))
        if real < most and len(re.findall('[가-힣]', text)) > 300 and shutil.which('tesseract'):
            real += 1
            out = scan / f'{number}.ocr.txt'
            if out.exists():
                continue
            with tempfile.TemporaryDirectory() as pages:
                subprocess.run(['pdftoppm', '-r', '200', '-gray', '-png', str(pdf / f'{number}.pdf'), f'{pages}/p'])
                said = [subprocess.run(['tesseract', str(page), '-', '-l', 'kor+eng'], capture_output=True,
                                       text=True).stdout for page in sorted(Path(pages).glob('*.png'))[:8]]
            out.write_text('\n'.join(said))


def same(one, other):
    """Whether two texts are one, as far as 40 % of the shorter one go."""
    one, other = letters(one)[:4000], letters(other)[:4000]
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    common = sum(block.size for block in matcher.get_matching_blocks() if block.size >= 4)
    return common >= .4 * min(len(one), len(other))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('madang')
    parser.add_argument('collection', type=Path)
    parser.add_argument('--work', type=Path)
    parser.add_argument('--scans', type=int, default=0)
    parser.add_argument('--siblings', type=int, default=70)
    parser.add_argument('--list', action='store_true')
    arguments = parser.parse_args()
    work = (arguments.work or Path(tempfile.mkdtemp())).resolve()
    folders = [arguments.collection / name for name in FOLDERS if (arguments.collection / name).is_dir()]
    lines = [line for line in read(arguments.madang, folders, '--ocr', 'never') if line['outcome'] in ('ok', 'partial')]
    lines = sorted((line for line in lines if len(letters(line['text'])) >= 150), key=lambda line: line['path'])
    works = {f'{number:04}': line for number, line in enumerate(lines)}
    if not works:
        print('nothing to measure')
        return 2
    pdf, other, scan = renditions(works, work)
    scanned(pdf, scan, {Path(line['path']).stem: line['text'] for line in read(arguments.madang, [pdf])},
            arguments.scans)
    documents = [(number, 'original', line) for number, line in works.items()]
    for line in read(arguments.madang, [pdf, other, scan]):
        name = Path(line['path']).name
        if line['outcome'] in ('ok', 'partial') and name.split('.')[0] in works:
            documents.append((name.split('.')[0], name.split('.', 1)[1], line))
    for line in read(arguments.madang, [siblings(works, work, arguments.siblings)]):
        name = Path(line['path']).name
        documents.append((name.split('.')[0], name.split('.', 1)[1], line))
    # Pairs that were saved in two formats are one work.
    paired = {}
    if (arguments.collection / 'PAIRS.tsv').exists():
        for row in (arguments.collection / 'PAIRS.tsv').read_text().splitlines()[1:]:
            a, b = (Path(name).name for name in row.split('\t')[:2])
            if float(row.split('\t')[2]) >= .8:
                paired[b] = a
    names = {Path(line['path']).name: number for number, line in works.items()}
    of = lambda number: number if '_' in number else names.get(paired.get(Path(works[number]['path']).name), number)
    prints, short = [], 0
    for number, kind, line in documents:
        found = [said['finding'] for said in line['annotations'] if said['stage'] == 'text_fingerprint']
        found = [finding['text'] for finding in found if isinstance(finding, dict) and 'text' in finding]
        short += not found
        for finding in found:
            prints.append((of(number), kind, line, int(finding['fingerprint'], 16), finding['shingles'],
                           bytes.fromhex(finding.get('opening', ''))))
    # Of the works that were collected, and of the siblings of one template.
    own, hit, false, templates = [0, 0], [0, 0], [0, 0], 0
    missed, wrong, alike = [], [], {}
    for place, (number, kind, line, bits, shingles, opening) in enumerate(prints):
        for number2, kind2, line2, bits2, shingles2, opening2 in prints[:place]:
            is_sibling = '_' in number or '_' in number2
            is_of_one = number.split('_')[0] == number2.split('_')[0]
            if is_sibling and not is_of_one:
                continue
            distance = bin(bits ^ bits2).count('1')
            near = distance <= RENDITION and min(shingles, shingles2) / max(shingles, shingles2) >= .3
            templates += is_sibling and number != number2 and near
            said = replaced(opening, opening2) if near else None
            near = near and (distance <= SURE if said is None else said <= REPLACED)
            if number == number2:
                own[is_sibling] += 1
                hit[is_sibling] += near
                if not near:
                    missed.append((distance, said, kind, kind2, line['path']))
            elif near:
                key = tuple(sorted((number, number2)))
                if key not in alike:
                    alike[key] = not is_sibling and same(works[number]['text'], works[number2]['text'])
                if not alike[key]:
                    false[is_sibling] += 1
                    wrong.append((distance, said, kind, kind2, line['path'], line2['path']))
    recall, precision = sum(hit) / max(sum(own), 1), sum(hit) / max(sum(hit) + sum(false), 1)
    print(f'{len({number for number, *_ in prints})} works in {len(prints)} renditions, {short} of too little text')
    for what, is_sibling in (('collected', 0), ('siblings', 1)):
        print(f'{what}: recall {hit[is_sibling] / max(own[is_sibling], 1):.4f} '
              f'({own[is_sibling] - hit[is_sibling]} of {own[is_sibling]} pairs of one work missed), precision '
              f'{hit[is_sibling] / max(hit[is_sibling] + false[is_sibling], 1):.4f} ({false[is_sibling]} pairs taken for one that are two)')
    print(f'{templates} pairs of siblings are alike; {sum(alike.values())} pairs of files hold one text')
    print(f'recall {recall:.4f}, precision {precision:.4f}')
    if arguments.list:
        for row in sorted(missed, key=str, reverse=True):
            print('missed', *row)
        for row in sorted(wrong, key=str):
            print('false', *row)
    return 0 if precision >= .99 and recall >= .95 else 1


if __name__ == '__main__':
    sys.exit(main())
