//! Text in columns: widths follow the content, colours do not count.

use crate::terminal::Ink;

/// How a column's cells are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Right,
    Keyword,
    Dim,
}

/// Lines of cells under their headings; trailing blanks are left out.
pub fn table(headings: &[(&str, Style)], rows: &[Vec<String>], ink: Ink) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| shown(cell));
        cells.chain(headings.get(column).map(|(name, _)| shown(name))).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let mut text = String::new();
    let head: Vec<String> = headings.iter().map(|(name, _)| name.to_string()).collect();
    if head.iter().any(|name| !name.is_empty()) {
        text += &line(&head, headings, &widths, |cell, _| ink.dim(cell));
    }
    for row in rows {
        text += &line(row, headings, &widths, |cell, style| match style {
            Style::Keyword => ink.keyword(cell),
            Style::Dim => ink.dim(cell),
            Style::Plain | Style::Right => cell.to_string(),
        });
    }
    text
}

fn line(
    cells: &[String],
    headings: &[(&str, Style)],
    widths: &[usize],
    paint: impl Fn(&str, Style) -> String,
) -> String {
    let mut text = String::new();
    for ((cell, (_, style)), width) in cells.iter().zip(headings).zip(widths) {
        let blank = " ".repeat(width.saturating_sub(shown(cell)));
        let painted = paint(cell, *style);
        text += &if *style == Style::Right {
            format!("  {blank}{painted}")
        } else {
            format!("  {painted}{blank}")
        };
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// Columns a text takes on a terminal; letters beyond ASCII that dasc writes are one wide.
fn shown(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [vec!["a".to_string(), "1".into()], vec!["long".into(), "1000".into()]];
        let text = table(&[("name", Style::Plain), ("n", Style::Right)], &rows, Ink { on: false });
        assert_eq!(text, "  name     n\n  a        1\n  long  1000\n");
    }
}
