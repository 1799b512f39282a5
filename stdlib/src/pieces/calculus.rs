//! Units of derivatives and integrals over time and distance, in the shortest spelling; and the trapezoid rule.

use dasc_ir::graph::{Builder, Init, NodeId, Role, StateVar};
use dasc_ir::{DType, Diag, Result, Unit};

/// The integral over time by the trapezoid rule times `scale`, 0 at the first sample of each stretch; the sum is f64 and exact to its rounding.
pub fn trapezoid(b: &mut Builder, x: NodeId, scale: f64, unit: Unit) -> Result<NodeId> {
    let (dt, float) = (b.time(x)?.period.as_f64(), b.real(x)?.float());
    let state = vec![StateVar { dtype: DType::F64, init: Init::Value(0.0) }; 2];
    b.scan(x, state, unit, float, |e| {
        let (x, zero) = (e.input(0).to(DType::F64), e.constant(0.0));
        let begun = e.index(Role::Time).gt(zero);
        let sum = e.state(1) + begun.select(e.state(0) + x, zero);
        vec![x, sum, (sum * e.constant(0.5 * dt * scale)).to(float)]
    })
}

/// The unit of a derivative: `nstrain` per `s`.
pub fn per(unit: &Unit, symbol: &str) -> Result<Unit> {
    let by = known(symbol)?;
    let exact = unit.per(&by);
    let shorter = unit.symbol().strip_suffix(&format!("*{symbol}")).map(String::from);
    let squared = unit.symbol().strip_suffix(&format!("/{symbol}")).map(|rest| format!("{rest}/{symbol}^2"));
    Ok(respelt(exact, shorter.into_iter().chain(squared)))
}

/// The unit of an integral: `nstrain/s` times `s` is `nstrain`.
pub fn times(unit: &Unit, symbol: &str) -> Result<Unit> {
    let by = known(symbol)?;
    let exact = unit.times(&by);
    let shorter = unit.symbol().strip_suffix(&format!("/{symbol}")).map(String::from);
    let once = unit.symbol().strip_suffix(&format!("/{symbol}^2")).map(|rest| format!("{rest}/{symbol}"));
    Ok(respelt(exact, shorter.into_iter().chain(once)))
}

/// Every unit named here is one that parses.
pub fn known(symbol: &str) -> Result<Unit> {
    Unit::parse(symbol).ok_or_else(|| Diag::compiler(format!("the unit {symbol} does not parse")))
}

/// The first spelling that means the same.
fn respelt(exact: Unit, spellings: impl Iterator<Item = String>) -> Unit {
    let same = |unit: &Unit| {
        unit.dimension == exact.dimension && (unit.scale - exact.scale).abs() <= 1e-12 * exact.scale.abs()
    };
    spellings.filter_map(|symbol| Unit::parse(&symbol)).find(same).unwrap_or(exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_keep_their_shortest_spelling() {
        let unit = |text: &str| Unit::parse(text).unwrap();
        for (from, derivative, integral) in [
            ("nstrain/s", "nstrain/s^2", "nstrain"),
            ("m", "m/s", "m*s"),
            ("m*s", "m", "m*s*s"),
            ("m/s^2", "m/s^2/s", "m/s"),
            ("", "1/s", "s"),
        ] {
            assert_eq!(per(&unit(from), "s").unwrap().symbol(), derivative);
            assert_eq!(times(&unit(from), "s").unwrap().symbol(), integral);
        }
        assert_eq!(per(&Unit::opaque("furlong"), "s").unwrap().symbol(), "furlong/s");
    }
}
