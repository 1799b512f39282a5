//! Looks up the names of a definition: inputs, parameters, equations, what it calls.

use dasc_ir::spelling::nearest;
use dasc_ir::{Diag, Result};

use crate::parse::RESERVED;
use crate::syntax::{Definition, Form, Function, Place, TermId};

/// What a definition may call.
pub trait Callees {
    fn knows(&self, name: &str) -> bool;
    fn names(&self) -> Vec<String>;

    /// Whether it is defined only further down.
    fn below(&self, _name: &str) -> bool {
        false
    }
}

/// Replaces every name by what it means. `callees` are the operators and the definitions before this one.
pub fn resolve(definition: &mut Definition, callees: &dyn Callees) -> Result<()> {
    for equation in &definition.equations {
        if equation.value == TermId::MAX {
            let text = format!("`{0}` has initial values but no equation", equation.name);
            return Err(Diag::usage(text).at(equation.span).help(format!("write {}[t] = …", equation.name)));
        }
    }
    let mut words = vec![false; definition.terms.len()];
    for term in &definition.terms {
        if let Form::Call(_, args) = &term.form {
            for arg in args.iter().skip(1) {
                if let Some(word) = words.get_mut(arg.value) {
                    *word = true;
                }
            }
        }
    }
    for id in 0..definition.terms.len() {
        let Some(term) = definition.terms.get(id) else { break };
        let form = match &term.form {
            Form::Name(name, place) => {
                let word = words.get(id).copied().unwrap_or(false);
                named(definition, name, place, word).map_err(|diag| diag.at(term.span))?
            }
            Form::Call(name, _) => {
                called(definition, name, callees).map_err(|diag| diag.at(term.span))?;
                continue;
            }
            Form::Word(_) if !words.get(id).copied().unwrap_or(false) => {
                return Err(Diag::usage("a text stands only among the parameters of an operator")
                    .at(term.span)
                    .help("for example DETREND(x, TYPE=linear)"));
            }
            Form::Number(..)
            | Form::Input(..)
            | Form::Param(_)
            | Form::Equation(..)
            | Form::Period
            | Form::Word(_)
            | Form::Negate(_)
            | Form::Not(_)
            | Form::Binary(..)
            | Form::If(..)
            | Form::Function(..) => continue,
        };
        if let Some(term) = definition.terms.get_mut(id) {
            term.form = form;
        }
    }
    Ok(())
}

fn named(definition: &Definition, name: &str, place: &Place, word: bool) -> Result<Form> {
    if let Some(i) = definition.inputs.iter().position(|input| input.text == name) {
        return Ok(Form::Input(i, place.clone()));
    }
    if let Some(i) = definition.equations.iter().position(|equation| equation.name == name) {
        return Ok(Form::Equation(i, place.clone()));
    }
    if let Some(i) = definition.params.iter().position(|param| param.name == name) {
        if *place != Place::Here {
            return Err(Diag::usage(format!(
                "`{name}` is a constant and has no places in time or along channels"
            ))
            .help(format!("write {name} without brackets")));
        }
        return Ok(Form::Param(i));
    }
    match name {
        "dt" if *place == Place::Here => return Ok(Form::Period),
        "t" | "c" | "dt" => {
            return Err(Diag::usage(format!("`{name}` is no value here"))
                .help("t and c stand only within brackets: x[t-1], x[c+1]; dt is the sample period"));
        }
        _ => {}
    }
    if word && *place == Place::Here {
        return Ok(Form::Word(name.to_string()));
    }
    let known = (definition.inputs.iter().map(|input| input.text.as_str()))
        .chain(definition.params.iter().map(|param| param.name.as_str()))
        .chain(definition.equations.iter().map(|equation| equation.name.as_str()));
    let shown: String = name.chars().take(40).collect();
    let diag = Diag::usage(format!("there is no `{shown}` in {}", definition.name));
    Err(match nearest(name, known.clone().chain(RESERVED.iter().skip(2).copied())) {
        Some(near) => diag.help(format!("did you mean {near}?")),
        None => {
            let names: Vec<&str> = known.take(12).collect();
            diag.help(format!("it has {}; give others an equation after WHERE", names.join(", ")))
        }
    })
}

fn called(definition: &Definition, name: &str, callees: &dyn Callees) -> Result<()> {
    if name.eq_ignore_ascii_case(&definition.name) {
        return Err(Diag::usage(format!("{} calls itself", definition.name))
            .help("a recurrence refers to its earlier samples: y[t] = … y[t-1] …"));
    }
    if callees.knows(name) {
        return Ok(());
    }
    let shown: String = name.chars().take(40).collect();
    let diag = Diag::usage(format!("there is no function, operator or definition {shown}"));
    if callees.below(name) {
        return Err(diag.help(format!("{shown} is defined below; move its definition up")));
    }
    if let Some(function) = Function::named(&name.to_lowercase()) {
        return Err(diag.help(format!("functions are written in small letters: {}", function.name())));
    }
    let functions = Function::ALL.iter().map(|(name, _)| name.to_string());
    Err(match nearest(name, functions.chain(callees.names())) {
        Some(near) => diag.help(format!("did you mean {near}?")),
        None => diag.help("definitions must stand before they are used; `dasc ops` lists the operators"),
    })
}
