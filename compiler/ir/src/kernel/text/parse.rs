//! Text to kernels.

use std::collections::HashMap;

use super::print;
use crate::graph::Edge;
use crate::kernel::{
    Affine, Buffer, BufferId, Carry, CarryId, Correlate, Domain, Emit, Fft, FftKind, Instr, Kernel, LaneAt,
    Lanes, Loop, OverlapAdd, Place, Reduce, Role, Step, Val, Widen,
};
use crate::scalar::{Binary, Unary};
use crate::{DType, Diag, Result};

/// Reads the text form. The kernel is not verified: see [`crate::kernel::verify()`].
pub fn parse(text: &str) -> Result<Kernel> {
    let mut p = Parser { tokens: tokens(text)?, at: 0 };
    let mut kernel = Kernel::default();
    p.word("kernel")?;
    kernel.name = p.string()?;
    while let Some(head) = p.peek_name() {
        p.at += 1;
        match head.as_str() {
            "buffer" => {
                p.numbered('b', kernel.buffers.len())?;
                let (name, dtype) = (p.string()?, p.dtype()?);
                let (inner, planes, lanes) = p.shape()?;
                let role = p.name()?;
                let role = [Role::Input, Role::Output, Role::Scratch, Role::Constant]
                    .into_iter()
                    .find(|r| print::role(*r) == role)
                    .ok_or_else(|| p.wrong_before("a buffer is input, output, scratch or constant"))?;
                kernel.buffers.push(Buffer { name, dtype, inner, planes, lanes, role });
            }
            "carry" => {
                p.numbered('c', kernel.carries.len())?;
                let (name, dtype) = (p.string()?, p.dtype()?);
                let (inner, _, lanes) = p.shape()?;
                let init = if p.take_word("init") { p.float()? } else { 0.0 };
                kernel.carries.push(Carry { name, dtype, inner, lanes, init });
            }
            "params" => kernel.params = p.floats()?,
            "loop" => kernel.steps.push(Step::Loop(p.a_loop()?)),
            "fft" => {
                let kind = p.name()?;
                let kind = [
                    FftKind::Forward,
                    FftKind::ForwardWide,
                    FftKind::Inverse,
                    FftKind::ComplexForward,
                    FftKind::ComplexInverse,
                    FftKind::Analytic,
                ]
                .into_iter()
                .find(|k| print::fft_kind(*k) == kind)
                .ok_or_else(|| p.wrong_before("there is no such kind of FFT"))?;
                let (n, input) = (p.count()?, BufferId(p.id('b')?));
                p.punct("->")?;
                let output = BufferId(p.id('b')?);
                kernel.steps.push(Step::Fft(Fft { kind, n, input, output }));
            }
            "overlap_add" => {
                p.word("hop")?;
                let hop = p.count()?;
                p.word("lo")?;
                let lo = p.signed()?;
                let weights = if p.peek_name().as_deref() == Some("weights") {
                    p.at += 1;
                    Some(p.count()?)
                } else {
                    None
                };
                let input = BufferId(p.id('b')?);
                p.punct("->")?;
                let output = BufferId(p.id('b')?);
                kernel.steps.push(Step::OverlapAdd(OverlapAdd { input, output, hop, lo, weights }));
            }
            "widen" => {
                p.word("before")?;
                let before = p.signed()?;
                p.word("edge")?;
                let edge = p.name()?;
                let edge = Edge::ALL
                    .into_iter()
                    .find(|e| crate::graph::text::edge(*e) == edge)
                    .ok_or_else(|| p.wrong_before("there is no such edge"))?;
                let input = BufferId(p.id('b')?);
                p.punct("->")?;
                let output = BufferId(p.id('b')?);
                kernel.steps.push(Step::Widen(Widen { input, output, before, edge }));
            }
            "correlate" => {
                p.word("lo")?;
                let (lo, x, t) = (p.signed()?, BufferId(p.id('b')?), BufferId(p.id('b')?));
                p.punct("->")?;
                let output = BufferId(p.id('b')?);
                kernel.steps.push(Step::Correlate(Correlate { x, t, output, lo }));
            }
            "emit" => {
                let level = BufferId(p.id('b')?);
                let mut field = |name| p.word(name).and_then(|()| p.count());
                let (on, off, table) = (field("on")?, field("off")?, field("table")?);
                kernel.steps.push(Step::Emit(Emit { level, on, off, table }));
            }
            "reduce" => {
                let reduce = p.reduce()?;
                kernel.reduces.push(reduce);
            }
            _ => {
                p.at -= 1;
                return Err(p.wrong(
                    "buffer, carry, params, loop, fft, overlap_add, widen, correlate, emit or reduce",
                ));
            }
        }
    }
    if p.at < p.tokens.len() {
        return Err(p.wrong("the end"));
    }
    Ok(kernel)
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    Number(String),
    Text(String),
    Punct(&'static str),
}

const PUNCT: [&str; 16] = ["->", "=", "[", "]", "(", ")", "{", "}", ",", ";", ":", "@", "+", "-", "*", "?"];

/// Tokens with their lines.
fn tokens(text: &str) -> Result<Vec<(Token, usize)>> {
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

struct Parser {
    tokens: Vec<(Token, usize)>,
    at: usize,
}

/// Values of the loop being read by the numbers the text gives them.
#[derive(Default)]
struct Names {
    known: HashMap<u32, Val>,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn wrong(&self, expected: &str) -> Diag {
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
    fn wrong_before(&self, what: &str) -> Diag {
        let line = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |(_, line)| *line);
        Diag::usage(format!("kernel text, line {line}: {what}"))
    }

    fn peek_name(&self) -> Option<String> {
        match self.peek() {
            Some(Token::Name(name)) => Some(name.clone()),
            _ => None,
        }
    }

    fn name(&mut self) -> Result<String> {
        let name = self.peek_name().ok_or_else(|| self.wrong("a word"))?;
        self.at += 1;
        Ok(name)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Name(name)) if name == word);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str) -> Result<()> {
        if self.take_word(word) { Ok(()) } else { Err(self.wrong(&format!("'{word}'"))) }
    }

    fn take_punct(&mut self, punct: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Punct(p)) if *p == punct);
        self.at += usize::from(found);
        found
    }

    fn punct(&mut self, punct: &str) -> Result<()> {
        if self.take_punct(punct) { Ok(()) } else { Err(self.wrong(&format!("'{punct}'"))) }
    }

    fn string(&mut self) -> Result<String> {
        match self.peek() {
            Some(Token::Text(text)) => {
                let text = text.clone();
                self.at += 1;
                Ok(text)
            }
            _ => Err(self.wrong("a name in quotes")),
        }
    }

    fn dtype(&mut self) -> Result<DType> {
        let dtype = self.peek_name().and_then(|n| DType::parse(&n)).ok_or_else(|| self.wrong("a type"))?;
        self.at += 1;
        Ok(dtype)
    }

    fn integer(&mut self) -> Result<u64> {
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

    fn count(&mut self) -> Result<u32> {
        let value = self.integer()?;
        u32::try_from(value).map_err(|_| {
            self.at -= 1;
            self.wrong("a number below 2^32")
        })
    }

    fn signed(&mut self) -> Result<i32> {
        let negative = self.take_punct("-");
        let value = i64::from(self.count()?);
        i32::try_from(if negative { -value } else { value }).map_err(|_| {
            self.at -= 1;
            self.wrong("a number between -2^31 and 2^31")
        })
    }

    fn is_float(&self) -> bool {
        match self.peek() {
            Some(Token::Number(_)) => true,
            Some(Token::Name(name)) => matches!(name.as_str(), "NaN" | "inf"),
            Some(Token::Punct(p)) => *p == "-",
            _ => false,
        }
    }

    fn float(&mut self) -> Result<f64> {
        let negative = self.take_punct("-");
        let value = match self.peek() {
            Some(Token::Number(n) | Token::Name(n)) => n.parse::<f64>().ok(),
            _ => None,
        };
        let value = value.ok_or_else(|| self.wrong("a number"))?;
        self.at += 1;
        Ok(if negative { -value } else { value })
    }

    fn floats(&mut self) -> Result<Vec<f64>> {
        let mut out = Vec::new();
        while self.is_float() {
            out.push(self.float()?);
        }
        Ok(out)
    }

    /// `b3`, `c0`, `v12`.
    fn is_id(&self, letter: char) -> Option<u32> {
        let name = self.peek_name()?;
        name.strip_prefix(letter)?.parse().ok()
    }

    fn id(&mut self, letter: char) -> Result<u32> {
        let id = self.is_id(letter).ok_or_else(|| self.wrong(&format!("{letter} and a number")))?;
        self.at += 1;
        Ok(id)
    }

    fn numbered(&mut self, letter: char, number: usize) -> Result<()> {
        match self.is_id(letter) {
            Some(id) if id as usize == number => {
                self.at += 1;
                Ok(())
            }
            _ => Err(self.wrong(&format!("{letter}{number}"))),
        }
    }

    fn shape(&mut self) -> Result<(u32, u32, Lanes)> {
        let inner = if self.take_word("inner") { self.count()? } else { 1 };
        let planes = if self.take_word("planes") { self.count()? } else { 1 };
        let lanes = if self.take_word("lanes") { Lanes::Fixed(self.count()?) } else { Lanes::Block };
        Ok((inner, planes, lanes))
    }

    fn reduce(&mut self) -> Result<Reduce> {
        let mut reduce = Reduce {
            carries: Vec::new(),
            identity: Vec::new(),
            merge: Loop::default(),
            left: Vec::new(),
            right: Vec::new(),
            finish: Loop::default(),
            outputs: Vec::new(),
        };
        self.word("carries")?;
        while self.is_id('c').is_some() {
            reduce.carries.push(CarryId(self.id('c')?));
        }
        self.word("identity")?;
        reduce.identity = self.floats()?;
        for (name, list) in
            [("left", &mut reduce.left), ("right", &mut reduce.right), ("outputs", &mut reduce.outputs)]
        {
            self.word(name)?;
            while self.is_id('b').is_some() {
                list.push(BufferId(self.id('b')?));
            }
        }
        self.punct("{")?;
        self.word("merge")?;
        reduce.merge = self.a_loop()?;
        self.word("finish")?;
        reduce.finish = self.a_loop()?;
        self.punct("}")?;
        Ok(reduce)
    }

    fn a_loop(&mut self) -> Result<Loop> {
        let domain = match self.name()?.as_str() {
            "rows" => Domain::Rows(BufferId(self.id('b')?)),
            "over" => Domain::Over(BufferId(self.id('b')?)),
            "once" => Domain::Once,
            _ => {
                self.at -= 1;
                return Err(self.wrong("rows, over or once"));
            }
        };
        let (inner, _, lanes) = self.shape()?;
        let lanes = match lanes {
            Lanes::Block => None,
            Lanes::Fixed(n) => Some(n),
        };
        let mut body = Loop { inner, lanes, domain, ..Loop::default() };
        self.punct("{")?;
        body.body = self.list(&mut body, &mut Names::default())?;
        Ok(body)
    }

    /// Statements to the closing brace.
    fn list(&mut self, body: &mut Loop, names: &mut Names) -> Result<Vec<Val>> {
        let mut out = Vec::new();
        while !self.take_punct("}") {
            out.push(self.statement(body, names)?);
        }
        Ok(out)
    }

    fn value(&mut self, names: &Names) -> Result<Val> {
        let known = self.is_id('v').and_then(|id| names.known.get(&id).copied());
        let known = known.ok_or_else(|| self.wrong("a value defined before"))?;
        self.at += 1;
        Ok(known)
    }

    fn define(&mut self, names: &mut Names, label: u32, val: Val) -> Result<()> {
        match names.known.insert(label, val) {
            None => Ok(()),
            Some(_) => Err(self.wrong_before(&format!("v{label} is defined twice"))),
        }
    }

    fn statement(&mut self, body: &mut Loop, names: &mut Names) -> Result<Val> {
        if self.take_word("store") {
            let buffer = BufferId(self.id('b')?);
            let (row, inner, plane) = self.element()?;
            if row != Affine::ROW {
                return Err(self.wrong_before("a store is at row i"));
            }
            let value = self.value(names)?;
            return Ok(body.push(Instr::Store { buffer, inner, plane, value }));
        }
        if self.take_word("set") {
            let carry = CarryId(self.id('c')?);
            let value = self.value(names)?;
            return Ok(body.push(Instr::SetCarry { carry, value }));
        }
        let label = self.id('v')?;
        self.punct("=")?;
        let op = self.name()?;
        let instr = match op.as_str() {
            "load" => {
                let buffer = BufferId(self.id('b')?);
                let (row, inner, plane) = self.element()?;
                let lane = if self.take_punct("@") { self.lane()? } else { LaneAt::Shift(0) };
                Instr::Load { buffer, row, inner, plane, lane }
            }
            "param" => Instr::Param { slot: self.count()?, dtype: self.typed()? },
            "table" => {
                let slot = self.count()?;
                self.punct("[")?;
                let index = self.affine()?;
                self.punct("]")?;
                Instr::Table { slot, index, dtype: self.typed()? }
            }
            "bits" => Instr::Bits { bits: self.integer()?, dtype: self.typed()? },
            "position" => {
                let name = self.name()?;
                let place = [Place::Row, Place::Inner, Place::Tap, Place::Lane]
                    .into_iter()
                    .find(|p| print::place(*p) == name)
                    .ok_or_else(|| self.wrong_before("a position is row, inner, tap or lane"))?;
                Instr::Position(place)
            }
            "carry" => Instr::Carry(CarryId(self.id('c')?)),
            "fma" => Instr::Fma { a: self.value(names)?, b: self.value(names)?, c: self.value(names)? },
            "select" => {
                Instr::Select { mask: self.value(names)?, a: self.value(names)?, b: self.value(names)? }
            }
            "cast" => Instr::Cast { to: self.dtype()?, a: self.value(names)? },
            "bitcast" => Instr::Bitcast { to: self.dtype()?, a: self.value(names)? },
            "result" => Instr::FoldResult { fold: self.value(names)?, index: self.count()? },
            "fold" => self.fold(body, names)?,
            other => {
                if let Some(op) = Unary::ALL.into_iter().find(|o| o.name() == other) {
                    Instr::Unary { op, a: self.value(names)? }
                } else if let Some(op) = Binary::ALL.into_iter().find(|o| o.name() == other) {
                    Instr::Binary { op, a: self.value(names)?, b: self.value(names)? }
                } else {
                    self.at -= 1;
                    return Err(self.wrong("an instruction"));
                }
            }
        };
        let val = body.push(instr);
        self.define(names, label, val)?;
        Ok(val)
    }

    fn fold(&mut self, body: &mut Loop, names: &mut Names) -> Result<Instr> {
        let taps = self.count()?;
        let (mut init, mut args) = (Vec::new(), Vec::new());
        let mut labels = Vec::new();
        self.punct("(")?;
        while !self.take_punct(")") {
            if !args.is_empty() {
                self.punct(",")?;
            }
            labels.push(self.id('v')?);
            let dtype = self.typed()?;
            self.punct("=")?;
            init.push(self.value(names)?);
            args.push(body.push(Instr::FoldArg { dtype }));
        }
        for (label, arg) in labels.into_iter().zip(&args) {
            self.define(names, label, *arg)?;
        }
        self.punct("{")?;
        let inside = self.list(body, names)?;
        self.word("next")?;
        let mut next = Vec::new();
        for _ in &args {
            next.push(self.value(names)?);
        }
        Ok(Instr::Fold { taps, init, args, body: inside, next })
    }

    fn typed(&mut self) -> Result<DType> {
        self.punct(":")?;
        self.dtype()
    }

    fn lane(&mut self) -> Result<LaneAt> {
        if self.take_punct("=") {
            return Ok(LaneAt::Splat(self.count()?));
        }
        let negative = self.take_punct("-");
        if !negative {
            self.punct("+")?;
        }
        let by = i64::from(self.count()?);
        let by = i32::try_from(if negative { -by } else { by })
            .map_err(|_| self.wrong_before("a shift is below 2^31"))?;
        Ok(LaneAt::Shift(by))
    }

    /// `[row, inner; plane]`.
    fn element(&mut self) -> Result<(Affine, Affine, u32)> {
        self.punct("[")?;
        let row = self.affine()?;
        let inner = if self.take_punct(",") { self.affine()? } else { Affine::ZERO };
        let plane = if self.take_punct(";") { self.count()? } else { 0 };
        self.punct("]")?;
        Ok((row, inner, plane))
    }

    /// `2*i + f - 3*k + 1`.
    fn affine(&mut self) -> Result<Affine> {
        let mut out = Affine::ZERO;
        let mut negative = self.take_punct("-");
        loop {
            let mut factor = 1;
            let mut number = false;
            if matches!(self.peek(), Some(Token::Number(_))) {
                factor = i64::try_from(self.integer()?)
                    .map_err(|_| self.wrong_before("a factor is below 2^63"))?;
                number = true;
            }
            let factor = if negative { -factor } else { factor };
            let slot = if !number || self.take_punct("*") {
                match self.name()?.as_str() {
                    "i" => &mut out.row,
                    "f" => &mut out.inner,
                    "k" => &mut out.tap,
                    _ => {
                        self.at -= 1;
                        return Err(self.wrong("i, f, k or a number"));
                    }
                }
            } else {
                &mut out.add
            };
            *slot =
                slot.checked_add(factor).ok_or_else(|| Diag::usage("kernel text: an index is too large"))?;
            negative = self.take_punct("-");
            if !negative && !self.take_punct("+") {
                return Ok(out);
            }
        }
    }
}
