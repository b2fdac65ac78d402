//! In which order the parts of a page are read: columns by the white between them, lines from above.

use madang_extract::rect::Rect;

/// How deep columns may lie in columns.
const DEEPEST: usize = 6;

/// Lines of one block: a page of one column is read in pieces, so that who waits hears of each.
const LINES_MOST: usize = 10;

/// What stands on a page: a piece of a letter, or the table of this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) rect: Rect,
    pub(crate) table: Option<usize>,
}

/// A part of the page, in reading order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Lines below each other.
    Lines(Rect),
    /// The table of this number.
    Table(usize),
    /// The line that runs down of this number, which is put among the others once they are found.
    Vertical(usize),
}

/// Items beside each other.
#[derive(Clone, Debug)]
struct Row {
    rect: Rect,
    items: Vec<Item>,
}

/// The parts of a page, or of a cell, whose letters are so high.
pub(crate) fn parts(items: Vec<Item>, letter: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    part(items, letter.max(4), 0, &mut parts);
    parts
}

fn part(items: Vec<Item>, letter: usize, depth: usize, parts: &mut Vec<Part>) {
    let rows = rows(items);
    let mut lines: Vec<&Row> = Vec::new();
    let mut n = 0;
    while let Some(row) = rows.get(n) {
        let rest = rows.get(n..).unwrap_or(&[]);
        if depth < DEEPEST
            && let Some((count, gutter)) = columns(rest, letter)
        {
            blocks(&lines, letter, parts);
            lines.clear();
            let held = rest.iter().take(count).flat_map(|row| row.items.iter().copied());
            let (left, right) = held.partition(|item| item.rect.right <= gutter);
            part(left, letter, depth + 1, parts);
            part(right, letter, depth + 1, parts);
            n += count;
            continue;
        }
        let table = row.items.iter().find_map(|item| item.table);
        if table.is_some() {
            blocks(&lines, letter, parts);
            lines.clear();
            // What stands beside a table is read before it or after it, as it begins above or below.
            let tables = row.items.iter().filter_map(|item| item.table).map(Part::Table);
            let beside: Vec<Item> =
                row.items.iter().copied().filter(|item| item.table.is_none()).collect();
            let (before, after): (Vec<Item>, Vec<Item>) = beside.into_iter().partition(|item| {
                row.items.iter().any(|it| it.table.is_some() && item.rect.right <= it.rect.left)
            });
            if depth < DEEPEST && before.len() + after.len() < row.items.len() {
                part(before, letter, depth + 1, parts);
                parts.extend(tables);
                part(after, letter, depth + 1, parts);
            } else {
                parts.extend(tables);
            }
        } else {
            lines.push(row);
        }
        n += 1;
    }
    blocks(&lines, letter, parts);
}

/// Items that are on one height.
fn rows(mut items: Vec<Item>) -> Vec<Row> {
    items.sort_by_key(|item| (item.rect.top, item.rect.left));
    let mut rows: Vec<Row> = Vec::new();
    for item in items {
        match rows.last_mut().filter(|row| item.rect.top < row.rect.bottom) {
            Some(row) => {
                row.rect = row.rect.and(item.rect);
                row.items.push(item);
            }
            None => rows.push(Row { rect: item.rect, items: vec![item] }),
        }
    }
    rows
}

/// The white between the items of a row, its ends included.
fn whites(items: &[Item]) -> Vec<(usize, usize)> {
    let mut spans: Vec<(usize, usize)> =
        items.iter().map(|item| (item.rect.left, item.rect.right)).collect();
    spans.sort_unstable();
    let (mut whites, mut end) = (Vec::new(), 0);
    for (left, right) in spans {
        if left > end {
            whites.push((end, left));
        }
        end = end.max(right);
    }
    whites.push((end, usize::MAX));
    whites
}

/// How many of these rows, from the first on, stand in two columns of prose, and where the left one is over.
fn columns(rows: &[Row], letter: usize) -> Option<(usize, usize)> {
    let mut common = vec![(0, usize::MAX)];
    let mut count = 0;
    let mut whole: Option<Rect> = None;
    for row in rows {
        let around = whole.map_or(row.rect, |rect| rect.and(row.rect));
        let met: Vec<(usize, usize)> = meet(&common, &whites(&row.items))
            .into_iter()
            .filter(|(from, to)| to - from >= letter)
            .collect();
        // White that is nothing but a margin divides nothing.
        if !met.iter().any(|(from, to)| *from > around.left && *to < around.right) && count > 0 {
            // A first line on one side alone may have its neighbour below.
            if met.iter().all(|(from, to)| *from == 0 || *to == usize::MAX)
                && whole_is_divided(&common, whole)
            {
                break;
            }
        }
        if met.is_empty() {
            break;
        }
        (common, whole) = (met, Some(around));
        count += 1;
    }
    let whole = whole?;
    let held = rows.get(..count)?;
    let mut inner: Vec<(usize, usize)> =
        common.into_iter().filter(|(from, to)| *from > whole.left && *to < whole.right).collect();
    inner.sort_by_key(|(from, to)| std::cmp::Reverse(to - from));
    inner.into_iter().find_map(|(from, to)| {
        let items = held.iter().flat_map(|row| row.items.iter().copied());
        let (left, right): (Vec<Item>, Vec<Item>) = items.partition(|item| item.rect.right <= from);
        (is_column(left, letter) && is_column(right, letter)).then_some((count, (from + to) / 2))
    })
}

fn whole_is_divided(common: &[(usize, usize)], whole: Option<Rect>) -> bool {
    whole.is_some_and(|rect| common.iter().any(|(from, to)| *from > rect.left && *to < rect.right))
}

fn meet(a: &[(usize, usize)], b: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut met = Vec::new();
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    while let (Some(one), Some(other)) = (a.peek(), b.peek()) {
        let (from, to) = (one.0.max(other.0), one.1.min(other.1));
        if from < to {
            met.push((from, to));
        }
        if one.1 < other.1 {
            a.next()
        } else {
            b.next()
        };
    }
    met
}

/// Whether these are a column of prose: several lines, most of which fill it. Labels and values beside each other are
/// read across.
fn is_column(items: Vec<Item>, letter: usize) -> bool {
    let has_table = items.iter().any(|item| item.table.is_some());
    let rows = rows(items);
    let Some(whole) = rows.iter().map(|row| row.rect).reduce(Rect::and) else { return false };
    if whole.width() < letter * 8 {
        return false;
    }
    let mut widths: Vec<usize> = rows.iter().map(|row| row.rect.width()).collect();
    widths.sort_unstable();
    let usual = widths.get(widths.len() / 2).copied().unwrap_or(0);
    has_table || (rows.len() >= 3 && usual * 20 >= whole.width() * 11)
}

/// Lines as blocks: what is far from each other or of another size is read apart.
fn blocks(lines: &[&Row], letter: usize, parts: &mut Vec<Part>) {
    let mut gaps: Vec<usize> = lines
        .windows(2)
        .filter_map(|pair| match pair {
            [a, b] => Some(b.rect.top.saturating_sub(a.rect.bottom)),
            _ => None,
        })
        .collect();
    gaps.sort_unstable();
    let usual = gaps.get(gaps.len() / 2).copied().unwrap_or(0);
    let far = (usual * 2).max(letter);
    // Between the upper and the lower halves of syllables lies a hair: they are no lines of their own.
    let is_split = |rect: &Rect, line: &Row| line.rect.top.saturating_sub(rect.bottom) * 5 < letter;
    let mut block: Option<(Rect, usize, usize)> = None;
    for line in lines {
        // A line of dashes is no letter's height.
        let height = line.rect.height().max(letter / 2);
        block = Some(match block {
            Some((rect, count, usual))
                if is_split(&rect, line)
                    || line.rect.top.saturating_sub(rect.bottom) <= far
                        && height * 10 <= usual * 16
                        && usual * 10 <= height * 16
                        && count < LINES_MOST =>
            {
                (rect.and(line.rect), count + 1, usual.max(height))
            }
            before => {
                parts.extend(before.map(|(rect, ..)| Part::Lines(rect)));
                (line.rect, 1, height)
            }
        });
    }
    parts.extend(block.map(|(rect, ..)| Part::Lines(rect)));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line of letters from one column to another.
    fn line(left: usize, right: usize, top: usize) -> Vec<Item> {
        let letters = (left..right).step_by(24);
        letters
            .map(|x| Item {
                rect: Rect { left: x, top, right: (x + 20).min(right), bottom: top + 20 },
                table: None,
            })
            .collect()
    }

    #[test]
    fn columns_are_read_one_after_the_other() {
        let mut items = line(300, 700, 10);
        for n in 0..6 {
            items.extend(line(50, 470, 80 + n * 32));
            items.extend(line(530, 950, 86 + n * 32));
        }
        items.extend(line(50, 950, 330));
        let parts = parts(items, 20);
        let lefts: Vec<(usize, usize)> = parts
            .iter()
            .map(|part| match part {
                Part::Lines(rect) => (rect.left, rect.top),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(lefts, [(300, 10), (50, 80), (530, 86), (50, 330)]);
    }

    #[test]
    fn labels_and_values_are_read_across() {
        let mut items = Vec::new();
        for n in 0..6 {
            items.extend(line(50, 130, 80 + n * 32));
            items.extend(line(400, 500 + n * 90, 80 + n * 32));
        }
        assert_eq!(parts(items, 20).len(), 1);
    }

    #[test]
    fn halves_of_syllables_are_no_lines() {
        let piece = |left: usize, top: usize, bottom: usize| Item {
            rect: Rect { left, top, right: left + 30, bottom },
            table: None,
        };
        let items = [50, 90, 130].map(|left| [piece(left, 100, 121), piece(left, 123, 148)]);
        let parts = parts(items.concat(), 30);
        let [Part::Lines(rect)] = parts.as_slice() else { panic!("{parts:?}") };
        assert_eq!((rect.top, rect.bottom), (100, 148));
    }

    #[test]
    fn a_title_is_read_apart() {
        let mut items =
            vec![Item { rect: Rect { left: 300, top: 0, right: 700, bottom: 50 }, table: None }];
        items.extend(line(50, 950, 70));
        items.extend(line(50, 950, 102));
        assert_eq!(parts(items, 20).len(), 2);
    }
}
