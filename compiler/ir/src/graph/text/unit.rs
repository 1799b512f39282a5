//! Reads back the symbols that arithmetic on units composes, such as `(nstrain/s)^2/Hz` and `sqrt(m)`.

use crate::Unit;

/// The unit of a symbol; what is no unit is kept as written.
pub(super) fn unit(symbol: &str) -> Unit {
    if symbol.is_empty() {
        return Unit::none();
    }
    Unit::parse(symbol)
        .or_else(|| composed(symbol))
        .filter(|unit| unit.symbol() == symbol)
        .unwrap_or_else(|| Unit::opaque(symbol))
}

fn composed(symbol: &str) -> Option<Unit> {
    let (mut whole, mut from, mut depth, mut operator) = (None, 0, 0i32, '*');
    for (i, c) in symbol.char_indices().chain([(symbol.len(), '*')]) {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            '*' | '/' if depth == 0 => {
                let factor = factor(symbol.get(from..i)?)?;
                whole = Some(match (whole, operator) {
                    (None, _) => factor,
                    (Some(whole), '/') => Unit::per(&whole, &factor),
                    (Some(whole), _) => Unit::times(&whole, &factor),
                });
                (operator, from) = (c, i + 1);
            }
            _ => {}
        }
    }
    whole
}

fn factor(text: &str) -> Option<Unit> {
    let inside = |text: &str| text.strip_suffix(')').map(str::to_string);
    if let Some(root) = text.strip_prefix("sqrt(").and_then(inside) {
        return Some(unit(&root).sqrt());
    }
    let Some(group) = text.strip_prefix('(') else {
        return if text == "1" { Some(Unit::none()) } else { Unit::parse(text) };
    };
    match group.strip_suffix(")^2") {
        Some(base) => Some(unit(base).squared()),
        None => inside(group).map(|base| unit(&base)),
    }
}
