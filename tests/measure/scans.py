#!/usr/bin/env python3
"""Measures how scanned pages are read, beside the command line of Tesseract.

    python3 tests/measure/scans.py make FOLDER [SEED]
    python3 tests/measure/scans.py measure MADANG FOLDER [KIND…]

`make` draws the pages (Pillow, NumPy, the fonts of fonts-nanum and fonts-noto-cjk) from the sentences of `scans.txt`:
8 clean dense pages, the same 8 with noise, blur and skew, and 30 mixed ones: tables, stamps, two columns, photographs of
paper with perspective, forms with pictures. Every draw with a seed is the same. Without one they are the pages by which
recognition was built; others (1, 2, …) have other sentences, faces, sizes, light and wear, and tell whether it reads more than
those. Beside each picture lies what is written on it, in reading order.

`measure` has each page read by `madang extract --json` and by `tesseract` (kor+eng, its default segmentation and
segmentation 6), each alone on one core, and prints for each kind:

    recall   syllables of Hangul of the truth that were read, as a multiset
    CER      edits between what was read and the truth, per character of the truth, without white space
    CPU      seconds of the processor a page, start of the process included

It ends with 1 where Madang misses what it must show: recall .99 on clean and .95 on noisy pages, CER .05 on mixed ones.
"""
import json
import os
import random
import re
import resource
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path

NANUM = '/usr/share/fonts/truetype/nanum/'
NOTO = '/usr/share/fonts/opentype/noto/'
# Face and number of the font in its file; that of Korean in a collection of Noto is the second.
FACES = [(NANUM + 'NanumMyeongjo.ttf', 0), (NANUM + 'NanumGothic.ttf', 0), (NOTO + 'NotoSerifCJK-Regular.ttc', 1),
         (NOTO + 'NotoSansCJK-Regular.ttc', 1), (NANUM + 'NanumBarunGothic.ttf', 0)]
BOLD = [(NANUM + 'NanumMyeongjoBold.ttf', 0), (NANUM + 'NanumGothicBold.ttf', 0), (NOTO + 'NotoSerifCJK-Bold.ttc', 1),
        (NOTO + 'NotoSansCJK-Bold.ttc', 1), (NANUM + 'NanumBarunGothicBold.ttf', 0)]
SENTENCES = Path(__file__).with_name('scans.txt').read_text(encoding='utf-8').split('\n')
SENTENCES = [line for line in SENTENCES if line]

# A sheet of A4, inches.
SHEET = (8.27, 11.69)


class Page:
    """A sheet on which is written, and what is written, in reading order."""

    def __init__(self, seed, dpi, face):
        from PIL import Image, ImageDraw
        self.random = random.Random(seed)
        self.dpi = dpi
        self.face = face % len(FACES)
        self.size = tuple(round(side * dpi) for side in SHEET)
        self.image = Image.new('RGB', self.size, 'white')
        self.draw = ImageDraw.Draw(self.image)
        self.truth = []

    def at(self, inches):
        return round(inches * self.dpi)

    def font(self, points, bold=False):
        from PIL import ImageFont
        path, index = (BOLD if bold else FACES)[self.face]
        return ImageFont.truetype(path, round(points * self.dpi / 72), index=index)

    def sentences(self):
        while True:
            order = list(SENTENCES)
            self.random.shuffle(order)
            yield from order

    def line(self, text, x, y, points, bold=False, fill='black'):
        self.draw.text((self.at(x), self.at(y)), text, font=self.font(points, bold), fill=fill)
        self.truth.append(text)

    def centred(self, text, y, points, bold=True):
        width = self.draw.textlength(text, font=self.font(points, bold)) / self.dpi
        self.line(text, (SHEET[0] - width) / 2, y, points, bold)

    def paragraphs(self, left, right, top, bottom, points, spacing, sentences):
        """Fills a column with paragraphs; gives where it ended."""
        font, leading, y = self.font(points), points * spacing / 72, top
        while y + leading <= bottom:
            words = []
            for _ in range(self.random.randint(2, 5)):
                words += next(sentences).split()
            line, x = '', left + points / 72
            while words and y + leading <= bottom:
                longer = f'{line} {words[0]}' if line else words[0]
                if self.draw.textlength(longer, font=font) <= self.at(right - x):
                    line = longer
                    words.pop(0)
                    continue
                if not line:
                    break
                self.line(line, x, y, points)
                line, x, y = '', left, y + leading
            if line and y + leading <= bottom:
                self.line(line, x, y, points)
                y += leading
        return y

    def column(self, text, x, y, points, bold=False):
        """A line that runs down, its letters upright below each other; gives where it ended."""
        font, em = self.font(points, bold), points / 72
        for letter in text:
            if letter == ' ':
                y += em / 2
                continue
            width = self.draw.textlength(letter, font=font) / self.dpi
            # A stop stands in the upper right corner of its square.
            is_stop = letter in '.,'
            left = x + (em * 0.6 if is_stop else (em - width) / 2)
            self.draw.text((self.at(left), self.at(y - (em * 0.6 if is_stop else 0))), letter, font=font, fill='black')
            y += em * (0.5 if is_stop else 1.04)
        self.truth.append(text)
        return y

    def upright(self, left, right, top, bottom, points, spacing, sentences):
        """Fills a rectangle with columns, the first on the right."""
        em = points / 72
        x, many = right - em, int((bottom - top) / em * 0.9)
        while x >= left:
            words = []
            for _ in range(self.random.randint(2, 4)):
                # What is written down has its numbers in Hangul, and no brackets.
                sentence = next(line for line in sentences if re.fullmatch('[가-힣 .,]+', line))
                words += sentence.split()
            line = ''
            while words and x >= left:
                longer = f'{line} {words[0]}' if line else words[0]
                if len(longer) <= many:
                    line = longer
                    words.pop(0)
                    continue
                self.column(line, x, top, points)
                line, x = '', x - points * spacing / 72
            if line and x >= left:
                self.column(line, x, top, points)
                x -= points * spacing / 72

    def table(self, rows, left, right, top, height, points, head=True):
        """A table with rules; `rows` of cells, each written in one line."""
        columns = len(rows[0])
        widths = [1.0] * columns
        for column in range(columns):
            widths[column] = max(len(row[column]) for row in rows) + 3
        scale = (right - left) / sum(widths)
        edges = [left]
        for width in widths:
            edges.append(edges[-1] + width * scale)
        bottom = top + height * len(rows)
        if head:
            self.draw.rectangle((self.at(left), self.at(top), self.at(right), self.at(top + height)), fill='#e2e6ee')
        for n in range(len(rows) + 1):
            y = self.at(top + n * height)
            self.draw.line((self.at(left), y, self.at(right), y), fill='black', width=max(1, self.dpi // 100))
        for edge in edges:
            self.draw.line((self.at(edge), self.at(top), self.at(edge), self.at(bottom)), fill='black',
                           width=max(1, self.dpi // 100))
        for n, row in enumerate(rows):
            for column, cell in enumerate(row):
                bold = head and n == 0
                font = self.font(points, bold)
                width = self.draw.textlength(cell, font=font) / self.dpi
                x = edges[column] + (edges[column + 1] - edges[column] - width) / 2
                self.line(cell, x, top + n * height + (height - points / 72) / 2 - 0.02, points, bold)
        return bottom

    def stamp(self, text, x, y, inches):
        """A round red seal with a name, across what is there: the name is no part of the truth."""
        from PIL import Image, ImageDraw
        side = self.at(inches)
        seal = Image.new('RGBA', (side, side))
        draw = ImageDraw.Draw(seal)
        width = max(2, side // 28)
        draw.ellipse((width, width, side - width, side - width), outline=(200, 30, 40, 210), width=width)
        font = self.font(inches * 72 / 4, True)
        for n, row in enumerate([text[:2], text[2:]]):
            draw.text((side * 0.26, side * (0.24 + 0.26 * n)), row, font=font, fill=(200, 30, 40, 210))
        seal = seal.rotate(self.random.uniform(-20, 20))
        self.image.paste(seal, (self.at(x), self.at(y)), seal)

    def photograph(self, left, top, right, bottom):
        """A picture without any word: smooth shades and some shapes."""
        import numpy
        from PIL import Image, ImageDraw, ImageFilter
        size = (self.at(right - left), self.at(bottom - top))
        noise = numpy.random.RandomState(self.random.randrange(1 << 30))
        small = noise.randint(40, 220, (size[1] // 40 + 2, size[0] // 40 + 2, 3)).astype('uint8')
        picture = Image.fromarray(small).resize(size, Image.BICUBIC)
        draw = ImageDraw.Draw(picture)
        for _ in range(14):
            x, y = self.random.randrange(size[0]), self.random.randrange(size[1])
            r = self.random.randrange(size[1] // 12, size[1] // 4)
            shade = tuple(self.random.randrange(30, 230) for _ in range(3))
            draw.ellipse((x - r, y - r, x + r, y + r), fill=shade)
        picture = picture.filter(ImageFilter.GaussianBlur(size[0] / 150))
        grain = noise.normal(0, 7, (size[1], size[0], 1))
        picture = Image.fromarray(numpy.clip(numpy.asarray(picture) + grain, 0, 255).astype('uint8'))
        self.image.paste(picture, (self.at(left), self.at(top)))


def dense(seed, dpi, face, points=10.5):
    page = Page(seed, dpi, face)
    page.paragraphs(0.9, SHEET[0] - 0.9, 0.9, SHEET[1] - 0.9, points, 1.6, page.sentences())
    return page


def rows_of(page, count):
    places = ['삼문교', '얕은내', '꽃뫼둑', '버들골', '솔밭재', '달빛나루', '새터말', '갈마들', '한여울', '돌담길', '너른들', '가람섬']
    works = ['정밀점검', '보수공사', '배수로 준설', '난간 교체', '누수 조사', '포장 정비']
    heads = ['구분', '시설명', '사업 내용', '설치 연도', '예산(천 원)', '집행률']
    page.random.shuffle(places)
    rows = [heads]
    for n in range(count):
        rows.append([str(n + 1), places[n % len(places)], page.random.choice(works),
                     f'{page.random.randint(1985, 2025)}년', f'{page.random.randint(800, 98000):,}',
                     f'{page.random.randint(20, 999) / 10:.1f}%'])
    return rows


def table_page(seed, dpi, face):
    page = Page(seed, dpi, face)
    page.centred('시설물 정비 사업 추진 현황', 0.8, 17)
    y = page.paragraphs(0.9, SHEET[0] - 0.9, 1.4, 2.6, 11, 1.6, page.sentences())
    y = page.table(rows_of(page, 11), 0.9, SHEET[0] - 0.9, y + 0.2, 0.36, 10.5)
    y = page.paragraphs(0.9, SHEET[0] - 0.9, y + 0.3, y + 1.9, 11, 1.6, page.sentences())
    page.table(rows_of(page, 5), 0.9, SHEET[0] - 0.9, y + 0.2, 0.36, 10.5, head=False)
    return page


def stamped_page(seed, dpi, face):
    page = Page(seed, dpi, face)
    page.centred('꽃뫼시', 0.8, 22)
    page.line('수신  시설안전과장', 0.9, 1.5, 11)
    page.line('제목  배수펌프장 비상발전기 점검 결과 알림', 0.9, 1.8, 11, True)
    page.draw.line((page.at(0.9), page.at(2.1), page.at(7.37), page.at(2.1)), fill='black', width=3)
    page.paragraphs(0.9, SHEET[0] - 0.9, 2.3, 8.4, 11.5, 1.7, page.sentences())
    page.centred('꽃 뫼 시 장', 9.0, 20)
    page.line('담당 주무관 김영희    팀장 이철수    과장 박민준', 0.9, 10.0, 10)
    page.line('시행 시설안전과-1234 (2026. 7. 31.)    접수', 0.9, 10.25, 10)
    page.stamp('시장의인', 5.3, 8.8, 0.9)
    page.stamp('원본대조', 6.2, 7.3, 0.8)
    return page


def columns_page(seed, dpi, face):
    page = Page(seed, dpi, face)
    page.centred('꽃뫼 소식', 0.7, 24)
    sentences = page.sentences()
    middle, gutter = SHEET[0] / 2, 0.16
    page.paragraphs(0.8, middle - gutter, 1.4, SHEET[1] - 0.8, 10, 1.55, sentences)
    bottom = SHEET[1] - 0.8 if seed % 2 else 8.2
    page.paragraphs(middle + gutter, SHEET[0] - 0.8, 1.4, bottom, 10, 1.55, sentences)
    if seed % 2 == 0:
        page.photograph(middle + gutter, 8.5, SHEET[0] - 0.8, SHEET[1] - 0.9)
    return page


def photo_page(seed, dpi, face):
    """A photograph of a sheet on a table: perspective, uneven light, blur, noise."""
    import numpy
    from PIL import Image, ImageFilter
    page = Page(seed, dpi, face)
    page.centred('안내 말씀', 0.9, 20)
    page.paragraphs(0.9, SHEET[0] - 0.9, 1.6, 9.6, 12.5, 1.8, page.sentences())
    width, height = page.size
    margin = page.at(0.5)
    ground = Image.new('RGB', (width + 2 * margin, height + 2 * margin), (96, 74, 58))
    ground.paste(page.image, (margin, margin))
    full = ground.size
    draw = lambda most: page.random.uniform(0, most)
    corners = [(margin + draw(0.035) * width, margin + draw(0.025) * height),
               (margin + width - draw(0.035) * width, margin + draw(0.025) * height),
               (margin + width - draw(0.03) * width, margin + height - draw(0.02) * height),
               (margin + draw(0.03) * width, margin + height - draw(0.02) * height)]
    sheet = [(margin, margin), (margin + width, margin), (margin + width, margin + height), (margin, margin + height)]
    rows = []
    for (x, y), (u, v) in zip(corners, sheet):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    wanted = numpy.array(sheet).reshape(8)
    coefficients = numpy.linalg.solve(numpy.array(rows, dtype=float), wanted)
    picture = ground.transform(full, Image.PERSPECTIVE, coefficients, Image.BICUBIC, fillcolor=(96, 74, 58))
    picture = picture.filter(ImageFilter.GaussianBlur(dpi / 260))
    pixels = numpy.asarray(picture).astype(float)
    y, x = numpy.mgrid[0:full[1], 0:full[0]]
    angle = page.random.uniform(0, 6.28)
    light = 0.78 + 0.22 * numpy.cos(angle + 2.1 * x / full[0] + 1.3 * y / full[1])
    grain = numpy.random.RandomState(seed).normal(0, 5, pixels.shape)
    pixels = pixels * light[:, :, None] * numpy.array([1.0, 0.97, 0.9]) + grain
    page.image = Image.fromarray(numpy.clip(pixels, 0, 255).astype('uint8'))
    return page


def form_page(seed, dpi, face):
    page = Page(seed, dpi, face)
    page.draw.rectangle((0, page.at(0.5), page.size[0], page.at(1.15)), fill='#1f3a5f')
    page.centred('2026년 안전한국훈련 참가 신청서', 0.65, 19)
    page.truth.pop()
    font = page.font(19, True)
    text = '2026년 안전한국훈련 참가 신청서'
    width = page.draw.textlength(text, font=font) / page.dpi
    page.line(text, (SHEET[0] - width) / 2, 0.65, 19, True, fill='white')
    rows = [['성명', '김영희', '생년월일', '1984년 3월 2일'], ['소속', '시설안전과', '전화', '055-123-4567'],
            ['참가 분야', '지하차도 침수 대응', '희망 일시', '9월 14일 오후']]
    y = page.table(rows, 0.9, SHEET[0] - 0.9, 1.5, 0.42, 11, head=False)
    page.photograph(0.9, y + 0.3, 3.6, y + 2.3)
    page.paragraphs(3.9, SHEET[0] - 0.9, y + 0.3, y + 2.4, 10.5, 1.6, page.sentences())
    y = page.paragraphs(0.9, SHEET[0] - 0.9, y + 2.8, y + 5.6, 11, 1.65, page.sentences())
    for text in ['□ 개인정보 수집에 동의합니다.', '□ 훈련 중 촬영에 동의합니다.']:
        page.line(text, 1.1, y + 0.15, 12)
        y += 0.35
    page.centred('2026년 8월 31일', y + 0.4, 13, False)
    page.line('신청인  김영희  (서명)', 4.6, y + 0.9, 13)
    return page


def vertical_page(seed, dpi, face):
    """A sheet whose lines run from above, from the right to the left, under a title across."""
    page = Page(seed, dpi, face)
    page.centred('옛 마을 이야기', 0.9, 20)
    page.upright(0.9, SHEET[0] - 0.9, 1.7, SHEET[1] - 1.0, 12, 1.7, page.sentences())
    return page


def placard_page(seed, dpi, face):
    """A sheet written across, beside which a slogan runs down the margin, and a name beside the seal."""
    page = Page(seed, dpi, face)
    page.centred('안전 점검의 날 안내', 0.8, 20)
    page.paragraphs(2.1, SHEET[0] - 0.9, 1.6, 8.6, 11.5, 1.7, page.sentences())
    page.column('비 오는 날 지하차도 진입 금지', 1.0, 1.9, 24, True)
    page.column('꽃뫼시장 김영희', 7.0, 8.9, 14)
    return page


def worn(page, seed):
    """Noise, blur and a skew of a degree, as of a bad copier."""
    import numpy
    from PIL import Image, ImageFilter
    angle = [1.0, -1.0, 0.8, -0.7, 1.2, -1.1, 0.9, -0.9][seed % 8]
    picture = page.image.convert('L').rotate(angle, Image.BICUBIC, fillcolor=255)
    picture = picture.filter(ImageFilter.GaussianBlur(page.dpi / 220))
    noise = numpy.random.RandomState(seed)
    pixels = numpy.asarray(picture).astype(float) * 0.86 + 22 + noise.normal(0, 16, (page.size[1], page.size[0]))
    specks = noise.random_sample(pixels.shape)
    pixels[specks < 0.0015] = 20
    pixels[specks > 0.9985] = 250
    page.image = Image.fromarray(numpy.clip(pixels, 0, 255).astype('uint8'))
    return page


def make(folder, seed=0):
    more = 1000 * seed
    folder.mkdir(parents=True, exist_ok=True)

    def keep(name, page, quality=None):
        if quality:
            page.image.save(folder / f'{name}.jpg', quality=quality, dpi=(page.dpi, page.dpi))
        else:
            page.image.convert('L').save(folder / f'{name}.png', dpi=(page.dpi, page.dpi))
        (folder / f'{name}.truth').write_text('\n'.join(page.truth) + '\n', encoding='utf-8')

    for n in range(8):
        face = n + 2 * seed
        keep(f'clean-{n + 1}', dense(100 + n + more, 200, face))
        keep(f'noisy-{n + 1}', worn(dense(100 + n + more, 200, face), n + more + 3 * seed))
    for n in range(6):
        face, size = n + 2 * seed, (n + seed) % 3
        keep(f'mixed-table-{n + 1}', table_page(200 + n + more, [200, 150, 300][size], face), 80)
        keep(f'mixed-stamp-{n + 1}', stamped_page(300 + n + more, [200, 150, 300][size], face), 80)
        keep(f'mixed-columns-{n + 1}', columns_page(400 + n + more, [200, 250, 300][size], face), 80)
        keep(f'mixed-photo-{n + 1}', photo_page(500 + n + more, [200, 180, 240][size], face), 80)
        keep(f'mixed-form-{n + 1}', form_page(600 + n + more, [200, 150, 300][size], face), 80)
    for n in range(4):
        face, dpi = n + 2 * seed, [200, 150, 300][(n + seed) % 3]
        keep(f'vertical-whole-{n + 1}', vertical_page(700 + n + more, dpi, face), 80)
        keep(f'vertical-placard-{n + 1}', placard_page(800 + n + more, dpi, face), 80)


def edits(a, b):
    """The distance of Levenshtein, by the vectors of bits of Myers (1999) as Hyyrö (2003) has them."""
    if not a:
        return len(b)
    places = {}
    for n, c in enumerate(a):
        places[c] = places.get(c, 0) | 1 << n
    mask, last = (1 << len(a)) - 1, 1 << (len(a) - 1)
    plus, minus, score = mask, 0, len(a)
    for c in b:
        equal = places.get(c, 0)
        vertical = equal | minus
        horizontal = ((((equal & plus) + plus) ^ plus) | equal) & mask
        up = minus | ~(horizontal | plus) & mask
        down = plus & horizontal
        if up & last:
            score += 1
        elif down & last:
            score -= 1
        up = (up << 1 | 1) & mask
        down = (down << 1) & mask
        plus = (down | ~(vertical | up)) & mask
        minus = up & vertical
    return score


def plain(text):
    return re.sub(r'\s+', '', unicodedata.normalize('NFKC', text))


def scores(read, truth):
    hangul = lambda text: Counter(re.findall('[가-힣]', text))
    of_truth, of_read = hangul(truth), hangul(read)
    recall = sum((of_truth & of_read).values()) / max(1, sum(of_truth.values()))
    read, truth = plain(read), plain(truth)
    return recall, edits(truth, read) / max(1, len(truth))


def timed(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = dict(os.environ, OMP_THREAD_LIMIT='1')
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return answer.stdout.decode('utf-8', 'replace'), cpu


def by_madang(madang):
    def read(path):
        text, cpu = timed([madang, 'extract', '--json', str(path)])
        words = []
        for line in text.splitlines():
            document = json.loads(line)
            words += [segment['text'] for segment in document['segments']]
        return '\n'.join(words), cpu
    return read


def by_tesseract(segmentation):
    return lambda path: timed(['tesseract', str(path), '-', '-l', 'kor+eng', '--psm', segmentation])


def by_program(program):
    return lambda path: timed([program, str(path)])


MUST = {'clean': ('recall', 0.99), 'noisy': ('recall', 0.95), 'mixed': ('CER', 0.05)}


def measure(madang, folder, kinds):
    readers = {'madang': by_madang(madang), 'tesseract psm 3': by_tesseract('3'), 'tesseract psm 6': by_tesseract('6')}
    if os.environ.get('SCANS_ONLY'):
        readers = {'madang': readers['madang']}
    missed = False
    for kind in kinds or ['clean', 'noisy', 'mixed']:
        pages = sorted(path for path in folder.glob(f'{kind}*') if path.suffix in ('.png', '.jpg'))
        if not pages:
            sys.exit(f'no pages of {kind} in {folder}: make them first')
        for name, read in readers.items():
            of_pages = []
            for path in pages:
                text, cpu = read(path)
                recall, cer = scores(text, path.with_suffix('.truth').read_text(encoding='utf-8'))
                of_pages.append((recall, cer, cpu))
                if '-v' in sys.argv:
                    print(f'    {path.stem:20} recall {recall:.4f}  CER {cer:.4f}  CPU {cpu:.2f}')
            recall, cer, cpu = (sum(values) / len(pages) for values in zip(*of_pages))
            print(f'{kind:16} {name:16} recall {recall:.4f}  CER {cer:.4f}  CPU {cpu:.2f} s a page  ({len(pages)} pages)', flush=True)
            if name == 'madang' and kind in MUST:
                figure, bound = MUST[kind]
                missed |= recall < bound if figure == 'recall' else cer > bound
    return 1 if missed else 0


if __name__ == '__main__':
    arguments = [it for it in sys.argv[1:] if it != '-v']
    if len(arguments) in (2, 3) and arguments[0] == 'make':
        make(Path(arguments[1]), *map(int, arguments[2:]))
    elif len(arguments) >= 3 and arguments[0] == 'measure':
        sys.exit(measure(arguments[1], Path(arguments[2]), arguments[3:]))
    else:
        sys.exit(__doc__)
