use std::ops::RangeInclusive;

use axum::extract::Query;
use axum::http::Uri;

use madang_ledger::rows::Rows;

use crate::problem::Problem;
use crate::sentence::Sentence;

/// The query string of a request, held to the names that its route knows.
#[derive(Debug)]
pub(crate) struct Parameters {
    pairs: Vec<(String, String)>,
}

/// Longest query text, bytes (reliability reference, section 5.3).
pub(crate) const LONGEST_TEXT: usize = 4096;

/// Values of one parameter, at most. A page tells each with a link that takes it away, which names all others.
const MOST_VALUES: usize = 64;

/// Parameters that are one text, in which commas are what somebody wrote.
const TEXTS: [&str; 5] = ["q", "path", "glob", "after", "at"];

impl Parameters {
    /// Reads the query string. A blank value counts as absent: that is how forms send untouched fields.
    ///
    /// # Errors
    /// 400 for a name that is not `known`, with the nearest one that is, and for more than 64 values of one.
    pub(crate) fn read(uri: &Uri, known: &[&str]) -> Result<Parameters, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|error| {
            Problem::bad(
                "query-string",
                "주소의 물음표 뒤를 읽을 수 없습니다.",
                format!("the query string cannot be read: {error}"),
            )
        })?;
        for (name, _) in &pairs {
            // The language of pages may be chosen on every address.
            if name != "hl" && !known.contains(&name.as_str()) {
                return Err(unknown(name, known));
            }
        }
        let pairs: Vec<(String, String)> =
            pairs.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect();
        for name in known.iter().filter(|name| !TEXTS.contains(name)) {
            let values = pairs.iter().filter(|(n, _)| n == name).map(|(_, v)| v.split(',').count());
            if values.sum::<usize>() > MOST_VALUES {
                return Err(too_many(name));
            }
        }
        Ok(Parameters { pairs })
    }

    /// A parameter that may stand once.
    pub(crate) fn one(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.pairs.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str());
        let first = values.next();
        if values.next().is_some() {
            return Err(Problem::bad(
                "repeated-parameter",
                format!("한 번만 쓸 수 있습니다: `{name}`."),
                format!("`{name}` can stand only once"),
            ));
        }
        Ok(first)
    }

    /// A parameter that may be repeated and may hold several values with commas between them; each value
    /// once.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let mut list: Vec<&str> = Vec::new();
        for (_, values) in self.pairs.iter().filter(|(n, _)| n == name) {
            for value in values.split(',').map(str::trim).filter(|value| !value.is_empty()) {
                if !list.contains(&value) {
                    list.push(value);
                }
            }
        }
        list
    }

    /// As [`Self::list`], each value read; the first that cannot be is a 400 that says what is expected.
    pub(crate) fn parsed<T>(
        &self,
        name: &str,
        expected: &Sentence,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, Problem> {
        let read = |value| read(value).ok_or_else(|| unreadable(name, value, expected));
        self.list(name).into_iter().map(read).collect()
    }

    /// How many entries of a list are wanted: `limit`, from 1 to 1000; 100 if absent.
    pub(crate) fn limit(&self) -> Result<u32, Problem> {
        Ok(self.number("limit", 100, 1..=1000)? as u32)
    }

    /// Behind which entry a list goes on: `after`.
    pub(crate) fn after<'a, T>(
        &'a self,
        expected: &Sentence,
        read: impl Fn(&'a str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.one("after")? else { return Ok(None) };
        read(text).map(Some).ok_or_else(|| unreadable("after", text, expected))
    }

    /// A whole number in a range; `default` if absent.
    pub(crate) fn number(
        &self,
        name: &str,
        default: u64,
        range: RangeInclusive<u64>,
    ) -> Result<u64, Problem> {
        let Some(text) = self.one(name)? else { return Ok(default) };
        text.trim().parse().ok().filter(|n| range.contains(n)).ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            // Where there is no most, its figure would say nothing.
            let (ko, en) = match *most {
                u64::MAX => {
                    (format!("{least} 이상의 정수"), format!("a whole number from {least} on"))
                }
                _ => (
                    format!("{least}에서 {most}까지의 정수"),
                    format!("a whole number from {least} to {most}"),
                ),
            };
            let expected = Sentence { ko, en };
            unreadable(name, text, &expected)
        })
    }
}

/// The number of a row, as it stands in `after`.
pub(crate) fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number| *number >= 0)
}

/// Where the page after this one goes on: behind the `place` of its last row, readable or not. None if this one is not
/// full.
pub(crate) fn next<K, T, P>(page: &Rows<K, T>, limit: u32, place: impl Fn(&K) -> P) -> Option<P> {
    let full = page.len() >= limit as usize;
    page.last().filter(|_| full).map(place)
}

/// 400: the value of a parameter cannot be read.
pub(crate) fn unreadable(name: &str, value: &str, expected: &Sentence) -> Problem {
    let value: String = value.chars().take(60).collect();
    let Sentence { ko, en } = expected;
    Problem::bad(
        "parameter-value",
        format!("`{name}`의 값을 읽을 수 없습니다: `{value}`. 쓸 수 있는 값: {ko}"),
        format!("`{value}` is no value of `{name}`: {en} is expected"),
    )
}

/// 400: more values of a parameter than anybody picks.
fn too_many(name: &str) -> Problem {
    Problem::bad(
        "too-many-values",
        format!("`{name}`의 값이 너무 많습니다. {MOST_VALUES}개까지 쓸 수 있습니다."),
        format!("`{name}` has too many values: at most {MOST_VALUES}"),
    )
}

/// What is expected where only these words are read.
pub(crate) fn one_of(words: &[&str]) -> Sentence {
    let words = words.join("`, `");
    Sentence { ko: format!("`{words}` 가운데 하나"), en: format!("one of `{words}`") }
}

fn unknown(name: &str, known: &[&str]) -> Problem {
    let name: String = name.chars().take(60).collect();
    let near = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(&name, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 3);
    let (ko, en) = match near {
        Some((_, near)) => (format!("혹시 `{near}` 아닌가요?"), format!("did you mean `{near}`?")),
        None if known.is_empty() => {
            ("여기에는 매개변수가 없습니다.".to_owned(), "there are none here".to_owned())
        }
        None => {
            let all = known.join("`, `");
            (format!("쓸 수 있는 것: `{all}`"), format!("known are `{all}`"))
        }
    };
    Problem::bad(
        "unknown-parameter",
        format!("모르는 매개변수입니다: `{name}`. {ko}"),
        format!("unknown parameter `{name}`; {en}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Parameters, Problem> {
        Parameters::read(&format!("/x?{query}").parse().unwrap(), &["q", "agency", "limit", "sort"])
    }

    #[test]
    fn lists_are_repeated_or_comma_separated() {
        let parameters =
            read("agency=1,2&agency=2,3&q=%EC%95%88%EC%A0%84+%22a,b%22&sort=").unwrap();
        assert_eq!(parameters.list("agency"), ["1", "2", "3"]);
        assert_eq!(parameters.one("q").unwrap(), Some("안전 \"a,b\""));
        assert_eq!(parameters.one("sort").unwrap(), None, "blank is absent");
        assert_eq!(parameters.number("limit", 20, 1..=100).unwrap(), 20);
    }

    /// Each value costs a page a link in which all others stand.
    #[test]
    fn no_parameter_has_more_values_than_anybody_picks() {
        let many = |most: usize| (0..most).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        assert!(read(&format!("agency={}", many(64))).is_ok());
        assert!(read(&format!("q={}", many(900))).is_ok(), "a text may have commas");
        for query in [format!("agency={}", many(65)), "agency=1&".repeat(65)] {
            let problem = read(query.trim_end_matches('&')).unwrap_err();
            assert_eq!((problem.status.as_u16(), problem.kind), (400, "too-many-values"));
        }
    }

    #[test]
    fn unknown_names_get_the_nearest_known() {
        for (query, expected) in [
            ("agncy=1", "did you mean `agency`"),
            ("limits=1", "did you mean `limit`"),
            ("zzzzzzzz=1", "known are `q`, `agency`"),
        ] {
            let problem = read(query).unwrap_err();
            assert_eq!(problem.status, 400);
            assert!(problem.detail.en.contains(expected), "{}", problem.detail.en);
        }
        assert!(read("hl=en").is_ok());
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for query in ["limit=-1", "limit=0", "limit=101", "limit=a", "limit=1&limit=2"] {
            assert!(read(query).unwrap().number("limit", 1, 1..=100).is_err(), "{query}");
        }
        let told = read("limit=0").unwrap().limit().unwrap_err().detail.en;
        assert!(told.contains("a whole number from 1 to 1000"), "{told}");
        let told = read("limit=0").unwrap().limit().unwrap_err().detail.ko;
        assert!(told.contains("1에서 1000까지의 정수") && !told.contains("whole"), "{told}");
        let told = read("limit=x").unwrap().number("limit", 0, 0..=u64::MAX).unwrap_err().detail.ko;
        assert!(told.contains("0 이상의 정수") && !told.contains("까지"), "{told}");
    }
}
