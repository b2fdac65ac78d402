use madang_pipeline::bad_declaration::{self, BadDeclaration};
use madang_store::bucket_client::BucketSettings;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeValue, ValueDeserializer};

/// A kind of bucket, and who reads its settings.
pub(crate) struct BucketKind {
    /// What stands before `://` in an address.
    pub(crate) scheme: &'static str,
    /// The settings where nothing is declared: all of it comes from the environment.
    pub(crate) undeclared: fn() -> Box<dyn BucketSettings>,
    read: ReadSettings,
}

type ReadSettings = fn(Spanned<DeValue<'_>>) -> Result<Box<dyn BucketSettings>, toml::de::Error>;

impl BucketKind {
    /// The kind with these settings.
    pub(crate) const fn of<S>(scheme: &'static str) -> BucketKind
    where
        S: BucketSettings + DeserializeOwned + Default + 'static,
    {
        BucketKind {
            scheme,
            undeclared: || Box::new(S::default()),
            read: |table| Ok(Box::new(S::deserialize(ValueDeserializer::from(table))?)),
        }
    }

    /// The kind of this scheme.
    pub(crate) fn find<'a>(kinds: &'a [BucketKind], scheme: &str) -> Option<&'a BucketKind> {
        kinds.iter().find(|kind| kind.scheme == scheme)
    }
}

/// That there is no kind of this scheme.
pub(crate) fn unknown(kinds: &[BucketKind], scheme: &str) -> String {
    let known: Vec<String> =
        kinds.iter().map(|kind| format!("`{}://bucket/prefix`", kind.scheme)).collect();
    format!("`{scheme}://` is no kind of source: use `file:folder`, {}", or(&known))
}

fn or(words: &[String]) -> String {
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

/// A store as `madang.toml` declares it.
#[derive(Debug)]
pub(crate) struct DeclaredStore {
    /// What kind of bucket it is for.
    pub(crate) kind: &'static str,
    /// How it is reached.
    pub(crate) settings: Box<dyn BucketSettings>,
    /// File and line, for messages.
    pub(crate) at: String,
}

/// The kind of a store that says none: there was no other when the first were declared.
const FIRST: &str = "s3";

impl DeclaredStore {
    /// Reads `[stores.NAME]`, whose `text` stands in `file`.
    ///
    /// # Errors
    /// Everything that is wrong with it, with the line and the cure.
    pub(crate) fn read(
        kinds: &[BucketKind],
        name: &str,
        mut table: Spanned<DeValue<'_>>,
        file: &str,
        text: &str,
    ) -> Result<DeclaredStore, Vec<BadDeclaration>> {
        let line = line_of(text, table.span().start);
        let bad =
            |line, message| BadDeclaration { file: file.to_owned(), line: Some(line), message };
        let said = match table.get_mut() {
            DeValue::Table(keys) => keys.remove("kind"),
            _ => None,
        };
        let at = said.as_ref().map_or(line, |said| line_of(text, said.span().start));
        let word = match &said {
            None => FIRST,
            Some(said) => said.get_ref().as_str().unwrap_or_default(),
        };
        let Some(kind) = BucketKind::find(kinds, word) else {
            let known: Vec<String> =
                kinds.iter().map(|kind| format!("`{}`", kind.scheme)).collect();
            return Err(vec![bad(at, format!("`{word}` is no kind of store: use {}", or(&known)))]);
        };
        let read = bad_declaration::read_value(file, text, table.clone(), kind.read);
        let mut settings = read.map_err(|mut faults| {
            // What no store of this kind knows, one of another may.
            let other = kinds
                .iter()
                .find(|other| other.scheme != kind.scheme && (other.read)(table.clone()).is_ok());
            if let (Some(other), Some(last)) = (other, faults.last_mut()) {
                let scheme = other.scheme;
                last.message = format!(
                    "{}; or is it a store of kind `{scheme}`? Then say `kind = \"{scheme}\"`",
                    last.message
                );
            }
            faults
        })?;
        settings
            .read_secrets(&|file| std::fs::read_to_string(file))
            .map_err(|error| vec![bad(line, format!("store `{name}`: {error}"))])?;
        Ok(DeclaredStore { kind: kind.scheme, settings, at: format!("{file}:{line}") })
    }
}

/// The line of a place in a text, counted from 1.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|&&byte| byte == b'\n').count() + 1
}
