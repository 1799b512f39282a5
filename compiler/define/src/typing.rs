//! Units, truth values and constants of expressions. A sum's second operand is converted to the unit of the first; a bare number
//! takes the unit of what it is added to or compared with.

use std::collections::HashMap;

use dasc_ir::{Diag, Dimension, Result, Unit};

use crate::syntax::{Binary, Definition, Form, Function, TermId};

/// What is known of a term.
#[derive(Clone, Debug)]
pub struct Typed {
    /// `None` where it depends on a variable whose unit is still sought.
    pub unit: Option<Unit>,
    /// Made of bare numbers only.
    pub bare: bool,
    pub truth: bool,
    pub constant: Option<f64>,
    /// Factors by which operands are multiplied to be in one unit.
    pub factors: Vec<f64>,
}

/// What a name or call stands for.
#[derive(Clone, Debug)]
pub struct Known {
    pub unit: Option<Unit>,
    pub constant: Option<f64>,
}

/// Types of terms, which are in order; `known` tells of inputs, parameters, equations and calls.
pub fn types(
    definition: &Definition,
    ids: &[TermId],
    known: &dyn Fn(TermId) -> Result<Known>,
) -> Result<HashMap<TermId, Typed>> {
    let mut typed: HashMap<TermId, Typed> = HashMap::with_capacity(ids.len());
    for &id in ids {
        let result = one(definition, id, &typed, known);
        typed.insert(id, result.map_err(|diag| diag.at(definition.span_of(id)))?);
    }
    Ok(typed)
}

fn one(
    definition: &Definition,
    id: TermId,
    typed: &HashMap<TermId, Typed>,
    known: &dyn Fn(TermId) -> Result<Known>,
) -> Result<Typed> {
    let of = |id: TermId| -> Result<&Typed> {
        typed.get(&id).ok_or_else(|| Diag::compiler("define: an operand without a type"))
    };
    let number = |id: TermId| -> Result<&Typed> {
        let t = of(id)?;
        if t.truth {
            return Err(Diag::usage("a condition is no number")
                .at(definition.span_of(id))
                .help("turn it into one: IF condition THEN 1 ELSE 0"));
        }
        Ok(t)
    };
    let condition = |id: TermId| -> Result<&Typed> {
        let t = of(id)?;
        if !t.truth {
            return Err(Diag::usage("a condition is expected here, not a number")
                .at(definition.span_of(id))
                .help("compare it: x > 0"));
        }
        Ok(t)
    };
    let Some(term) = definition.terms.get(id) else { return Err(Diag::compiler("define: a missing term")) };
    let plain = |unit: Option<Unit>, constant: Option<f64>| Typed {
        unit: unit.map(simplified),
        bare: false,
        truth: false,
        constant,
        factors: Vec::new(),
    };
    Ok(match &term.form {
        Form::Number(value, None) => Typed { bare: true, ..plain(Some(Unit::none()), Some(*value)) },
        Form::Number(value, Some(unit)) => plain(Some(unit.clone()), Some(*value)),
        Form::Input(..) | Form::Param(_) | Form::Equation(..) | Form::Period | Form::Call(..) => {
            let known = known(id)?;
            plain(known.unit, known.constant)
        }
        Form::Name(..) | Form::Word(_) => {
            return Err(Diag::usage("a value is expected here").help("a name of the definition, or a number"));
        }
        Form::Negate(a) => {
            let a = number(*a)?;
            Typed { constant: a.constant.map(|x| -x), factors: Vec::new(), ..a.clone() }
        }
        Form::Not(a) => {
            let a = condition(*a)?;
            Typed { truth: true, ..plain(None, a.constant.map(|x| f64::from(x == 0.0))) }
        }
        Form::Binary(op @ (Binary::And | Binary::Or), a, b) => {
            let (a, b) = (condition(*a)?, condition(*b)?);
            let constant = a.constant.zip(b.constant).map(|(a, b)| {
                f64::from(if *op == Binary::And { a != 0.0 && b != 0.0 } else { a != 0.0 || b != 0.0 })
            });
            Typed { truth: true, ..plain(None, constant) }
        }
        Form::Binary(op @ (Binary::Mul | Binary::Div), a, b) => {
            let (a, b) = (number(*a)?, number(*b)?);
            let unit = a.unit.as_ref().zip(b.unit.as_ref()).map(|(u, v)| match op {
                Binary::Mul => u.times(v),
                _ => u.per(v),
            });
            let constant =
                a.constant.zip(b.constant).map(|(a, b)| if *op == Binary::Mul { a * b } else { a / b });
            Typed { bare: a.bare && b.bare, ..plain(unit, constant) }
        }
        Form::Binary(Binary::Pow, a, b) => {
            let (base, exponent) = (number(*a)?, number(*b)?);
            let unit = power_unit(base, exponent)?;
            let constant = base.constant.zip(exponent.constant).map(|(a, b)| a.powf(b));
            Typed { bare: base.bare && exponent.bare, ..plain(unit, constant) }
        }
        Form::Binary(op @ (Binary::Add | Binary::Sub), a, b) => {
            let mut sum = same(definition, &[*a, *b], &[number(*a)?, number(*b)?])?;
            sum.constant = fold(&[number(*a)?, number(*b)?], &sum.factors, |a, b| {
                if *op == Binary::Add { a + b } else { a - b }
            });
            sum
        }
        Form::Binary(op, a, b) => {
            let (x, y) = (of(*a)?, of(*b)?);
            if x.truth || y.truth {
                return Err(Diag::usage("conditions are not compared").help("join them with AND, OR and NOT"));
            }
            let both = same(definition, &[*a, *b], &[x, y])?;
            let constant = fold(&[x, y], &both.factors, |a, b| {
                f64::from(match op {
                    Binary::Lt => a < b,
                    Binary::Le => a <= b,
                    Binary::Gt => a > b,
                    Binary::Ge => a >= b,
                    Binary::Eq => a == b,
                    _ => a != b,
                })
            });
            Typed { truth: true, unit: None, bare: false, constant, factors: both.factors }
        }
        Form::If(c, a, b) => {
            let c = condition(*c)?;
            let mut choice = same(definition, &[*a, *b], &[number(*a)?, number(*b)?])?;
            choice.constant = match (c.constant, number(*a)?.constant, number(*b)?.constant) {
                (Some(c), Some(a), Some(b)) => {
                    let scaled = |at: usize, x: f64| x * choice.factors.get(at).copied().unwrap_or(1.0);
                    Some(if c != 0.0 { scaled(0, a) } else { scaled(1, b) })
                }
                _ => None,
            };
            choice
        }
        Form::Function(function, args) => {
            let values: Vec<&Typed> = args.iter().map(|arg| number(*arg)).collect::<Result<_>>()?;
            applied(definition, *function, args, &values)?
        }
    })
}

fn applied(definition: &Definition, function: Function, args: &[TermId], values: &[&Typed]) -> Result<Typed> {
    let Some((&arg, &x)) = args.first().zip(values.first()) else {
        return Err(Diag::compiler("define: a function without a value"));
    };
    let with = |unit: Option<Unit>, factor: f64, f: fn(f64) -> f64| Typed {
        unit,
        bare: x.bare,
        truth: false,
        constant: x.constant.map(|x| f(x * factor)),
        factors: vec![factor],
    };
    Ok(match function {
        Function::Abs => with(x.unit.clone(), 1.0, f64::abs),
        Function::Floor => with(x.unit.clone(), 1.0, f64::floor),
        Function::Ceil => with(x.unit.clone(), 1.0, f64::ceil),
        Function::Sqrt => with(x.unit.as_ref().map(root).transpose()?.map(simplified), 1.0, f64::sqrt),
        Function::Min => folded(definition, args, values, f64::min)?,
        Function::Max => folded(definition, args, values, f64::max)?,
        Function::Exp | Function::Log | Function::Log10 | Function::Sin | Function::Cos => {
            let angle = matches!(function, Function::Sin | Function::Cos);
            let factor = match &x.unit {
                Some(unit) => pure(unit, angle).ok_or_else(|| {
                    let what =
                        if angle { "an angle or a number without unit" } else { "a number without unit" };
                    let diag =
                        Diag::usage(format!("{} takes {what}, but this is in {unit}", function.name()));
                    diag.at(definition.span_of(arg))
                        .help("divide by a quantity of the same kind first, such as x / 1nstrain")
                })?,
                None => 1.0,
            };
            let f = match function {
                Function::Exp => f64::exp,
                Function::Log => f64::ln,
                Function::Log10 => f64::log10,
                Function::Sin => f64::sin,
                _ => f64::cos,
            };
            // What has no unit yet must turn out to have none; it is checked once it is known.
            with(Some(Unit::none()), factor, f)
        }
    })
}

fn folded(
    definition: &Definition,
    args: &[TermId],
    values: &[&Typed],
    f: fn(f64, f64) -> f64,
) -> Result<Typed> {
    let mut all = same(definition, args, values)?;
    all.constant = fold(values, &all.factors, f);
    Ok(all)
}

/// Operands that must be in one unit: the first that is not a bare number sets it.
fn same(definition: &Definition, ids: &[TermId], operands: &[&Typed]) -> Result<Typed> {
    let leader = ids.iter().zip(operands).find(|(_, t)| !t.bare && t.unit.is_some());
    let unknown = operands.iter().any(|t| t.unit.is_none());
    let Some((&lead, first)) = leader else {
        let bare = operands.iter().all(|t| t.bare);
        let unit = if unknown { None } else { Some(Unit::none()) };
        return Ok(Typed { unit, bare, truth: false, constant: None, factors: vec![1.0; ids.len()] });
    };
    let unit = first.unit.clone().unwrap_or_else(Unit::none);
    let mut factors = Vec::with_capacity(ids.len());
    for (&id, operand) in ids.iter().zip(operands) {
        factors.push(match &operand.unit {
            Some(other) if !operand.bare => factor(other, &unit).ok_or_else(|| {
                Diag::usage(format!("units clash: {} and {}", shown(&unit), shown(other)))
                    .at(definition.span_of(id))
                    .label(format!("in {}", shown(other)))
                    .related(definition.span_of(lead), format!("in {}", shown(&unit)))
                    .help("what is added, compared or chosen between must be of one kind")
            })?,
            _ => 1.0,
        });
    }
    Ok(Typed { unit: Some(unit), bare: false, truth: false, constant: None, factors })
}

/// Folds constants, each times its factor.
fn fold(operands: &[&Typed], factors: &[f64], f: impl Fn(f64, f64) -> f64) -> Option<f64> {
    let mut values = operands.iter().zip(factors).map(|(t, factor)| Some(t.constant? * factor));
    let first = values.next()??;
    values.try_fold(first, |all, value| Some(f(all, value?)))
}

fn power_unit(base: &Typed, exponent: &Typed) -> Result<Option<Unit>> {
    let clash = |what: String| Err(Diag::usage(what).help("such as (x / 1nstrain) ^ y"));
    if exponent.unit.as_ref().is_some_and(|unit| pure(unit, false) != Some(1.0)) {
        return clash("an exponent has no unit".into());
    }
    let Some(unit) = &base.unit else { return Ok(None) };
    match exponent.constant {
        _ if pure(unit, false) == Some(1.0) => Ok(Some(Unit::none())),
        Some(power) if power.fract() == 0.0 && power.abs() <= 16.0 => {
            let mut result = Unit::none();
            if power == 2.0 {
                return Ok(Some(unit.squared()));
            }
            for _ in 0..power.abs() as u32 {
                result = result.times(unit);
            }
            Ok(Some(if power < 0.0 { Unit::none().per(&result) } else { result }))
        }
        Some(0.5) => Ok(Some(root(unit)?)),
        _ => clash(format!("only a whole exponent up to 16, or 0.5, can be applied to a value in {unit}")),
    }
}

/// The square root of a unit, where it is one.
fn root(unit: &Unit) -> Result<Unit> {
    let half = unit.sqrt();
    if half.squared().dimension == unit.dimension {
        return Ok(half);
    }
    Err(Diag::usage(format!("the square root of {unit} is no unit"))
        .help("square roots are taken of squares, or of numbers without unit"))
}

/// The factor to a number without unit, or `None` for what has one. An angle counts as a number where `angle` says so.
pub fn pure(unit: &Unit, angle: bool) -> Option<f64> {
    let radian = Unit::parse("rad").filter(|rad| angle && rad.dimension == unit.dimension);
    let fits = unit.dimension == Dimension::NONE || radian.is_some();
    (fits && unit.scale.is_finite()).then_some(unit.scale)
}

/// The factor from one unit to another; 1 where they differ only in how they are written.
pub fn factor(from: &Unit, to: &Unit) -> Option<f64> {
    let factor = from.convert(1.0, to)?;
    Some(if (factor - 1.0).abs() < 1e-12 { 1.0 } else { factor })
}

/// A quotient of equal units is none.
pub fn simplified(unit: Unit) -> Unit {
    let number = unit.dimension == Dimension::NONE && (unit.scale - 1.0).abs() < 1e-12;
    if number { Unit::none() } else { unit }
}

fn shown(unit: &Unit) -> String {
    if unit.symbol().is_empty() { "no unit".into() } else { unit.to_string() }
}
