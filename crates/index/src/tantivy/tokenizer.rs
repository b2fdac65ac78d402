use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer, TokenizerManager};

use crate::analyzer::{Bigrams, stems};

/// Name of the tokenizer of the fields of whole stems.
pub(crate) const STEM: &str = "madang_stem";
/// Name of the tokenizer of the fields of bigrams.
pub(crate) const XBI: &str = "madang_xbi";

/// The tokenizers of the schema. Both cut a digest ([`crate::analyzer::digest`]), never a plain text.
pub(crate) fn tokenizers() -> TokenizerManager {
    let tokenizers = TokenizerManager::default();
    tokenizers.register(STEM, TextAnalyzer::from(StemTokenizer));
    tokenizers.register(XBI, TextAnalyzer::from(BigramTokenizer));
    tokenizers
}

#[derive(Clone)]
struct StemTokenizer;

impl Tokenizer for StemTokenizer {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, digest: &'a str) -> Stream<'a> {
        let mut stems = stems(digest);
        let mut position = 0;
        Stream::new(Box::new(move |text| {
            text.clear();
            text.push_str(stems.next()?.token());
            position += 1;
            Some(position - 1)
        }))
    }
}

#[derive(Clone)]
struct BigramTokenizer;

impl Tokenizer for BigramTokenizer {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, digest: &'a str) -> Stream<'a> {
        let mut bigrams = Bigrams::new(digest);
        Stream::new(Box::new(move |text| bigrams.next(text)))
    }
}

/// Writes the next token into a buffer and tells its position.
type Next<'a> = Box<dyn FnMut(&mut String) -> Option<u32> + 'a>;

/// A source of tokens, written into one buffer.
struct Stream<'a> {
    next: Next<'a>,
    token: Token,
}

impl<'a> Stream<'a> {
    fn new(next: Next<'a>) -> Stream<'a> {
        Stream { next, token: Token::default() }
    }
}

impl TokenStream for Stream<'_> {
    fn advance(&mut self) -> bool {
        match (self.next)(&mut self.token.text) {
            Some(position) => {
                self.token.position = position as usize;
                true
            }
            None => false,
        }
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
