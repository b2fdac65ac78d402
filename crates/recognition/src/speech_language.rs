//! The languages of Whisper, under its own codes and under those of ISO 639-3.

/// Whisper's code, and that of ISO 639-3.
const CODES: [(&str, &str); 99] = [
    ("en", "eng"),
    ("zh", "zho"),
    ("de", "deu"),
    ("es", "spa"),
    ("ru", "rus"),
    ("ko", "kor"),
    ("fr", "fra"),
    ("ja", "jpn"),
    ("pt", "por"),
    ("tr", "tur"),
    ("pl", "pol"),
    ("ca", "cat"),
    ("nl", "nld"),
    ("ar", "ara"),
    ("sv", "swe"),
    ("it", "ita"),
    ("id", "ind"),
    ("hi", "hin"),
    ("fi", "fin"),
    ("vi", "vie"),
    ("he", "heb"),
    ("uk", "ukr"),
    ("el", "ell"),
    ("ms", "msa"),
    ("cs", "ces"),
    ("ro", "ron"),
    ("da", "dan"),
    ("hu", "hun"),
    ("ta", "tam"),
    ("no", "nor"),
    ("th", "tha"),
    ("ur", "urd"),
    ("hr", "hrv"),
    ("bg", "bul"),
    ("lt", "lit"),
    ("la", "lat"),
    ("mi", "mri"),
    ("ml", "mal"),
    ("cy", "cym"),
    ("sk", "slk"),
    ("te", "tel"),
    ("fa", "fas"),
    ("lv", "lav"),
    ("bn", "ben"),
    ("sr", "srp"),
    ("az", "aze"),
    ("sl", "slv"),
    ("kn", "kan"),
    ("et", "est"),
    ("mk", "mkd"),
    ("br", "bre"),
    ("eu", "eus"),
    ("is", "isl"),
    ("hy", "hye"),
    ("ne", "nep"),
    ("mn", "mon"),
    ("bs", "bos"),
    ("kk", "kaz"),
    ("sq", "sqi"),
    ("sw", "swa"),
    ("gl", "glg"),
    ("mr", "mar"),
    ("pa", "pan"),
    ("si", "sin"),
    ("km", "khm"),
    ("sn", "sna"),
    ("yo", "yor"),
    ("so", "som"),
    ("af", "afr"),
    ("oc", "oci"),
    ("ka", "kat"),
    ("be", "bel"),
    ("tg", "tgk"),
    ("sd", "snd"),
    ("gu", "guj"),
    ("am", "amh"),
    ("yi", "yid"),
    ("lo", "lao"),
    ("uz", "uzb"),
    ("fo", "fao"),
    ("ht", "hat"),
    ("ps", "pus"),
    ("tk", "tuk"),
    ("nn", "nno"),
    ("mt", "mlt"),
    ("sa", "san"),
    ("lb", "ltz"),
    ("my", "mya"),
    ("bo", "bod"),
    ("tl", "tgl"),
    ("mg", "mlg"),
    ("as", "asm"),
    ("tt", "tat"),
    ("haw", "haw"),
    ("ln", "lin"),
    ("ha", "hau"),
    ("ba", "bak"),
    ("jw", "jav"),
    ("su", "sun"),
];

/// All languages, by their codes of ISO 639-3.
pub(crate) fn all() -> Vec<String> {
    CODES.iter().map(|(_, code)| (*code).to_owned()).collect()
}

/// Whisper's code of a language.
pub(crate) fn whispers(code: &str) -> Option<&'static str> {
    CODES.iter().find(|(_, iso)| *iso == code).map(|(own, _)| *own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_engine() {
        for (own, iso) in CODES {
            assert!(whisper_rs::get_lang_id(own).is_some(), "{own}");
            assert_eq!(iso.len(), 3);
        }
        let most = whisper_rs::get_lang_max_id();
        for id in 0..=most {
            let own = whisper_rs::get_lang_str(id).unwrap();
            assert!(own == "yue" || CODES.iter().any(|(known, _)| *known == own), "{own}");
        }
    }
}
