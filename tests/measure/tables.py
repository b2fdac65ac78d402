#!/usr/bin/env python3
"""Measures how the tables of a collection are read whose files we did not make.

    python3 tests/measure/tables.py MADANG COLLECTION [--hwp5proc PROGRAM]

COLLECTION holds folders `hwp` and `hwpx`, and `PAIRS.tsv`, which names documents that were saved in both formats. The
truth about a table is taken from the XML of the HWPX file, by the few lines below, which know nothing of how Madang
reads: rows, columns, spans and cells as they stand there. It is held against what `madang extract --json` reads of the
HWPX file itself, and of the HWP file that is its pair. With `hwp5proc` of pyhwp (`pip install pyhwp`) its reading of
every HWP file is a second truth, of many more tables.

Madang is asked for nothing but text: a row is a line there, a cell of column N stands behind N tabs, and what a cell
spans stays empty, so that rows, columns, spans and cells are right only where all lines of a table are. Tables without
any text are not counted, since nothing of them is to be read. A table counts with those that lie in its cells.

It ends with 0 if all tables are right, with 1 if some are not, and with 2 if there is nothing to measure.
"""
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

# Objects beside the text, whose words are no words of the cell.
BESIDE = {'footNote', 'endNote', 'header', 'footer', 'hiddenComment', 'memo', 'caption', 'shapeComment', 'secPr',
          'parameters', 'fieldBegin', 'masterPage', 'linesegarray',
          'FootNote', 'EndNote', 'Header', 'Footer', 'HiddenComment', 'TableCaption', 'Caption'}


def name(element):
    return element.tag.rsplit('}', 1)[-1] if isinstance(element.tag, str) else ''


def children(element, *names):
    return [child for child in element if name(child) in names]


class Table:
    """A table: the lines of its cells by row and column, with the rows and columns that they span."""

    def __init__(self, element):
        cells = of_hwpx if name(element) == 'tbl' else of_pyhwp
        self.cells = list(cells(element))

    def is_spanned(self):
        return any(high > 1 or wide > 1 for _, _, high, wide, _ in self.cells)

    def inner(self):
        """The tables in its cells."""
        return [part for cell in self.cells for part in cell[4] if isinstance(part, Table)]

    def all(self):
        """It and the tables in it that have text."""
        return [self] * bool(self.lines()) + [table for inner in self.inner() for table in inner.all()]

    def lines(self):
        """The lines by which the table is to be read, each a list of cells."""
        out = []
        for row in sorted({cell[0] for cell in self.cells}):
            filled = {column: parts for at, column, _, _, parts in self.cells if at == row and is_filled(parts)}
            if not filled:
                continue
            only = next(iter(filled.values())) if len(filled) == 1 else None
            if only is not None and (0 in filled or len(only) > 1):
                # Such a cell frames a whole text: its lines stay as they are, with their tabs.
                for part in only:
                    out += part.lines() if isinstance(part, Table) else split(part)
                continue
            line = [squeezed(' '.join(part for part in filled.get(column, []) if isinstance(part, str)))
                    for column in range(max(filled) + 1)]
            while line and not line[-1]:
                line.pop()
            out += [line] if line else []
            for column in sorted(filled):
                for part in filled[column]:
                    out += part.lines() if isinstance(part, Table) else []
        return out


def of_hwpx(element):
    """The cells of a table of HWPX."""
    for row in children(element, 'tr'):
        for cell in children(row, 'tc'):
            address, span = children(cell, 'cellAddr')[0], children(cell, 'cellSpan')[0]
            text = [part for below in children(cell, 'subList') for part in paragraphs(below)]
            yield (int(address.get('rowAddr')), int(address.get('colAddr')),
                   int(span.get('rowSpan', 1)), int(span.get('colSpan', 1)), text)


def of_pyhwp(element):
    """The cells of a table as pyhwp tells it."""
    for body in children(element, 'TableBody'):
        for row in children(body, 'TableRow'):
            for cell in children(row, 'TableCell'):
                yield (*(int(cell.get(what)) for what in ('row', 'col', 'rowspan', 'colspan')), paragraphs(cell))


def split(line):
    """A line of a framed text."""
    cells = [squeezed(cell) for cell in line.split('\t')]
    while cells and not cells[-1]:
        cells.pop()
    return [cells] if cells else []


def is_filled(parts):
    return any(part.lines() if isinstance(part, Table) else squeezed(part) for part in parts)


def squeezed(text):
    return ' '.join(text.replace('\u00ad', '').split())


def paragraphs(element):
    """What stands below an element: texts of lines, and tables."""
    parts = []
    for paragraph in children(element, 'p', 'Paragraph'):
        line = ['']
        walk(paragraph, line)
        parts += [part for part in line if isinstance(part, Table) or part.strip()]
    return parts


def walk(element, line):
    for child in element:
        kind = name(child)
        if kind == 't':
            add(line, child.text)
            for mark in child:
                inner = name(mark)
                if inner == 'lineBreak':
                    line.append('')
                elif inner == 'tab':
                    add(line, '\t')
                elif inner in ('nbSpace', 'fwSpace'):
                    add(line, ' ')
                elif inner == 'hyphen':
                    add(line, '-')
                else:
                    add(line, mark.text)
                add(line, mark.tail)
        elif kind == 'Text':
            add(line, child.text)
        elif kind == 'ControlChar':
            control(line, child.get('name'))
        elif kind in ('tbl', 'TableControl'):
            line += [Table(child), '']
        elif kind in ('subList', 'TextboxParagraphList'):
            line += paragraphs(child) + ['']
        elif kind not in BESIDE:
            walk(child, line)


def control(line, what):
    """A character of HWP that is none of the text."""
    if what == 'LINE_BREAK':
        line.append('')
    elif what in SPACES:
        add(line, SPACES[what])


SPACES = {'TAB': '\t', 'NONBREAK_SPACE': ' ', 'FIXWIDTH_SPACE': ' ', 'HYPHEN': '-'}


def add(line, text):
    if not isinstance(line[-1], str):
        line.append('')
    line[-1] += text or ''


def outermost(element):
    """The tables that lie in no other one, in the order of the text."""
    for child in element:
        if name(child) in ('tbl', 'TableControl'):
            yield Table(child)
        else:
            yield from outermost(child)


def in_hwpx(path):
    """The tables of an HWPX file; none if it is encrypted or damaged."""
    try:
        with zipfile.ZipFile(path) as package:
            names = [n for n in package.namelist() if re.fullmatch(r'Contents/section\d+\.xml', n)]
            names.sort(key=lambda n: int(re.sub(r'\D', '', n)))
            return [table for n in names for table in outermost(ElementTree.fromstring(package.read(n)))]
    except (zipfile.BadZipFile, ElementTree.ParseError, NotImplementedError, RuntimeError):
        return []


def by_pyhwp(program, path):
    """The tables of an HWP file as pyhwp reads it; none if it cannot."""
    try:
        told = subprocess.run([program, 'xml', path], capture_output=True, timeout=60, check=True).stdout
        return list(outermost(ElementTree.fromstring(told)))
    except (subprocess.SubprocessError, ElementTree.ParseError):
        return []


def read(madang, path):
    """The lines that are read of a file, each a list of cells."""
    told = subprocess.run([madang, 'extract', '--json', path], capture_output=True, timeout=120, check=False).stdout
    document = json.loads(told.split(b'\n', 1)[0] or b'{}')
    lines = (line for segment in document.get('segments', []) for line in segment['text'].split('\n'))
    return [cells for line in lines for cells in split(line)]


def find(lines, wanted, start):
    places = (*range(start, len(lines)), *range(start))
    return next((at for at in places if lines[at:at + len(wanted)] == wanted), None)


def score(tables, lines, tell):
    """How many tables stand in the lines as they are to be."""
    right = start = 0
    for table in tables:
        wanted = table.lines()
        at = find(lines, wanted, start) if wanted else None
        if at is not None:
            start = at + len(wanted)
            right += len(table.all())
            continue
        if wanted:
            tell(wanted, lines)
        right += score(table.inner(), lines, tell)
    return right


def told(where, wanted, lines):
    """A table that is not read as it is to be: the first line that is missing, and the one most like it."""
    for line in wanted:
        if line not in lines:
            words = set(' '.join(line).split())
            like = max(lines, key=lambda other: len(words & set(' '.join(other).split())), default=[])
            print(f'{where}\n  is    {line}\n  read  {like}')
            return
    print(f'{where}\n  all lines are read, and not one behind the other: {wanted[:2]} …')


def measure(madang, what, files):
    """Holds files against their tables. Gives how many are right, of how many."""
    right = tables = spanned = count = 0
    for file, known in files:
        all_tables = [table for outer in known for table in outer.all()]
        if not all_tables:
            continue
        count += 1
        tables += len(all_tables)
        spanned += sum(table.is_spanned() for table in all_tables)
        right += score(known, read(madang, str(file)), lambda *missed, file=file: told(file.name, *missed))
    print(f'{what}: {right} of {tables} tables right ({spanned} with spanned cells), in {count} files', flush=True)
    return right, tables


def main():
    given = sys.argv[1:]
    program = given.pop(given.index('--hwp5proc') + 1) if '--hwp5proc' in given[:-1] else None
    given = [argument for argument in given if argument != '--hwp5proc']
    if len(given) != 2:
        print(__doc__)
        return 2
    madang, collection = given[0], Path(given[1])
    pairs = collection / 'PAIRS.tsv'
    if not pairs.is_file():
        print(f'{collection}: there is no PAIRS.tsv, so this is no collection and nothing is measured')
        return 2
    rows = [row.split('\t') for row in pairs.read_text(encoding='utf-8').splitlines()[1:]]
    pair = {Path(row[1]).name: collection / 'hwp' / Path(row[0]).name for row in rows}
    packages = [(path, in_hwpx(path)) for path in sorted((collection / 'hwpx').iterdir())]
    paired = [(pair[path.name], known) for path, known in packages if path.name in pair and pair[path.name].is_file()]
    scores = [measure(madang, 'HWPX by its own XML', packages), measure(madang, 'HWP by the XML of its pair', paired)]
    if program:
        files = sorted((collection / 'hwp').iterdir())
        scores.append(measure(madang, 'HWP by pyhwp', ((file, by_pyhwp(program, file)) for file in files)))
    right, tables = (sum(score[n] for score in scores) for n in (0, 1))
    print(f'all: {right} of {tables}')
    return 2 if tables == 0 else int(right != tables)


if __name__ == '__main__':
    sys.exit(main())
