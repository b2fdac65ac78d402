use std::error::Error;
use std::io;

/// The error that lies behind another one, of whatever kind a backend has.
pub type Cause = Box<dyn Error + Send + Sync>;

/// An error and those that lie behind it, from the outside in, for whoever looks for one that they know.
pub fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        let error: &'a (dyn Error + 'static) = *error;
        // The source of an error that io::Error wraps is the source of what it wraps: that itself would be left out.
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

/// An error with its causes in one line, from the outside in. One whose words stand there already is not said again:
/// many errors quote the one behind them, so that they can be told alone.
pub fn told(error: &(dyn Error + 'static)) -> String {
    let mut line = String::new();
    for cause in causes(error) {
        let words = cause.to_string();
        if line.is_empty() {
            line = words;
        } else if !line.contains(&words) {
            line.push_str(": ");
            line.push_str(&words);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error with a cause, if any.
    #[derive(Debug)]
    struct Layer(&'static str, Option<Cause>);

    impl std::fmt::Display for Layer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_ref().map(|cause| cause.as_ref() as _)
        }
    }

    #[test]
    fn an_error_that_an_io_error_wraps_is_met_on_the_way() {
        let inner = Layer("inner", Some(io::Error::from_raw_os_error(24).into()));
        let outer = Layer("outer", Some(io::Error::other(io::Error::other(inner)).into()));
        assert!(
            causes(&outer)
                .any(|cause| cause.downcast_ref::<Layer>().is_some_and(|l| l.0 == "inner"))
        );
        let code =
            |cause: &(dyn Error + 'static)| cause.downcast_ref::<io::Error>()?.raw_os_error();
        assert_eq!(causes(&outer).find_map(code), Some(24));
    }

    #[test]
    fn each_cause_is_told_once() {
        let full = || -> Option<Cause> { Some(Layer("no space left", None).into()) };
        for (error, line) in [
            (Layer("alone", None), "alone"),
            (Layer("cannot write", full()), "cannot write: no space left"),
            (Layer("cannot write: no space left", full()), "cannot write: no space left"),
            (Layer("a", Some(io::Error::other(Layer("b", full())).into())), "a: b: no space left"),
        ] {
            assert_eq!(told(&error), line);
        }
    }
}
