//! Reads a condition: `or = and {OR and}`, `and = not {AND not}`, `not = [NOT] (compare | "(" or ")")`.

use dasc_ir::time::parse_utc;
use dasc_ir::{Diag, Result, Span, Unit};

use super::{Comparison, Condition, Field, Operand};
use crate::EventsType;

/// Brackets and NOTs may be nested so deep.
const MOST_DEEP: usize = 64;

/// A text on its way to a condition.
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Where the text stands in the script, if it stands there as it is.
    span: Option<Span>,
    input: &'a EventsType,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// `span` is that of the argument; columns and units are checked against `input`.
    pub fn new(text: &'a str, span: Option<Span>, input: &'a EventsType) -> Reader<'a> {
        // Names that were filled in, or quotes, make text and place differ: then the whole argument is the place.
        Reader { text, at: 0, span, input, depth: 0 }
    }

    /// The condition.
    ///
    /// # Errors
    /// What cannot be read, unknown columns, units that do not fit: each with its place.
    pub fn read(mut self) -> Result<Condition> {
        let condition = self.any()?;
        self.space();
        if self.at < self.text.len() {
            let from = self.at;
            let word = self.word();
            return Err(self
                .wrong(from, format!("AND, OR or the end is expected here, not '{word}'"))
                .help("for example channels >= 30 AND duration > 2s"));
        }
        Ok(condition)
    }

    fn any(&mut self) -> Result<Condition> {
        let mut parts = vec![self.all()?];
        while self.keyword("OR") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Condition::Any))
    }

    fn all(&mut self) -> Result<Condition> {
        let mut parts = vec![self.not()?];
        while self.keyword("AND") {
            parts.push(self.not()?);
        }
        Ok(one_or(parts, Condition::All))
    }

    fn not(&mut self) -> Result<Condition> {
        self.depth += 1;
        if self.depth > MOST_DEEP {
            return Err(self
                .wrong(self.at, format!("a condition is nested more than {MOST_DEEP} deep"))
                .help("drop brackets"));
        }
        let read = if self.keyword("NOT") {
            self.not().map(|inner| Condition::Not(Box::new(inner)))
        } else if self.sign("(") {
            let inner = self.any()?;
            self.space();
            if !self.sign(")") {
                return Err(self
                    .wrong(self.at, "a closing bracket is missing".into())
                    .help("add `)` after the last comparison"));
            }
            Ok(inner)
        } else {
            self.compare()
        };
        self.depth -= 1;
        read
    }

    fn compare(&mut self) -> Result<Condition> {
        self.space();
        let from = self.at;
        let name = self.word();
        if name.is_empty() {
            return Err(self
                .wrong(from, "a column is expected here".into())
                .help("for example channels >= 30 AND duration > 2s"));
        }
        let field = Field::named(name, self.input).map_err(|diag| self.placed(from, diag))?;
        let signs = [
            ("!=", Comparison::Unequal),
            ("<>", Comparison::Unequal),
            ("<=", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("==", Comparison::Equal),
            ("=", Comparison::Equal),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        let Some((_, comparison)) = signs.into_iter().find(|(sign, _)| self.sign(sign)) else {
            let message = format!("a comparison is expected after {name}: =, !=, <, <=, > or >=");
            return Err(self.wrong(self.at, message).help(format!("for example {name} >= 30")));
        };
        self.space();
        let at = self.at;
        let (value, quoted) = self.value()?;
        let operand = self.operand(field, &value, quoted).map_err(|diag| self.placed(at, diag))?;
        Ok(Condition::Compare(field, comparison, operand))
    }

    /// What a value means for a field.
    fn operand(&self, field: Field, value: &str, quoted: bool) -> Result<Operand> {
        let name = field.name();
        match field {
            Field::Text { .. } | Field::Detector => return Ok(Operand::Text(value.to_string())),
            Field::Instant { .. } => {
                return parse_utc(value).map(Operand::Instant).ok_or_else(|| {
                    Diag::usage(format!("{name} is compared with a date and time, not with '{value}'"))
                        .help("for example 2024-05-01T12:00")
                });
            }
            Field::Added(column) if matches!(column.kind, crate::ColumnKind::Text) => {
                return Ok(Operand::Text(value.to_string()));
            }
            Field::Number { .. } | Field::Score | Field::Added(_) => {}
        }
        let number = (!quoted).then(|| split_number(value)).flatten();
        let Some((number, symbol)) = number.filter(|(number, _)| number.is_finite()) else {
            return Err(Diag::usage(format!("{name} is a number and is not compared with '{value}'")).help(
                match name {
                    "weekday" => "days are 1 (Monday) to 7 (Sunday): weekday = 1".to_string(),
                    _ => format!("for example {name} >= 30"),
                },
            ));
        };
        if symbol.is_empty() {
            return Ok(Operand::Number(number));
        }
        let no_unit = || Diag::usage(format!("there is no unit '{symbol}'")).help(Unit::MADE_OF);
        let given = Unit::parse(symbol).ok_or_else(no_unit)?;
        let own = field.unit(self.input).ok_or_else(|| {
            Diag::usage(format!("{name} has no one unit here: detectors of different units come together"))
                .help("compare with a bare number, or filter each flow before they come together")
        })?;
        let own_unit =
            if own.is_empty() { Unit::none() } else { Unit::parse(own).unwrap_or_else(|| Unit::opaque(own)) };
        let value = given.convert(number, &own_unit);
        value.map(Operand::Number).ok_or_else(|| {
            let own = if own.is_empty() { "a pure number".into() } else { format!("in {own}") };
            let right = if own.starts_with("in") { format!("a value {own}") } else { own.clone() };
            Diag::usage(format!("{name} is {own} and is not compared with a value in {symbol}"))
                .help(format!("compare it with {right}, or with a number without a unit"))
        })
    }

    fn space(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or("");
        self.at += rest.len() - rest.trim_start().len();
    }

    /// The run of characters up to a space, bracket, quote or comparison.
    fn word(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or("");
        let end = rest.find(|c: char| c.is_whitespace() || "()=<>!'\"".contains(c)).unwrap_or(rest.len());
        let (word, _) = rest.split_at(end);
        self.at += end;
        word
    }

    fn sign(&mut self, sign: &str) -> bool {
        self.space();
        let here = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(sign));
        if here {
            self.at += sign.len();
        }
        here
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        self.space();
        let before = self.at;
        let here = self.word().eq_ignore_ascii_case(keyword);
        if !here {
            self.at = before;
        }
        here
    }

    /// A word, or a text in quotes, in which a quote is written twice.
    fn value(&mut self) -> Result<(String, bool)> {
        let from = self.at;
        let rest = self.text.get(self.at..).unwrap_or("");
        let Some(quote) = rest.chars().next().filter(|c| ['\'', '"'].contains(c)) else {
            let word = self.word();
            if word.is_empty() {
                return Err(self
                    .wrong(from, "a value is expected here".into())
                    .help("for example channels >= 30 AND duration > 2s"));
            }
            return Ok((word.to_string(), false));
        };
        let mut text = String::new();
        let mut chars = rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c != quote {
                text.push(c);
            } else if chars.next_if(|(_, next)| *next == quote).is_some() {
                text.push(quote);
            } else {
                self.at += at + 1;
                return Ok((text, true));
            }
        }
        Err(self
            .wrong(from, "this quote is not closed".into())
            .help("a quote within a text is written twice: 'it''s'"))
    }

    fn wrong(&self, from: usize, message: String) -> Diag {
        self.placed(from, Diag::usage(message))
    }

    /// A mistake that stands between `from` and where reading is.
    fn placed(&self, from: usize, diag: Diag) -> Diag {
        let Some(span) = self.span else { return diag };
        let exact = (span.end.saturating_sub(span.start)) as usize == self.text.len();
        if !exact {
            return diag.at(span);
        }
        let start = span.start.saturating_add(from as u32).min(span.end.saturating_sub(1)).max(span.start);
        let end = span
            .start
            .saturating_add(self.at as u32)
            .clamp(start.saturating_add(1), span.end.max(start.saturating_add(1)));
        diag.at(Span { start, end, ..span })
    }
}

fn one_or(mut parts: Vec<Condition>, many: fn(Vec<Condition>) -> Condition) -> Condition {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            many(parts)
        }
    }
}

/// The number at the beginning of a word, and the unit after it.
fn split_number(word: &str) -> Option<(f64, &str)> {
    let ends = word.char_indices().map(|(at, c)| at + c.len_utf8()).rev();
    // `1e5` is a number, `5e` five strain; `inf` and `nan` are words.
    word.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)).then_some(())?;
    ends.filter(|end| *end <= 64).find_map(|end| {
        let (number, unit) = word.split_at_checked(end)?;
        Some((number.parse::<f64>().ok().filter(|n| n.is_finite())?, unit))
    })
}
