//! What is plotted, and its unit as a reader of a paper expects it.

/// A name and a unit as `dasc_ir::Unit` writes it: `Strain rate`, `nstrain/s`. Either may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quantity {
    pub name: String,
    pub unit: String,
}

impl Quantity {
    pub fn new(name: impl Into<String>, unit: impl Into<String>) -> Quantity {
        Quantity { name: name.into(), unit: unit.into() }
    }

    /// `Strain rate` and ` (10⁻⁹ strain/s)` for values written in multiples of 10^exponent.
    pub(crate) fn label(&self, exponent: i32) -> (String, String) {
        let unit = self.unit(exponent);
        match self.name.as_str() {
            "" => (unit, String::new()),
            name if unit.is_empty() => (name.to_string(), unit),
            name => (name.to_string(), format!(" ({unit})")),
        }
    }

    /// `10⁻⁹ strain/s`; empty for plain numbers.
    pub(crate) fn unit(&self, exponent: i32) -> String {
        // Squares of plain numbers are marked as such, which matters to decibels alone.
        let unit = match self.unit.strip_prefix("1^2").unwrap_or(&self.unit) {
            "1" => String::new(),
            per if per.starts_with('/') => typeset(&format!("1{per}")),
            unit => typeset(unit),
        };
        let power =
            if exponent == 0 { String::new() } else { format!("10{}", superscript(&exponent.to_string())) };
        [power, unit].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// `(nstrain/s)^2*m` → `(nstrain/s)²·m`.
fn typeset(unit: &str) -> String {
    let mut text = String::new();
    let mut rest = unit.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '^' => {
                let mut power = String::new();
                while let Some(digit) =
                    rest.next_if(|c| c.is_ascii_digit() || (power.is_empty() && *c == '-'))
                {
                    power.push(digit);
                }
                text.push_str(if power.is_empty() { "^" } else { "" });
                text.push_str(&superscript(&power));
            }
            '*' => text.push('·'),
            c => text.push(c),
        }
    }
    text.replace("sqrt(", "√(").replace("ohm", "Ω")
}

fn superscript(number: &str) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raise = |c: char| if c == '-' { Some('⁻') } else { DIGITS.get(c.to_digit(10)? as usize).copied() };
    number.chars().filter_map(raise).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_typeset() {
        assert_eq!(typeset("(nstrain/s)^2*m^-3"), "(nstrain/s)²·m⁻³");
        assert_eq!(typeset("sqrt(Hz)^"), "√(Hz)^");
        let label = |name: &str, unit: &str, exponent| {
            let (name, unit) = Quantity::new(name, unit).label(exponent);
            name + &unit
        };
        assert_eq!(label("Strain", "strain", -9), "Strain (10⁻⁹ strain)");
        assert_eq!(label("Ratio", "1", 0), "Ratio");
        assert_eq!(label("Power", "1^2", -3), "Power (10⁻³)");
        assert_eq!(label("Power", "1^2/Hz", 0), "Power (1/Hz)");
        assert_eq!(label("", "m/s", 3), "10³ m/s");
    }
}
