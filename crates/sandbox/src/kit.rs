use std::ffi::{OsStr, OsString};

/// What a zygote has loaded. A fork copies every mapping of a process, and the libraries for audio and video alone are
/// seven hundred: so what most objects never need is loaded by a second zygote, which is started when the first
/// object wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kit {
    /// Nothing but the program itself.
    Lean,
    /// All engines.
    Full,
}

const ZYGOTE: &str = "--zygote";
const ENGINES: &str = "--engines";

impl Kit {
    /// What the arguments of a program, without its name, ask it to be; none if it is to be no zygote. Behind those that ask
    /// for engines stand what their loader is told ([`crate::zygote::Zygote::start_with`]).
    pub fn asked(mut arguments: impl Iterator<Item = OsString>) -> Option<Kit> {
        if arguments.next().as_deref() != Some(OsStr::new(ZYGOTE)) {
            return None;
        }
        match arguments.next().as_deref() == Some(OsStr::new(ENGINES)) {
            true => Some(Kit::Full),
            false => Some(Kit::Lean),
        }
    }

    /// Those of the arguments of a program, without its name, that are for the loader of its engines.
    pub fn for_engines(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
        arguments.skip(Kit::Full.arguments().len()).collect()
    }

    /// The arguments that ask for it.
    pub(crate) fn arguments(self) -> &'static [&'static str] {
        match self {
            Kit::Lean => &[ZYGOTE],
            Kit::Full => &[ZYGOTE, ENGINES],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_asked_by_its_arguments() {
        let asked = |arguments: &[&str]| Kit::asked(arguments.iter().map(OsString::from));
        for kit in [Kit::Lean, Kit::Full] {
            assert_eq!(asked(kit.arguments()), Some(kit));
        }
        assert_eq!(asked(&[ZYGOTE, ENGINES, "--speech", "m.bin"]), Some(Kit::Full));
        let all = [ZYGOTE, ENGINES, "--speech", "m.bin"].map(OsString::from);
        assert_eq!(Kit::for_engines(all.into_iter()), ["--speech", "m.bin"]);
        for other in [&[][..], &["up"], &["up", "--zygote"], &["--engines"]] {
            assert_eq!(asked(other), None, "{other:?}");
        }
    }
}
