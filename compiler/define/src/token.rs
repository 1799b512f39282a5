//! Splits a definition into tokens, and finds where in a script one ends.

use logos::{Lexer, Logos};

use dasc_ir::{Span, Unit};

#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq)]
#[logos(skip r"[ \t\r\u{a0}\u{2000}-\u{200a}\u{3000}\u{feff}]+")]
#[logos(skip(r"#[^\n]*", allow_greedy = true))]
pub enum Token {
    #[token("\n")]
    Newline,
    #[token("(")]
    Open,
    #[token(")")]
    Close,
    #[token("[")]
    OpenPlace,
    #[token("]")]
    ClosePlace,
    #[token(",")]
    Comma,
    #[token(";")]
    Semicolon,
    #[token(":")]
    Colon,
    #[token("|")]
    Bar,
    #[token("=")]
    Equals,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Times,
    #[token("/")]
    Over,
    #[token("^")]
    Power,
    #[token("<")]
    Lt,
    #[token("<=")]
    Le,
    #[token(">")]
    Gt,
    #[token(">=")]
    Ge,
    #[token("==")]
    Eq,
    #[token("!=")]
    Ne,
    /// With the unit that follows without a space: `10Hz`, `5km/h`, `2%`.
    #[regex(r"([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]+)?", with_unit)]
    Number,
    #[regex(r"[\p{L}_][\p{L}\p{N}_]*")]
    Name,
    #[regex(r#"'[^'\n]*'"#)]
    #[regex(r#""[^"\n]*""#)]
    Text,
    /// A character that belongs to nothing.
    Stray,
}

/// Takes the unit after a number; after its first factor only those that are units, so that `2s/tau` divides by `tau`.
fn with_unit(lexer: &mut Lexer<'_, Token>) {
    let rest = lexer.remainder();
    let mut end = factor(rest);
    while end > 0 {
        let tail = rest.get(end..).unwrap_or("");
        let Some(after) = tail.strip_prefix(['/', '*']) else { break };
        let more = factor(after);
        if more == 0 || after.get(..more).is_none_or(|unit| Unit::parse(unit).is_none()) {
            break;
        }
        end += 1 + more;
    }
    lexer.bump(end);
}

/// Bytes of one factor of a unit at the start of a text: `km`, `s^2`, `%`.
fn factor(text: &str) -> usize {
    let name = text.find(|c: char| !(c.is_alphabetic() || c == '%')).unwrap_or(text.len());
    if name == 0 {
        return 0;
    }
    let Some(power) = text.get(name..).and_then(|tail| tail.strip_prefix('^')) else { return name };
    let sign = usize::from(power.starts_with('-'));
    let digits = power.get(sign..).unwrap_or("").bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 { name } else { name + 1 + sign + digits }
}

/// A token and its bytes in the text.
#[derive(Clone, Copy, Debug)]
pub struct Lexeme {
    pub token: Token,
    pub start: usize,
    pub end: usize,
}

impl Lexeme {
    pub fn span(self, source: u32) -> Span {
        Span { source, start: self.start as u32, end: self.end as u32 }
    }
}

/// The tokens from a byte of the text on, line ends included.
pub fn tokens(text: &str, from: usize) -> impl Iterator<Item = Lexeme> + '_ {
    let mut lexer = Token::lexer(text.get(from..).unwrap_or(""));
    std::iter::from_fn(move || {
        let token = lexer.next()?.unwrap_or(Token::Stray);
        let bytes = lexer.span();
        Some(Lexeme { token, start: from + bytes.start, end: from + bytes.end })
    })
}

/// Words of the language; a name cannot be one of them, in any case.
pub const KEYWORDS: [&str; 8] = ["DEF", "WHERE", "IF", "THEN", "ELSE", "AND", "OR", "NOT"];

/// Words that begin a statement of a script: a line that begins with one ends a definition, however unfinished.
const STATEMENTS: [&str; 8] = ["DEF", "IMPORT", "READ", "FROM", "LET", "PARAM", "FOR", "END"];

/// The byte after the definition that begins at `start`: the end of its line, unless the line is plainly unfinished or the next one
/// goes on with it.
pub fn extent(text: &str, start: usize) -> usize {
    let mut depth = 0usize;
    // The last token of the definition so far, and the end of a line that may end it.
    let (mut last, mut line_end): (Option<Lexeme>, Option<usize>) = (None, None);
    for lexeme in tokens(text, start) {
        let word = text.get(lexeme.start..lexeme.end).unwrap_or("");
        if lexeme.token == Token::Newline {
            let finished =
                last.is_some_and(|last| !goes_on(last.token, text.get(last.start..last.end).unwrap_or("")));
            // Within brackets the end of a line ends nothing.
            if depth == 0 && finished {
                line_end = line_end.or(Some(lexeme.start));
            }
            continue;
        }
        let new_line =
            last.is_some_and(|last| text.get(last.end..lexeme.start).is_some_and(|gap| gap.contains('\n')));
        // No name can be DEF in any case; the others are names where they are not in capitals.
        if new_line && (STATEMENTS.contains(&word) || word.eq_ignore_ascii_case("DEF")) {
            return last.map_or(text.len(), |last| last.end);
        }
        if let Some(end) = line_end {
            if !continues(lexeme.token, word) {
                return end;
            }
            line_end = None;
        }
        match lexeme.token {
            Token::Open | Token::OpenPlace => depth += 1,
            Token::Close | Token::ClosePlace => depth = depth.saturating_sub(1),
            _ => {}
        }
        last = Some(lexeme);
    }
    line_end.unwrap_or(text.len())
}

/// Whether more must follow after a token.
fn goes_on(token: Token, word: &str) -> bool {
    match token {
        Token::Name => KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word)),
        Token::Number | Token::Text | Token::Close | Token::ClosePlace | Token::Stray | Token::Newline => {
            false
        }
        Token::Open
        | Token::OpenPlace
        | Token::Comma
        | Token::Semicolon
        | Token::Colon
        | Token::Bar
        | Token::Equals
        | Token::Plus
        | Token::Minus
        | Token::Times
        | Token::Over
        | Token::Power
        | Token::Lt
        | Token::Le
        | Token::Gt
        | Token::Ge
        | Token::Eq
        | Token::Ne => true,
    }
}

/// Whether a token at the start of a line goes on with the definition before it.
fn continues(token: Token, word: &str) -> bool {
    match token {
        Token::Name => {
            let joints = ["WHERE", "THEN", "ELSE", "AND", "OR"];
            joints.iter().any(|joint| joint.eq_ignore_ascii_case(word))
        }
        // A `|` begins the next step.
        Token::Bar
        | Token::Number
        | Token::Text
        | Token::Open
        | Token::OpenPlace
        | Token::Stray
        | Token::Newline => false,
        Token::Close
        | Token::ClosePlace
        | Token::Comma
        | Token::Semicolon
        | Token::Colon
        | Token::Equals
        | Token::Plus
        | Token::Minus
        | Token::Times
        | Token::Over
        | Token::Power
        | Token::Lt
        | Token::Le
        | Token::Gt
        | Token::Ge
        | Token::Eq
        | Token::Ne => true,
    }
}

impl Token {
    /// What a diagnostic calls it.
    pub fn describe(self, text: &str) -> String {
        match self {
            Token::Newline => "the end of the line".into(),
            Token::Number | Token::Name | Token::Text => {
                let shown: String = text.chars().take(40).collect();
                format!("`{shown}`")
            }
            Token::Stray => "a character that means nothing here".into(),
            _ => format!("`{text}`"),
        }
    }
}
