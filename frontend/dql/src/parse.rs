//! Tokens to statements, by recursive descent. A mistake ends its step only: reading goes on at the next one.

use dasc_ir::{Diag, Result, Span};

use crate::report::Report;
use crate::source::Sources;
use crate::syntax::{ArgNode, Form, Spelled, Statement, StepNode, Value};
use crate::token::{Lexeme, Token, tokens};

/// Lists and calls may be nested so deep, and so may loops: real scripts need two or three.
const MAX_DEPTH: usize = 16;

/// Words that begin a statement of the language itself.
pub const KEYWORDS: [&str; 6] = ["LET", "PARAM", "FOR", "END", "FROM", "DEF"];

/// Words that cannot be names.
const RESERVED: [&str; 11] =
    ["LET", "PARAM", "FOR", "IN", "END", "FROM", "AS", "DEF", "TRUE", "FALSE", "NONE"];

/// Reads a whole script.
pub fn script(sources: &Sources, source: u32, report: &mut Report) -> Vec<Statement> {
    let mut parser = Parser::new(sources, source);
    parser.statements(report)
}

/// Reads a text that is one value, such as what `--set` gives.
pub fn value(sources: &Sources, source: u32, from: u32) -> Result<Value> {
    let mut parser = Parser::new(sources, source);
    parser.at = parser.lexemes.iter().take_while(|l| l.start < from).count();
    let value = parser.value(0)?;
    match parser.peek() {
        None => Ok(value),
        Some(extra) => Err(Diag::usage("one value is expected here")
            .at(parser.span_of(extra))
            .help("put quotes around a text with spaces")),
    }
}

struct Parser<'a> {
    text: &'a str,
    source: u32,
    lexemes: Vec<Lexeme>,
    at: usize,
}

/// A loop whose `END` has not been seen.
struct OpenLoop {
    name: Spelled,
    over: Option<Value>,
    span: Span,
    /// The statements before it, to be gone on with after its end.
    before: Vec<Statement>,
}

impl<'a> Parser<'a> {
    fn new(sources: &'a Sources, source: u32) -> Parser<'a> {
        let text = sources.text(source);
        Parser { text, source, lexemes: tokens(text), at: 0 }
    }

    fn statements(&mut self, report: &mut Report) -> Vec<Statement> {
        let (mut block, mut loops) = (Vec::new(), Vec::<OpenLoop>::new());
        loop {
            self.separators(report);
            let Some(head) = self.peek() else { break };
            if report.full() {
                return block;
            }
            let begin = self.at;
            match self.word_here().map(str::to_uppercase).as_deref() {
                Some("FOR") => {
                    let (name, over) = self.for_head().unwrap_or_else(|diag| {
                        report.add(diag);
                        self.skip_step();
                        (Spelled { text: String::new(), span: self.span_of(head) }, None)
                    });
                    if loops.len() == MAX_DEPTH {
                        let text = format!("loops are nested more than {MAX_DEPTH} deep");
                        report.add(Diag::usage(text).at(self.span_of(head)));
                        return block;
                    }
                    let before = std::mem::take(&mut block);
                    loops.push(OpenLoop { name, over, span: self.span_of(head), before });
                }
                Some("END") => {
                    self.at += 1;
                    if let Err(diag) = self.step_end("END") {
                        report.add(diag);
                        self.skip_step();
                    }
                    match loops.pop() {
                        Some(open) => {
                            let body = std::mem::replace(&mut block, open.before);
                            block.push(Statement::For { name: open.name, over: open.over, body });
                        }
                        None => report.add(Diag::usage("END without a FOR").at(self.span_of(head))),
                    }
                }
                _ => match self.statement() {
                    Ok(statement) => block.push(statement),
                    Err(diag) => {
                        report.add(diag);
                        self.recover(begin);
                        block.extend(self.remains(begin));
                    }
                },
            }
        }
        // The bodies of unclosed loops are read as well, for the mistakes in them.
        for open in loops.into_iter().rev() {
            report.add(Diag::usage("FOR has no END").at(open.span).help("close the loop with a line END"));
            let body = std::mem::replace(&mut block, open.before);
            block.push(Statement::For { name: open.name, over: open.over, body });
        }
        block
    }

    /// Passes over line ends and `|`, and complains where a `|` has no step on one side.
    fn separators(&mut self, report: &mut Report) {
        let first = self.at == 0;
        let mut pipe: Option<Lexeme> = None;
        while let Some(lexeme) = self.lexemes.get(self.at).copied() {
            match lexeme.token {
                Token::Newline => {}
                Token::Pipe if first => {
                    report.add(Diag::usage("no step stands before this `|`").at(self.span_of(lexeme)));
                }
                Token::Pipe => {
                    if let Some(earlier) = pipe.replace(lexeme) {
                        report.add(
                            Diag::usage("a step is missing between two `|`")
                                .at(self.span_of(lexeme))
                                .related(self.span_of(earlier), "the first"),
                        );
                    }
                }
                _ => return,
            }
            self.at += 1;
        }
        if let Some(pipe) = pipe {
            report.add(Diag::usage("no step follows this `|`").at(self.span_of(pipe)));
        }
    }

    fn statement(&mut self) -> Result<Statement> {
        let Some(head) = self.peek() else { return Err(Diag::usage("a step is missing")) };
        let Some(word) = self.word_here() else {
            return Err(self
                .unexpected(head, "a step")
                .help("a step begins with its keyword, for example READ fiber.dat"));
        };
        match word.to_uppercase().as_str() {
            "LET" => self.binding(),
            "PARAM" => self.param(),
            "FROM" => {
                self.at += 1;
                let name = self.flow_name("FROM")?;
                let span = join(self.span_of(head), name.span);
                if self.peek().is_some_and(|l| l.token != Token::Pipe && l.token != Token::Newline) {
                    return Err(Diag::usage("FROM takes one name")
                        .at(self.here())
                        .help(format!("put `|` before the step: FROM {} | …", name.text)));
                }
                Ok(Statement::From { name, span })
            }
            "DEF" => Err(Diag::usage("DEF definitions are not available in this version")
                .at(self.span_of(head))
                .help("write the steps out, or repeat them with FOR … END")),
            _ => self.step(),
        }
    }

    fn step(&mut self) -> Result<Statement> {
        let keyword = self.spelled();
        if self.peek().is_some_and(|l| l.token == Token::Equals) {
            return Err(Diag::usage(format!("a step cannot begin with {} =", keyword.text))
                .at(keyword.span)
                .help("to name a value write LET low = 10Hz"));
        }
        let (mut args, mut name, mut span) = (Vec::new(), None, keyword.span);
        while let Some(lexeme) = self.peek() {
            if self.is_word("AS") && !self.equals_follows() {
                self.at += 1;
                let given = self.flow_name("AS")?;
                span = join(span, given.span);
                name = Some(given);
                self.step_end("the name of the flow")?;
                break;
            }
            match lexeme.token {
                Token::Newline | Token::Pipe => break,
                Token::Comma => {
                    return Err(Diag::usage("arguments are separated by spaces, not commas")
                        .at(self.span_of(lexeme))
                        .help("a list stands in brackets: [1, 2]"));
                }
                _ => {
                    let arg = self.argument()?;
                    span = join(span, arg.value.span);
                    args.push(arg);
                }
            }
        }
        Ok(Statement::Step(StepNode { keyword, args, name, span, broken: false }))
    }

    fn argument(&mut self) -> Result<ArgNode> {
        if !self.equals_follows() {
            return Ok(ArgNode { key: None, value: self.value(0)? });
        }
        let key = self.spelled();
        if !is_name(&key.text) {
            return Err(Diag::usage(format!("`{}` cannot be the name of a parameter", key.text))
                .at(key.span)
                .help("put quotes around a path that contains `=`"));
        }
        self.at += 1;
        match self.peek().map(|l| l.token) {
            None | Some(Token::Newline | Token::Pipe) => {
                Err(Diag::usage(format!("{}= needs a value", key.text.to_uppercase())).at(key.span))
            }
            Some(_) => Ok(ArgNode { value: self.value(0)?, key: Some(key) }),
        }
    }

    fn binding(&mut self) -> Result<Statement> {
        self.at += 1;
        let name = self.value_name("LET", "LET low = 10Hz")?;
        self.equals("LET low = 10Hz")?;
        let value = self.value(0)?;
        self.step_end("the value of LET")?;
        Ok(Statement::Let { name, value: Some(value) })
    }

    /// `PARAM day: date = 2024-05-01 "help"`, with spaces around the colon or not.
    fn param(&mut self) -> Result<Statement> {
        const FORM: &str = "PARAM day: date = 2024-05-01 \"the day to read\"";
        self.at += 1;
        let form = |diag: Diag| diag.help(format!("the form is {FORM}"));
        let Some(lexeme) = self.peek().filter(|l| l.token == Token::Word) else {
            return Err(form(Diag::usage("PARAM needs a name").at(self.here())));
        };
        let written = self.spelled();
        let (head, mut rest) = match written.text.split_once(':') {
            Some((head, rest)) => (head.to_string(), Some(rest.to_string())),
            None => (written.text.clone(), None),
        };
        let name_end = lexeme.start + head.len() as u32;
        let name = Spelled { span: Span { end: name_end, ..written.span }, text: head };
        self.allowed_name(&name)?;
        let mut type_start = name_end + 1;
        if rest.is_none() {
            let next =
                self.word_here().filter(|word| word.starts_with(':')).map(|word| word[1..].to_string());
            let Some(after) = next else {
                return Err(form(Diag::usage(format!("PARAM {} needs a type", name.text)).at(name.span)));
            };
            type_start = self.here().start + 1;
            self.at += 1;
            rest = Some(after);
        }
        let ty = match rest.filter(|rest| !rest.is_empty()) {
            Some(text) => {
                let end = type_start + text.len() as u32;
                Spelled { text, span: Span { source: self.source, start: type_start, end } }
            }
            None if self.word_here().is_some() => self.spelled(),
            None => {
                return Err(form(Diag::usage(format!("PARAM {} needs a type", name.text)).at(name.span)));
            }
        };
        let mut default = None;
        if self.peek().is_some_and(|l| l.token == Token::Equals) {
            self.at += 1;
            default = Some(self.value(0)?);
        }
        let mut help = None;
        if let Some(lexeme) = self.peek().filter(|l| l.token == Token::Text) {
            help = Some(unquoted(self.slice(lexeme)));
            self.at += 1;
        }
        self.step_end("PARAM").map_err(form)?;
        Ok(Statement::Param { name, ty, default, help })
    }

    fn for_head(&mut self) -> Result<(Spelled, Option<Value>)> {
        const FORM: &str = "FOR band IN [1..10Hz, 10..100Hz]";
        self.at += 1;
        let name = self.value_name("FOR", FORM)?;
        if !self.is_word("IN") {
            let diag = Diag::usage("FOR needs IN after its name").at(self.here());
            return Err(diag.help(format!("for example {FORM}")));
        }
        self.at += 1;
        let over = self.value(0)?;
        self.step_end("the list of FOR")?;
        Ok((name, Some(over)))
    }

    fn value(&mut self, depth: usize) -> Result<Value> {
        let Some(lexeme) = self.peek() else {
            return Err(Diag::usage("a value is missing").at(self.end()));
        };
        let span = self.span_of(lexeme);
        let value = match lexeme.token {
            Token::OpenList => {
                let (items, span) = self.items(depth)?;
                Value { form: Form::List(items), span }
            }
            Token::Word | Token::Url => {
                let word = self.spelled();
                match self.peek().filter(|l| l.token == Token::OpenCall && l.start == lexeme.end) {
                    None => Value { form: Form::Word(word.text), span },
                    Some(_) => {
                        let (items, brackets) = self.items(depth)?;
                        Value { form: Form::Call(word.text, items), span: join(span, brackets) }
                    }
                }
            }
            Token::Text => {
                self.at += 1;
                Value { form: Form::Text(unquoted(self.slice(lexeme))), span }
            }
            _ => return Err(self.unexpected(lexeme, "a value")),
        };
        match self.peek() {
            Some(next) if next.start == value.span.end && self.sticks(next) => {
                Err(Diag::usage("a space is missing here, or quotes around the whole")
                    .at(join(value.span, self.span_of(next)))
                    .help("a text with spaces or quotes in it is quoted as one: 'a b.h5', \"it's\""))
            }
            _ => Ok(value),
        }
    }

    fn sticks(&self, next: Lexeme) -> bool {
        matches!(
            next.token,
            Token::Word | Token::Url | Token::Text | Token::OpenText | Token::OpenList | Token::OpenCall
        )
    }

    /// The values between a bracket and its partner, separated by commas; lines may end anywhere between them.
    fn items(&mut self, depth: usize) -> Result<(Vec<Value>, Span)> {
        let Some(open) = self.peek() else { return Err(Diag::usage("a list is missing").at(self.end())) };
        let (close, bracket) = match open.token {
            Token::OpenList => (Token::CloseList, "]"),
            _ => (Token::CloseCall, ")"),
        };
        if depth == MAX_DEPTH {
            return Err(
                Diag::usage(format!("brackets are nested more than {MAX_DEPTH} deep")).at(self.span_of(open))
            );
        }
        self.at += 1;
        let mut items = Vec::new();
        loop {
            let before = self.at;
            self.newlines();
            let on_new_line = self.at > before && self.word_here().is_some_and(is_name);
            match self.peek() {
                Some(lexeme) if lexeme.token == close => {
                    self.at += 1;
                    return Ok((items, join(self.span_of(open), self.span_of(lexeme))));
                }
                None => return Err(self.unclosed(open, bracket)),
                Some(_) => items.push(self.value(depth + 1)?),
            }
            let line_end = self.at;
            self.newlines();
            match self.peek() {
                Some(lexeme) if lexeme.token == Token::Comma => self.at += 1,
                Some(lexeme) if lexeme.token == close => {}
                // `[1,` and a step on the next line: the step is read as one.
                Some(lexeme) if on_new_line && self.at == line_end && lexeme.token != Token::Pipe => {
                    self.at = before;
                    return Err(self.unclosed(open, bracket));
                }
                Some(lexeme) if self.at == line_end && lexeme.token != Token::Pipe => {
                    return Err(self
                        .unexpected(lexeme, "`,` or a closing bracket")
                        .related(self.span_of(open), "the bracket opened here"));
                }
                _ => {
                    self.at = line_end;
                    return Err(self.unclosed(open, bracket));
                }
            }
        }
    }

    fn unclosed(&self, open: Lexeme, bracket: &str) -> Diag {
        Diag::usage(format!("{} is not closed", open.token.describe()))
            .at(self.span_of(open))
            .help(format!("add `{bracket}` after the last value"))
    }

    /// The name of a flow: it may hold `{b}`, digits and dashes.
    fn flow_name(&mut self, after: &str) -> Result<Spelled> {
        let Some(lexeme) = self.peek().filter(|l| l.token == Token::Word) else {
            return Err(Diag::usage(format!("{after} needs the name of a flow"))
                .at(self.here())
                .help(format!("for example {after} filtered")));
        };
        let name = self.spelled();
        let plain = |c: char| c.is_alphanumeric() || "_-.{}".contains(c);
        if !name.text.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '{')
            || !name.text.chars().all(plain)
        {
            return Err(Diag::usage(format!("`{}` cannot be the name of a flow", name.text))
                .at(self.span_of(lexeme))
                .help("a name begins with a letter and goes on with letters, digits, `_`, `-` and `.`"));
        }
        if RESERVED.contains(&name.text.to_uppercase().as_str()) {
            return Err(Diag::usage(format!("{} is a word of the language, not a name", name.text))
                .at(self.span_of(lexeme)));
        }
        Ok(name)
    }

    fn value_name(&mut self, after: &str, example: &str) -> Result<Spelled> {
        if self.word_here().is_none() {
            let diag = Diag::usage(format!("{after} needs a name")).at(self.here());
            return Err(diag.help(format!("for example {example}")));
        }
        let name = self.spelled();
        self.allowed_name(&name)?;
        Ok(name)
    }

    fn allowed_name(&self, name: &Spelled) -> Result<()> {
        if RESERVED.contains(&name.text.to_uppercase().as_str()) {
            return Err(
                Diag::usage(format!("{} is a word of the language, not a name", name.text)).at(name.span)
            );
        }
        if is_name(&name.text) {
            return Ok(());
        }
        Err(Diag::usage(format!("`{}` cannot be a name", name.text))
            .at(name.span)
            .help("a name begins with a letter and goes on with letters, digits and `_`"))
    }

    fn equals(&mut self, example: &str) -> Result<()> {
        if self.peek().is_some_and(|l| l.token == Token::Equals) {
            self.at += 1;
            return Ok(());
        }
        Err(Diag::usage("`=` is missing").at(self.here()).help(format!("for example {example}")))
    }

    fn step_end(&mut self, after: &str) -> Result<()> {
        match self.peek() {
            None => Ok(()),
            Some(lexeme) if matches!(lexeme.token, Token::Newline | Token::Pipe) => Ok(()),
            Some(lexeme) => Err(Diag::usage(format!("nothing may follow {after}"))
                .at(self.span_of(lexeme))
                .help("begin the next step on a new line or after `|`")),
        }
    }

    fn unexpected(&self, lexeme: Lexeme, wanted: &str) -> Diag {
        let span = self.span_of(lexeme);
        match lexeme.token {
            Token::OpenText => Diag::usage("this quote is not closed on its line")
                .at(span)
                .help("a quote within a text is written twice: 'it''s'"),
            Token::OpenCall => Diag::usage(format!("{wanted} is expected here, not `(`"))
                .at(span)
                .help("the bracket of a call stands right after its name: noise(10s)"),
            other => Diag::usage(format!("{wanted} is expected here, not {}", other.describe())).at(span),
        }
    }

    /// After a mistake: to the end of the step, past the brackets that are open and will be closed.
    fn recover(&mut self, begin: usize) {
        let read = self.lexemes.iter().take(self.at).skip(begin);
        let mut depth: i32 = read.map(|lexeme| nesting(lexeme.token)).sum();
        let mut at = self.at;
        while depth > 0 {
            match self.lexemes.get(at) {
                Some(lexeme) => depth += nesting(lexeme.token),
                None => break,
            }
            at += 1;
        }
        if depth <= 0 {
            self.at = at;
        }
        self.skip_step();
    }

    fn skip_step(&mut self) {
        while self.peek().is_some_and(|l| !matches!(l.token, Token::Newline | Token::Pipe)) {
            self.at += 1;
        }
    }

    /// What a mistaken statement leaves behind so that others can still refer to it: its name.
    fn remains(&self, begin: usize) -> Option<Statement> {
        let lexemes = self.lexemes.get(begin..self.at)?;
        let word = |lexeme: &Lexeme| {
            (lexeme.token == Token::Word)
                .then(|| Spelled { text: self.slice(*lexeme).to_string(), span: lexeme.span(self.source) })
        };
        let keyword = lexemes.first().and_then(word)?;
        match keyword.text.to_uppercase().as_str() {
            "LET" | "PARAM" => {
                let mut name = lexemes.get(1).and_then(word)?;
                name.text.truncate(name.text.find(':').unwrap_or(name.text.len()));
                name.span.end = name.span.start + name.text.len() as u32;
                is_name(&name.text).then_some(Statement::Let { name, value: None })
            }
            _ if lexemes.get(1).is_some_and(|lexeme| lexeme.token == Token::Equals) => {
                Some(Statement::Let { name: keyword, value: None })
            }
            "FROM" | "DEF" => None,
            _ => {
                let named = lexemes
                    .windows(2)
                    .rev()
                    .find(|pair| pair.first().is_some_and(|l| self.slice(*l).eq_ignore_ascii_case("AS")));
                let name =
                    named.and_then(|pair| pair.last()).and_then(word).or_else(|| self.quoted_name(lexemes));
                let span = keyword.span;
                Some(Statement::Step(StepNode { keyword, args: Vec::new(), name, span, broken: true }))
            }
        }
    }

    /// The name after an AS that a quote which is not closed has swallowed.
    fn quoted_name(&self, lexemes: &[Lexeme]) -> Option<Spelled> {
        let last = lexemes.last().filter(|lexeme| lexeme.token == Token::OpenText)?;
        let mut words = self.slice(*last).split_whitespace().rev();
        let name = words.next()?.to_string();
        let span = last.span(self.source);
        words.next()?.eq_ignore_ascii_case("AS").then_some(Spelled { text: name, span })
    }

    fn newlines(&mut self) {
        while self.peek().is_some_and(|l| l.token == Token::Newline) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<Lexeme> {
        self.lexemes.get(self.at).copied()
    }

    fn equals_follows(&self) -> bool {
        self.word_here().is_some() && self.lexemes.get(self.at + 1).is_some_and(|l| l.token == Token::Equals)
    }

    fn word_here(&self) -> Option<&'a str> {
        let lexeme = self.peek()?;
        matches!(lexeme.token, Token::Word | Token::Url).then(|| self.slice(lexeme))
    }

    fn is_word(&self, word: &str) -> bool {
        self.word_here().is_some_and(|here| here.eq_ignore_ascii_case(word))
    }

    /// Takes the token here as it is written.
    fn spelled(&mut self) -> Spelled {
        let spelled = Spelled { text: self.word_here().unwrap_or("").to_string(), span: self.here() };
        self.at += 1;
        spelled
    }

    fn slice(&self, lexeme: Lexeme) -> &'a str {
        self.text.get(lexeme.start as usize..lexeme.end as usize).unwrap_or("")
    }

    fn span_of(&self, lexeme: Lexeme) -> Span {
        lexeme.span(self.source)
    }

    /// The token here, or the end of the text.
    fn here(&self) -> Span {
        self.peek().map_or(self.end(), |lexeme| self.span_of(lexeme))
    }

    fn end(&self) -> Span {
        let end = self.text.len() as u32;
        Span { source: self.source, start: end, end }
    }
}

/// A letter or `_`, then letters, digits and `_`.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn unquoted(text: &str) -> String {
    let quote = if text.starts_with('"') { "\"" } else { "'" };
    let inner = text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote)).unwrap_or(text);
    inner.replace(&quote.repeat(2), quote)
}

fn nesting(token: Token) -> i32 {
    match token {
        Token::OpenList | Token::OpenCall => 1,
        Token::CloseList | Token::CloseCall => -1,
        _ => 0,
    }
}

fn join(first: Span, last: Span) -> Span {
    Span { end: last.end.max(first.end), ..first }
}
