//! The tokens of the text form, taken one by one.

use crate::{DType, Diag, Result};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Number(String),
    Text(String),
    Punct(&'static str),
}

const PUNCT: [&str; 16] = ["->", "=", "[", "]", "(", ")", "{", "}", ",", ";", ":", "@", "+", "-", "*", "?"];

/// Tokens with their lines.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, usize)>> {
    let mut out = Vec::new();
    for (line, content) in text.lines().enumerate() {
        let line = line + 1;
        // A comment runs from `#` to the end of the line.
        let mut rest = content.trim_start();
        while let Some(c) = rest.chars().next() {
            if c == '#' {
                break;
            }
            let len;
            if c == '"' {
                let mut value = String::new();
                let mut chars = rest.char_indices().skip(1);
                let end = loop {
                    match chars.next() {
                        Some((at, '"')) => break at + 1,
                        Some((_, '\\')) => match chars.next() {
                            Some((_, 'n')) => value.push('\n'),
                            Some((_, 't')) => value.push('\t'),
                            Some((_, c @ ('"' | '\\' | '\''))) => value.push(c),
                            _ => return Err(at_line(line, "an escape that is not \\n, \\t, \\\" or \\\\")),
                        },
                        Some((_, c)) => value.push(c),
                        None => return Err(at_line(line, "a name whose quote does not end")),
                    }
                };
                out.push((Token::Text(value), line));
                len = end;
            } else if c.is_ascii_alphabetic() || c == '_' {
                len = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                out.push((Token::Name(rest[..len].to_string()), line));
            } else if c.is_ascii_digit() {
                let hex = rest.starts_with("0x");
                let mut before = ' ';
                let mut end = rest.len();
                for (at, c) in rest.char_indices() {
                    let sign = !hex && matches!(before, 'e' | 'E') && matches!(c, '+' | '-');
                    if !(c.is_ascii_alphanumeric() || c == '.' || sign) {
                        end = at;
                        break;
                    }
                    before = c;
                }
                len = end;
                out.push((Token::Number(rest[..len].to_string()), line));
            } else {
                let Some(punct) = PUNCT.into_iter().find(|p| rest.starts_with(p)) else {
                    return Err(at_line(line, &format!("'{c}'")));
                };
                len = punct.len();
                out.push((Token::Punct(punct), line));
            }
            rest = rest[len..].trim_start();
        }
    }
    Ok(out)
}

fn at_line(line: usize, what: &str) -> Diag {
    Diag::usage(format!("kernel text, line {line}: {what} is not expected"))
}

pub(super) struct Parser {
    pub tokens: Vec<(Token, usize)>,
    pub at: usize,
}

impl Parser {
    pub fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    pub fn wrong(&self, expected: &str) -> Diag {
        match self.tokens.get(self.at) {
            Some((token, line)) => {
                let found = match token {
                    Token::Name(s) | Token::Number(s) | Token::Text(s) => s.as_str(),
                    Token::Punct(s) => s,
                };
                Diag::usage(format!("kernel text, line {line}: expected {expected}, found '{found}'"))
            }
            None => Diag::usage(format!("kernel text: expected {expected}, found the end")),
        }
    }

    /// Something is wrong with what was just read.
    pub fn wrong_before(&self, what: &str) -> Diag {
        let line = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |(_, line)| *line);
        Diag::usage(format!("kernel text, line {line}: {what}"))
    }

    pub fn peek_name(&self) -> Option<String> {
        match self.peek() {
            Some(Token::Name(name)) => Some(name.clone()),
            _ => None,
        }
    }

    pub fn name(&mut self) -> Result<String> {
        let name = self.peek_name().ok_or_else(|| self.wrong("a word"))?;
        self.at += 1;
        Ok(name)
    }

    pub fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Name(name)) if name == word);
        self.at += usize::from(found);
        found
    }

    pub fn word(&mut self, word: &str) -> Result<()> {
        if self.take_word(word) { Ok(()) } else { Err(self.wrong(&format!("'{word}'"))) }
    }

    pub fn take_punct(&mut self, punct: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Punct(p)) if *p == punct);
        self.at += usize::from(found);
        found
    }

    pub fn punct(&mut self, punct: &str) -> Result<()> {
        if self.take_punct(punct) { Ok(()) } else { Err(self.wrong(&format!("'{punct}'"))) }
    }

    pub fn string(&mut self) -> Result<String> {
        match self.peek() {
            Some(Token::Text(text)) => {
                let text = text.clone();
                self.at += 1;
                Ok(text)
            }
            _ => Err(self.wrong("a name in quotes")),
        }
    }

    pub fn dtype(&mut self) -> Result<DType> {
        let dtype = self.peek_name().and_then(|n| DType::parse(&n)).ok_or_else(|| self.wrong("a type"))?;
        self.at += 1;
        Ok(dtype)
    }

    pub fn integer(&mut self) -> Result<u64> {
        let value = match self.peek() {
            Some(Token::Number(n)) => match n.strip_prefix("0x") {
                Some(hex) => u64::from_str_radix(hex, 16).ok(),
                None => n.parse().ok(),
            },
            _ => None,
        };
        let value = value.ok_or_else(|| self.wrong("a whole number"))?;
        self.at += 1;
        Ok(value)
    }

    pub fn count(&mut self) -> Result<u32> {
        let value = self.integer()?;
        u32::try_from(value).map_err(|_| {
            self.at -= 1;
            self.wrong("a number below 2^32")
        })
    }

    pub fn signed(&mut self) -> Result<i32> {
        let negative = self.take_punct("-");
        let value = i64::from(self.count()?);
        i32::try_from(if negative { -value } else { value }).map_err(|_| {
            self.at -= 1;
            self.wrong("a number between -2^31 and 2^31")
        })
    }

    pub fn is_float(&self) -> bool {
        match self.peek() {
            Some(Token::Number(_)) => true,
            Some(Token::Name(name)) => matches!(name.as_str(), "NaN" | "inf"),
            Some(Token::Punct(p)) => *p == "-",
            _ => false,
        }
    }

    pub fn float(&mut self) -> Result<f64> {
        let negative = self.take_punct("-");
        let value = match self.peek() {
            Some(Token::Number(n) | Token::Name(n)) => n.parse::<f64>().ok(),
            _ => None,
        };
        let value = value.ok_or_else(|| self.wrong("a number"))?;
        self.at += 1;
        Ok(if negative { -value } else { value })
    }

    pub fn floats(&mut self) -> Result<Vec<f64>> {
        let mut out = Vec::new();
        while self.is_float() {
            out.push(self.float()?);
        }
        Ok(out)
    }

    /// `b3`, `c0`, `v12`.
    pub fn is_id(&self, letter: char) -> Option<u32> {
        let name = self.peek_name()?;
        name.strip_prefix(letter)?.parse().ok()
    }

    pub fn id(&mut self, letter: char) -> Result<u32> {
        let id = self.is_id(letter).ok_or_else(|| self.wrong(&format!("{letter} and a number")))?;
        self.at += 1;
        Ok(id)
    }

    pub fn numbered(&mut self, letter: char, number: usize) -> Result<()> {
        match self.is_id(letter) {
            Some(id) if id as usize == number => {
                self.at += 1;
                Ok(())
            }
            _ => Err(self.wrong(&format!("{letter}{number}"))),
        }
    }
}
