//! Parses the text form.

use super::expression::parse_body;
use super::print;
use super::unit::unit;
use crate::graph::prim::{
    Edge, Emission, Init, Prim, Reduction, Role, Scope, Slant, StateVar, TransformKind, View, WindowBody,
};
use crate::graph::{
    ChannelAxis, Graph, InnerAxis, InnerRole, Labels, Node, NodeId, Quantile, Rows, Signal, TimeAxis, Type,
};
use crate::{DType, Diag, Rational, Result, Span, Unit};

/// Reads a graph, which is not verified. `#` begins a comment. Errors name line and column.
pub fn parse(text: &str) -> Result<Graph> {
    let mut at = Cursor { text, pos: 0 };
    let mut graph = Graph::default();
    while at.accept("%") {
        let id: usize = at.integer()?;
        if id != graph.nodes.len() {
            return Err(at.error(&format!("node %{id} should be %{}", graph.nodes.len())));
        }
        at.expect("=")?;
        graph.nodes.push(node(&mut at)?);
    }
    if !at.accept_word("out") {
        return Err(at.error("expected a node or out"));
    }
    graph.outputs = at.ids()?;
    if at.peek().is_some() {
        return Err(at.error("expected nothing after the outputs"));
    }
    Ok(graph)
}

fn node(at: &mut Cursor<'_>) -> Result<Node> {
    let name = at.word()?;
    let along = if at.accept(".") { Some(at.role()?) } else { None };
    let inputs = at.ids()?;
    let prim = prim(at, name, along)?;
    at.expect(":")?;
    let ty = if at.accept_word("table") { Type::Table } else { Type::Signal(signal(at)?) };
    let mut node = Node { prim, inputs, ty, operator: String::new(), span: None };
    if at.accept("@") {
        node.operator = at.string()?;
        if at.peek().is_some_and(|c| c.is_ascii_digit()) {
            let source = at.integer()?;
            at.expect(":")?;
            let (start, end) = at.range()?;
            node.span = Some(Span { source, start, end });
        }
    }
    Ok(node)
}

fn prim(at: &mut Cursor<'_>, name: &str, along: Option<Role>) -> Result<Prim> {
    Ok(match (name, along) {
        ("source", None) => Prim::Source,
        ("constant", None) => Prim::Constant(at.list(Cursor::float)?.into()),
        ("join", None) => Prim::View(View::Join),
        ("map", None) => Prim::Map(parse_body(at)?),
        ("scan", None) => {
            at.expect("(")?;
            let mut state = Vec::new();
            while !at.accept(")") {
                if !state.is_empty() {
                    at.expect(",")?;
                }
                let dtype = at.dtype()?;
                at.expect("=")?;
                let init = if at.peek() == Some('{') {
                    Init::First(parse_body(at)?)
                } else {
                    Init::Value(at.float()?)
                };
                state.push(StateVar { dtype, init });
            }
            Prim::Scan { state, step: parse_body(at)? }
        }
        ("window", Some(along)) => {
            let lo = at.integer()?;
            at.expect("..=")?;
            let hi = at.integer()?;
            let hop = at.labelled("hop")?;
            let edge = edge(at)?;
            let body = if at.accept_word("dot") {
                WindowBody::Dot(at.list(Cursor::float)?)
            } else if at.accept_word("bank") {
                WindowBody::Bank(at.list(|at| at.list(Cursor::float))?)
            } else if at.accept_word("slant") {
                let squared = at.accept_word("squares");
                let reach = at.labelled("reach")?;
                at.expect_word("weights")?;
                let weights = at.list(Cursor::float)?;
                let shifts = at.list(|at| at.list(Cursor::float))?;
                WindowBody::Slant(Slant { reach, shifts, weights, squared })
            } else if at.accept_word("stencil") {
                WindowBody::Stencil(parse_body(at)?)
            } else if at.accept_word("rank") {
                WindowBody::Rank(at.integer()?)
            } else {
                WindowBody::Fold(reduction(at)?)
            };
            Prim::Window { along, lo, hi, hop, edge, body }
        }
        ("reduce", Some(along)) => {
            let how = reduction(at)?;
            let scope = at.one_of([Scope::Segment, Scope::Record], print::scope)?;
            Prim::Reduce { along, how, scope }
        }
        ("slice", Some(along)) => {
            let (start, stop) = at.range()?;
            Prim::View(View::Slice { along, start, stop, step: at.labelled("step")? })
        }
        ("frame", None) => {
            let (n, hop, lo) = (at.integer()?, at.labelled("hop")?, at.labelled("lo")?);
            let edge = edge(at)?;
            let padded = !at.accept_word("whole") && edge == Edge::Zero;
            Prim::View(View::Frame { n, hop, lo, edge, padded })
        }
        ("overlap_add", None) => {
            let (hop, lo) = (at.labelled("hop")?, at.labelled("lo")?);
            let weights = if at.accept_word("weights") { at.list(Cursor::float)? } else { Vec::new() };
            Prim::View(View::OverlapAdd { hop, lo, weights })
        }
        ("widen", None) => {
            let (before, after) = (at.labelled("before")?, at.labelled("after")?);
            Prim::View(View::Widen { before, after, edge: edge(at)? })
        }
        ("extend", None) => {
            let (before, after) = (at.labelled("before")?, at.labelled("after")?);
            Prim::View(View::Extend { before, after, edge: edge(at)? })
        }
        ("reverse", None) => Prim::View(View::Reverse),
        ("fft", Some(along)) => {
            let kinds = [TransformKind::Forward, TransformKind::Inverse, TransformKind::Analytic];
            let kind = at.one_of(kinds, print::transform)?;
            Prim::Transform { kind, along, n: at.integer()? }
        }
        ("correlate", None) => {
            let lo = at.labelled("lags")?;
            at.expect("..=")?;
            Prim::Correlate { lo, hi: at.integer()? }
        }
        ("gather", None) => Prim::Gather { channels: at.list(Cursor::integer)? },
        ("emit", None) => {
            let detector = at.string()?;
            at.expect_word("on")?;
            let on = at.float()?;
            at.expect_word("off")?;
            let off = at.float()?;
            at.expect_word("merge")?;
            let merge_seconds = at.float()?;
            at.expect("s")?;
            Prim::Emit(Emission { on, off, merge_seconds, merge_channels: at.integer()?, detector })
        }
        ("call", None) => Prim::Call(super::call::parse(at)?),
        _ => return Err(at.error(&format!("there is no primitive {name} of this form"))),
    })
}

fn edge(at: &mut Cursor<'_>) -> Result<Edge> {
    at.expect_word("edge")?;
    at.one_of(Edge::ALL, print::edge)
}

fn reduction(at: &mut Cursor<'_>) -> Result<Reduction> {
    let all = [
        Reduction::Sum,
        Reduction::Min,
        Reduction::Max,
        Reduction::Mean,
        Reduction::Std,
        Reduction::Quantile(Quantile::MEDIAN),
    ];
    match at.one_of(all, print::reduction)? {
        Reduction::Quantile(_) => {
            let fraction = at.float()?;
            let quantile = Quantile::new(fraction);
            Ok(Reduction::Quantile(quantile.ok_or_else(|| at.error("a quantile lies within 0 and 1"))?))
        }
        how => Ok(how),
    }
}

fn signal(at: &mut Cursor<'_>) -> Result<Signal> {
    let mut signal =
        Signal { dtype: at.dtype()?, unit: Unit::none(), time: None, inner: None, channel: None };
    at.expect("[")?;
    while !at.accept("]") {
        if at.accept_word("time") {
            signal.time = Some(time_axis(at)?);
        } else if at.accept_word("ch") {
            signal.channel = Some(channel_axis(at)?);
        } else {
            signal.inner = Some(inner_axis(at)?);
        }
        at.accept(",");
    }
    if at.peek() == Some('"') {
        signal.unit = unit(&at.string()?);
    }
    Ok(signal)
}

fn time_axis(at: &mut Cursor<'_>) -> Result<TimeAxis> {
    let sampling = at.rational()?;
    let period = if at.accept("Hz") {
        sampling.recip().ok_or_else(|| at.error("a rate of 0 Hz has no period"))?
    } else {
        at.expect("s")?;
        sampling
    };
    let mut origin = Rational::ZERO;
    if at.accept_word("from") {
        origin = at.rational()?;
        at.expect("s")?;
    }
    let mut ranges = Vec::new();
    while at.starts_number() {
        let start = at.integer()?;
        at.expect("..")?;
        if !at.starts_number() {
            return Ok(TimeAxis { period, origin, rows: Rows::From(start) });
        }
        ranges.push((start, at.integer()?));
    }
    Ok(TimeAxis { period, origin, rows: Rows::Segments(ranges) })
}

fn inner_axis(at: &mut Cursor<'_>) -> Result<InnerAxis> {
    let roles = [
        InnerRole::Frequency,
        InnerRole::Frame,
        InnerRole::Lag,
        InnerRole::Velocity,
        InnerRole::Slowness,
        InnerRole::Scale,
        InnerRole::Band,
        InnerRole::Label,
    ];
    let role = at.one_of(roles, print::inner_role)?;
    let len = at.integer()?;
    at.expect_word("from")?;
    let start = at.float()?;
    at.expect_word("step")?;
    let mut axis =
        InnerAxis { role, len, start, step: at.float()?, unit: unit(&at.string()?), positions: None };
    if at.accept_word("positions") {
        axis.positions = Some(at.list(Cursor::float)?.into());
    }
    Ok(axis)
}

fn channel_axis(at: &mut Cursor<'_>) -> Result<ChannelAxis> {
    let mut axis = channels(at)?;
    if at.accept_word("wavenumbers") {
        let block = at.integer()?;
        at.expect_word("of")?;
        at.expect_word("ch")?;
        axis.labels = Labels::Wavenumbers { block, of: std::sync::Arc::new(channels(at)?) };
    }
    Ok(axis)
}

fn channels(at: &mut Cursor<'_>) -> Result<ChannelAxis> {
    let len = at.integer()?;
    let mut axis = ChannelAxis::regular(len, 0.0);
    if at.accept_word("first") {
        axis.first = at.integer()?;
        axis.stride = at.labelled("stride")?;
    }
    if at.accept_word("at") {
        axis.distance = at.float()?;
        at.expect("m")?;
    }
    at.expect_word("step")?;
    axis.spacing = at.float()?;
    at.expect("m")?;
    if at.accept_word("positions") {
        axis.positions = Some(at.list(Cursor::float)?.into());
    }
    if at.accept_word("numbers") {
        axis.labels = Labels::Numbers(at.list(Cursor::integer)?.into());
    }
    Ok(axis)
}

/// A place in the text. Every method skips blanks and comments first.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    pos: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&mut self) -> &'a str {
        loop {
            let rest = self.text.get(self.pos..).unwrap_or("");
            let start = rest.trim_start();
            self.pos += rest.len() - start.len();
            if !start.starts_with('#') {
                return start;
            }
            self.pos += start.find('\n').unwrap_or(start.len());
        }
    }

    pub fn peek(&mut self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn error(&self, what: &str) -> Diag {
        let before = self.text.get(..self.pos).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        Diag::usage(format!("the text of the graph, line {line}, column {column}: {what}"))
    }

    pub fn accept(&mut self, symbol: &str) -> bool {
        let found = self.rest().starts_with(symbol);
        self.pos += if found { symbol.len() } else { 0 };
        found
    }

    pub fn expect(&mut self, symbol: &str) -> Result<()> {
        if self.accept(symbol) { Ok(()) } else { Err(self.error(&format!("expected {symbol}"))) }
    }

    fn peek_word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    }

    pub fn word(&mut self) -> Result<&'a str> {
        let word = self.peek_word();
        self.pos += word.len();
        if word.is_empty() { Err(self.error("expected a name")) } else { Ok(word) }
    }

    pub fn accept_word(&mut self, word: &str) -> bool {
        let found = self.peek_word() == word;
        self.pos += if found { word.len() } else { 0 };
        found
    }

    pub fn expect_word(&mut self, word: &str) -> Result<()> {
        if self.accept_word(word) { Ok(()) } else { Err(self.error(&format!("expected {word}"))) }
    }

    pub fn one_of<T: Copy, const N: usize>(
        &mut self,
        all: [T; N],
        name: impl Fn(T) -> &'static str,
    ) -> Result<T> {
        let found = all.into_iter().find(|value| self.accept_word(name(*value)));
        let names = all.map(&name).join(", ");
        found.ok_or_else(|| self.error(&format!("expected one of {names}")))
    }

    pub fn role(&mut self) -> Result<Role> {
        self.one_of([Role::Time, Role::Inner, Role::Channel], print::role)
    }

    pub fn dtype(&mut self) -> Result<DType> {
        let word = self.word()?;
        DType::parse(word).ok_or_else(|| self.error(&format!("{word} is no element type")))
    }

    pub fn starts_number(&mut self) -> bool {
        let rest = self.rest();
        let unsigned = rest.strip_prefix('-').unwrap_or(rest);
        unsigned.starts_with(|c: char| c.is_ascii_digit())
            || unsigned.starts_with("inf")
            || unsigned.starts_with("NaN")
    }

    pub fn integer<T: std::str::FromStr>(&mut self) -> Result<T> {
        let rest = self.rest();
        let sign = usize::from(rest.starts_with('-'));
        let digits = rest[sign..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - sign);
        let text = &rest[..sign + digits];
        let value = text.parse().map_err(|_| self.error("expected a whole number that fits"))?;
        self.pos += text.len();
        Ok(value)
    }

    /// `1.5`, `-1e-9`, `inf`, `NaN`; two dots are no part of it.
    pub fn float(&mut self) -> Result<f64> {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let byte = |i: usize| bytes.get(i).copied().unwrap_or(b' ');
        let mut end = usize::from(byte(0) == b'-');
        if let Some(special) = ["inf", "NaN"].into_iter().find(|s| rest[end..].starts_with(s)) {
            end += special.len();
        } else {
            let part = |i: usize| {
                byte(i).is_ascii_digit()
                    || (byte(i) == b'.' && byte(i + 1) != b'.')
                    || (byte(i) == b'e' && (byte(i + 1).is_ascii_digit() || byte(i + 1) == b'-'))
                    || (byte(i) == b'-' && i > 0 && byte(i - 1) == b'e')
            };
            while part(end) {
                end += 1;
            }
        }
        let value = rest[..end].parse().map_err(|_| self.error("expected a number"))?;
        self.pos += end;
        Ok(value)
    }

    fn rational(&mut self) -> Result<Rational> {
        let num: i64 = self.integer()?;
        let den: i64 = if self.accept("/") { self.integer()? } else { 1 };
        Rational::new(num.into(), den.into()).ok_or_else(|| self.error("expected a fraction"))
    }

    pub fn labelled<T: std::str::FromStr>(&mut self, label: &str) -> Result<T> {
        self.expect_word(label)?;
        self.integer()
    }

    fn range<T: std::str::FromStr>(&mut self) -> Result<(T, T)> {
        let start = self.integer()?;
        self.expect("..")?;
        Ok((start, self.integer()?))
    }

    fn ids(&mut self) -> Result<Vec<NodeId>> {
        let mut ids = Vec::new();
        while self.peek() == Some('%') {
            self.expect("%")?;
            ids.push(NodeId(self.integer()?));
            if !self.accept(",") {
                break;
            }
        }
        Ok(ids)
    }

    pub fn list<T>(&mut self, item: impl Fn(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.expect("[")?;
        let mut items = Vec::new();
        while !self.accept("]") {
            if !items.is_empty() {
                self.expect(",")?;
            }
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// A string as Rust's `Debug` writes it.
    pub fn string(&mut self) -> Result<String> {
        self.expect("\"")?;
        let rest = self.text.get(self.pos..).unwrap_or("");
        let (mut value, mut chars) = (String::new(), rest.char_indices());
        while let Some((i, c)) = chars.next() {
            match c {
                '"' => {
                    self.pos += i + 1;
                    return Ok(value);
                }
                '\\' => match chars.next().map(|(_, c)| c) {
                    Some('n') => value.push('\n'),
                    Some('t') => value.push('\t'),
                    Some('r') => value.push('\r'),
                    Some('0') => value.push('\0'),
                    Some('u') => {
                        let digits: String =
                            chars.by_ref().map(|(_, c)| c).skip(1).take_while(|c| *c != '}').collect();
                        let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                        value.push(code.ok_or_else(|| self.error("expected a character's number"))?);
                    }
                    Some(c) => value.push(c),
                    None => break,
                },
                c => value.push(c),
            }
        }
        Err(self.error("a text is not closed"))
    }
}
