//! Tokens to statements, by recursive descent. A mistake ends its step only: reading goes on at the next one.

mod condition;
mod definition;
mod recovery;
mod value;

use dasc_ir::{Diag, Result, Span};

pub use definition::is_name;

use crate::report::Report;
use crate::source::Sources;
use crate::syntax::{ArgNode, Spelled, Statement, StepNode, Value};
use crate::token::{Lexeme, Token, tokens};

/// Lists and calls may be nested so deep, and so may loops: real scripts need two or three.
const MAX_DEPTH: usize = 16;

/// Words that begin a statement of the language itself.
pub const KEYWORDS: [&str; 7] = ["LET", "PARAM", "FOR", "END", "FROM", "DEF", "IMPORT"];

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
                        report.add(Diag::usage(text).at(self.span_of(head)).help("end some with END before"));
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
                        None => report.add(
                            Diag::usage("END without a FOR").at(self.span_of(head)).help("drop the END"),
                        ),
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
                    report.add(
                        Diag::usage("no step stands before this `|`")
                            .at(self.span_of(lexeme))
                            .help("begin with a step, for example READ fiber.dat |"),
                    );
                }
                Token::Pipe => {
                    if let Some(earlier) = pipe.replace(lexeme) {
                        report.add(
                            Diag::usage("a step is missing between two `|`")
                                .at(self.span_of(lexeme))
                                .related(self.span_of(earlier), "the first")
                                .help("drop one of the two"),
                        );
                    }
                }
                _ => return,
            }
            self.at += 1;
        }
        if let Some(pipe) = pipe {
            report.add(
                Diag::usage("no step follows this `|`")
                    .at(self.span_of(pipe))
                    .help("drop it, or add a step such as PLOT_TS"),
            );
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
                let mut span = join(self.span_of(head), name.span);
                let mut names = vec![name];
                while self.peek().is_some_and(|l| l.token == Token::Comma) {
                    self.at += 1;
                    let name = self.flow_name("FROM")?;
                    span = join(span, name.span);
                    names.push(name);
                }
                if self.peek().is_some_and(|l| l.token != Token::Pipe && l.token != Token::Newline) {
                    let given: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
                    return Err(Diag::usage("FROM takes names of flows with commas between them")
                        .at(self.here())
                        .help(format!("put `|` before the step: FROM {} | …", given.join(", "))));
                }
                Ok(Statement::From { names, span })
            }
            "DEF" => Ok(self.definition(head)),
            "IMPORT" => self.import(),
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
        if condition::begins(&keyword.text)
            && let Some(condition) = self.condition()
        {
            span = join(span, condition.span);
            args.push(ArgNode { key: None, value: condition });
        }
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
                let name = key.text.to_uppercase();
                Err(Diag::usage(format!("{name}= needs a value"))
                    .at(key.span)
                    .help(format!("the value stands right after the sign: {name}=…")))
            }
            Some(_) => Ok(ArgNode { value: self.value(0)?, key: Some(key) }),
        }
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

fn join(first: Span, last: Span) -> Span {
    Span { end: last.end.max(first.end), ..first }
}
