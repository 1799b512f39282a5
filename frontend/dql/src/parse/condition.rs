//! The condition after WHERE: everything up to the end of the step is one text, which the operator reads itself.

use super::{Parser, join};
use crate::syntax::{Form, Value};
use crate::token::Token;

/// Whether a condition follows this keyword.
pub(super) fn begins(keyword: &str) -> bool {
    keyword.eq_ignore_ascii_case("WHERE")
}

impl Parser<'_> {
    /// The text up to the end of the line, a `|` or AS. Lines may end within brackets.
    pub(super) fn condition(&mut self) -> Option<Value> {
        let first = self.peek()?;
        let (begin, mut depth) = (self.at, 0_i32);
        while let Some(lexeme) = self.peek() {
            match lexeme.token {
                Token::Pipe => break,
                Token::Newline if depth <= 0 => break,
                Token::OpenCall | Token::OpenList => depth += 1,
                Token::CloseCall | Token::CloseList => depth -= 1,
                _ if self.is_word("AS") && !self.equals_follows() => break,
                _ => {}
            }
            self.at += 1;
        }
        let last = self.at.checked_sub(1).filter(|last| *last >= begin)?;
        let span = join(self.span_of(first), self.lexemes.get(last).map(|l| self.span_of(*l))?);
        let text = self.text.get(span.start as usize..span.end as usize)?.to_string();
        Some(Value { form: Form::Text(text), span })
    }
}
