//! Josa (particles) and eomi (endings) that are taken off the end of an eojeol, by rule and without a dictionary.
//!
//! The lists are closed classes of Korean grammar; agreement with the final consonant (은/는, 을/를, 으로/로) is
//! checked, so that 사과 is not read as 사 + 과. Stripping before bigrams are made is what removes nearly the whole
//! distance between plain bigrams and a morphological analyzer, because bigrams over a particle are rare and
//! would score high.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::script::is_syllable;

/// What must stand before a particle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum After {
    Any,
    /// A syllable with a final consonant.
    Consonant,
    /// A syllable without one.
    Vowel,
    /// A syllable without one, or with ㄹ.
    VowelOrRieul,
}

use After::{Any, Consonant, Vowel, VowelOrRieul};

/// Particles, and the forms of the copula 이다, which attach to nouns in the same way.
const JOSA: &[(After, &str)] = &[
    (
        Any,
        "의 에 도 만 에서 에게 께 한테 께서 에게서 한테서 부터 까지 마다 마저 조차 밖에 처럼 같이 만큼 보다 하고 \
         에는 대로 뿐 들 인 입니다 입니까 이다 이었다 이었던 인가 인가요 인지 이었 일까 일까요 이냐 인데 이자 \
         이었으며 이었고 들은 들이 들을 들의 들에 들에게 들도 들과 들로 들만 들까지 들에서 들이나 들부터 들처럼 \
         들보다 들에게서 들에게는 들이라 들이다 들인",
    ),
    (
        Consonant,
        "은 이 을 과 으로 으로서 으로써 으로부터 이라도 이나 이랑 이며 이란 이라는 이라고 으로는 이든 이야 이여 \
         이라 이고 이면 이지만 이에요",
    ),
    (
        Vowel,
        "는 가 를 와 라도 나 랑 며 란 라는 라고 든 야 여 고 면 지만 다 였다 였던 예요 였으며 였고",
    ),
    (VowelOrRieul, "로 로서 로써 로부터"),
];

/// Particles that a further particle may follow, as in 에서+는.
const CHAINED: &str = "에 에서 에게 께 한테 께서 에게서 로 으로 로서 으로서 로써 으로써 로부터 으로부터 부터 까지 \
                       마다 만 보다 처럼 만큼 와 과 밖에 대로 하고 들 뿐";
/// What may follow them.
const CHAIN_END: &str = "은 는 도 만 의 까지 부터 나 이나 라도 요 이라도 보다 보다는";

/// Forms of 하다 as they attach to a noun (보호+하여). Forms of 되다 are made of them by [`passive`].
const HADA: &str = "하다 한 하는 하여 하여서 해 해서 했다 했던 했으며 했고 하였다 하였던 하였으며 하였고 하였으나 \
    했으나 했지만 하였지만 하고 하며 하면 하면서 하기 하기로 하기도 하게 함 할 하지 하도록 하던 하자 하려 하려고 \
    하려는 하거나 한다 한다는 한다고 한다면 하는데 했는데 했는가 하는가 합니다 했습니다 하나요 했나요 하시오 하세요 \
    하십시오 해야 해도 했을 하였을 하므로 함으로써 함에 하기에 하지만 하였는가 하였는데 했는지 하는지 한지 하였는지 \
    할지 하겠다 하겠습니다 해라 했다고 하였다고 하라고 하라는 하여야 하니 하자는 하네 할까 할까요 합니까 하는지를 \
    하기를 하기가 하기는 하는것 했다는 하였다는 함을 함은 함이 함과 했음 하였음 했음을 하였음을";

/// Endings of other verbs and adjectives.
const EOMI: &str = "습니다 습니까 었습니다 았습니다 였습니다 었다 았다 였다 었던 았던 였던 었으며 았으며 였으며 었고 \
    았고 였고 었는데 았는데 는데 은데 었을 았을 으면 으며 으니 으므로 으나 어서 아서 어야 아야 어도 아도 지만 거나 도록 \
    는가 는지 은지 었는가 았는가 었는지 았는지 나요 는다 는다고 는다는 었다고 았다고 었다는 았다는 었음 았음 었으나 \
    았으나 었지만 았지만 기 기를 기가 기는 기도 기에 기로 고 게 지 는 던 은 을 어 아 며 면 면서 으면서 자 려고 으려고 \
    려는 으려는 네 냐 으냐 다 는구나 어요 아요 었어요 았어요 신다 시다 십니다 셨다 시는 신 세요 으세요";

/// Bytes of a Hangul character in UTF-8.
const HANGUL: usize = 3;

struct Endings {
    josa: HashMap<String, Vec<After>>,
    hada: HashSet<String>,
    eomi: HashSet<&'static str>,
    longest_josa: usize,
    longest_hada: usize,
    longest_eomi: usize,
}

static ENDINGS: LazyLock<Endings> = LazyLock::new(|| {
    let mut josa: HashMap<String, Vec<After>> = HashMap::new();
    let plain = || {
        JOSA.iter()
            .flat_map(|(after, list)| list.split_whitespace().map(move |josa| (josa, *after)))
    };
    for (text, after) in plain() {
        josa.entry(text.to_owned()).or_default().push(after);
    }
    for first in CHAINED.split_whitespace() {
        let after = plain().find(|(text, _)| *text == first).map_or(Any, |(_, after)| after);
        for last in CHAIN_END.split_whitespace() {
            josa.entry(format!("{first}{last}")).or_default().push(after);
        }
    }
    let mut hada = HashSet::new();
    for form in HADA.split_whitespace() {
        hada.insert(form.to_owned());
        hada.insert(passive(form, "됐", "돼"));
        hada.insert(passive(form, "되었", "되어"));
    }
    let eomi: HashSet<&'static str> = EOMI.split_whitespace().collect();
    let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0) / HANGUL;
    Endings {
        longest_josa: longest(&mut josa.keys().map(String::len)),
        longest_hada: longest(&mut hada.iter().map(String::len)),
        longest_eomi: longest(&mut eomi.iter().map(|e| e.len())),
        josa,
        hada,
        eomi,
    }
});

/// The form of 되다 that corresponds to a form of 하다.
fn passive(form: &str, past: &str, connective: &str) -> String {
    form.replace("하였", "되었")
        .replace('했', past)
        .replace("하여", "되어")
        .replace('해', connective)
        .replace('합', "됩")
        .replace('한', "된")
        .replace('할', "될")
        .replace('함', "됨")
        .replace('하', "되")
}

impl After {
    fn holds(self, last: Option<char>) -> bool {
        let Some(last) = last.filter(|c| is_syllable(*c)) else { return true };
        // The final consonant of a syllable (The Unicode Standard, section 3.12): 0 is none, 8 is ㄹ.
        let consonant = (u32::from(last) - 0xAC00) % 28;
        match self {
            Any => true,
            Consonant => consonant != 0,
            Vowel => consonant == 0,
            VowelOrRieul => consonant == 0 || consonant == 8,
        }
    }
}

/// How many bytes of `run` are its stem. `run` consists of Hangul only and ends its eojeol; `follows` says that
/// Latin letters, digits or Han precede it in the same eojeol, so that all of it may be particle (`API로`).
pub(crate) fn stem_len(run: &str, follows: bool) -> usize {
    let syllables = run.len() / HANGUL;
    if follows && strip_josa(run, 0) == Some(0) {
        return 0;
    }
    if let Some(stem) = strip_hada(run) {
        return stem;
    }
    if let Some(stem) = strip_josa(run, 2) {
        // 보호하기에는: below the particle stands a noun form of 하다.
        let inner = run.get(..stem).and_then(strip_hada);
        return inner.unwrap_or(stem);
    }
    if syllables >= 3 {
        return strip_eomi(run).unwrap_or(run.len());
    }
    run.len()
}

/// The longest particle; at least `left` syllables must remain.
fn strip_josa(run: &str, left: usize) -> Option<usize> {
    let syllables = run.len() / HANGUL;
    let longest = ENDINGS.longest_josa.min(syllables.saturating_sub(left));
    (1..=longest).rev().map(|n| run.len() - n * HANGUL).find(|&stem| {
        let (Some(before), Some(ending)) = (run.get(..stem), run.get(stem..)) else { return false };
        let last = before.chars().next_back();
        ENDINGS.josa.get(ending).is_some_and(|after| after.iter().any(|after| after.holds(last)))
    })
}

/// The longest form of 하다 or 되다; at least two syllables must remain.
fn strip_hada(run: &str) -> Option<usize> {
    let longest = ENDINGS.longest_hada.min((run.len() / HANGUL).saturating_sub(2));
    (1..=longest)
        .rev()
        .map(|n| run.len() - n * HANGUL)
        .find(|&stem| run.get(stem..).is_some_and(|ending| ENDINGS.hada.contains(ending)))
}

/// The longest ending; at least one syllable must remain, two before an ending of one syllable.
fn strip_eomi(run: &str) -> Option<usize> {
    let longest = ENDINGS.longest_eomi.min((run.len() / HANGUL).saturating_sub(1));
    (1..=longest)
        .rev()
        .map(|n| run.len() - n * HANGUL)
        .find(|&stem| run.get(stem..).is_some_and(|ending| ENDINGS.eomi.contains(ending)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(run: &str, follows: bool, stem: &str) {
        assert_eq!(&run[..stem_len(run, follows)], stem, "{run}");
    }

    #[test]
    fn stems() {
        for (run, stem) in [
            ("개인정보를", "개인정보"),
            ("개인정보", "개인정보"),
            ("위원회에서는", "위원회"),
            ("서울로부터", "서울"),
            ("도서관으로", "도서관"),
            // Agreement: no 으로 after a vowel, no 를 after a consonant, no 과 after a vowel.
            ("사과", "사과"),
            ("효과", "효과"),
            ("보호하여", "보호"),
            ("보호되었다", "보호"),
            ("지명수배됐던", "지명수배"),
            ("보호하기에는", "보호"),
            ("활성화하고", "활성화"),
            ("먹었다", "먹"),
            ("법", "법"),
            ("국가", "국가"),
            ("나라", "나라"),
            ("", ""),
        ] {
            check(run, false, stem);
        }
        check("로", true, "");
        check("에서는", true, "");
        check("반도체를", true, "반도체");
        check("년", true, "년");
    }

    #[test]
    fn a_very_long_run_costs_no_more_than_a_short_one() {
        let run = "가".repeat(1 << 20) + "에서는";
        assert_eq!(stem_len(&run, false), run.len() - 9);
    }
}
