//! Splits a script into tokens. What a word means (number, range, date, path, name) depends on where it stands
//! and is decided later, in `word`; here a word is a run of characters up to a space or a bracket.

use logos::Logos;

use dasc_ir::Span;

/// A `#` begins a comment only where a word could begin, so that `run#3.h5` is one word.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq)]
#[logos(skip r"[ \t\r\u{a0}\u{2000}-\u{200a}\u{3000}\u{feff}]+")]
#[logos(skip(r"#[^\n]*", allow_greedy = true))]
pub enum Token {
    #[token("\n")]
    Newline,
    #[token("|")]
    Pipe,
    #[token(",")]
    Comma,
    #[token("=")]
    Equals,
    #[token("(")]
    OpenCall,
    #[token(")")]
    CloseCall,
    #[token("[")]
    OpenList,
    #[token("]")]
    CloseList,
    #[regex(r#"[^\s\u{feff}|,()\[\]=#'"][^\s\u{feff}|,()\[\]='"]*"#)]
    Word,
    /// `synthetic:quake?fs=1kHz`, `https://host/a.h5`: may contain `=`.
    #[regex(r#"[A-Za-z][A-Za-z0-9+.-]*:(//|[A-Za-z0-9_./-]*\?)[^\s\u{feff}|,()\[\]'"]*"#, priority = 10)]
    Url,
    /// In single or double quotes; the quote itself is written twice.
    #[regex(r#"'([^'\n]|'')*'"#)]
    #[regex(r#""([^"\n]|"")*""#)]
    Text,
    /// A quote that is not closed on its line.
    #[regex(r#"'([^'\n]|'')*"#)]
    #[regex(r#""([^"\n]|"")*"#)]
    OpenText,
    /// A character that belongs to nothing.
    Stray,
}

/// A token and its bytes in the text.
#[derive(Clone, Copy, Debug)]
pub struct Lexeme {
    pub token: Token,
    pub start: u32,
    pub end: u32,
}

impl Lexeme {
    pub fn span(self, source: u32) -> Span {
        Span { source, start: self.start, end: self.end }
    }
}

/// Every byte of the text is in a token, a space or a comment. The text is at most `MAX_BYTES` long.
pub fn tokens(text: &str) -> Vec<Lexeme> {
    let mut lexer = Token::lexer(text);
    let mut lexemes = Vec::new();
    while let Some(token) = lexer.next() {
        let bytes = lexer.span();
        lexemes.push(Lexeme {
            token: token.unwrap_or(Token::Stray),
            start: bytes.start as u32,
            end: bytes.end as u32,
        });
    }
    lexemes
}

impl Token {
    /// What a diagnostic calls it.
    pub fn describe(self) -> &'static str {
        match self {
            Token::Newline => "the end of the line",
            Token::Pipe => "`|`",
            Token::Comma => "`,`",
            Token::Equals => "`=`",
            Token::OpenCall => "`(`",
            Token::CloseCall => "`)`",
            Token::OpenList => "`[`",
            Token::CloseList => "`]`",
            Token::Word | Token::Url => "a word",
            Token::Text => "a text",
            Token::OpenText => "a text that is not closed",
            Token::Stray => "a character that means nothing here",
        }
    }
}
